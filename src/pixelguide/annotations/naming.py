"""From the names of classes in one data set to the names in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.interpretation import AS_IN_FILES, Interpretation
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.errors import InputError
from pixelguide.label_colours import Colour
from pixelguide.labels import IGNORE, LabelSet

IGNORED = "__ignore__"
"""Stands for `IGNORE` where only classes with names can be written (labelme's own word for it)."""

BACKGROUNDS = ("background", "_background_", "__background__")
"""labelme calls it by the second, ISAT by the third."""


@dataclass(frozen=True)
class Reading:
    """How annotations are wanted.

    labels: express the maps in these classes, by name; None for the classes they come in.
    renames: new names of classes, `IGNORED` for "no label"; the key "*" stands for every class
        that has no entry and is not in `labels`, the key `IGNORED` for the pixels without a label.
    own_labels: the classes of maps whose format does not name them; `labels` if None.
    snap: how far a colour may lie from the class it is taken for, see `ids_of_colours`.
    how: how shapes and maps are to be understood.
    """

    labels: LabelSet | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    own_labels: LabelSet | None = None
    snap: float = 0
    how: Interpretation = AS_IN_FILES


def background_id(labels: LabelSet) -> int:
    """What a pixel outside every shape is: the background class, or `IGNORE` if there is none."""
    return next((labels.id(name) for name in BACKGROUNDS if name in labels.names), IGNORE)


def new_name(name: str, renames: Mapping[str, str], wanted: LabelSet | None) -> str:
    """The name that class `name` goes by in the end; "*" is for all that have no other."""
    if name in renames or (wanted is not None and name in wanted.names):
        return renames.get(name, name)
    return renames.get("*", name)


def check_renames(renames: Mapping[str, str], known: Iterable[str]) -> None:
    """Raise InputError for a class to be renamed that is none of `known`: a typing error."""
    known = tuple(known)
    for old in renames:
        if old not in ("*", IGNORED) and old not in known:
            raise InputError(f"no class '{old}' to rename", hint=f"There are: {', '.join(known)}.")


def renamed(labels: LabelSet, renames: Mapping[str, str]) -> LabelSet:
    """`labels` under their new names. Classes that now share a name become one, in the place and
    colour of the first; those renamed to `IGNORED` go. Groups keep the members that are left."""
    check_renames(renames, labels.names)
    colours: dict[str, Colour] = {}
    for name, colour in zip(labels.names, labels.palette, strict=True):
        new = new_name(name, renames, None)
        if new != IGNORED:
            colours.setdefault(new, colour)
    groups = {}
    for group, members in labels.groups.items():
        new_members = dict.fromkeys(new_name(name, renames, None) for name in members)
        groups[group] = tuple(name for name in new_members if name != IGNORED)
    return LabelSet(tuple(colours), tuple(colours.values()), {g: m for g, m in groups.items() if m})


def id_table(
    source: LabelSet, wanted: LabelSet | None, renames: Mapping[str, str]
) -> tuple[LabelSet, NDArray[np.uint8]]:
    """`wanted` (or `source` renamed) and, uint8 256, the id there of every id in `source`, by name.

    `IGNORE` stays, unless `IGNORED` is renamed. Raises InputError that lists all classes of
    `source` without a counterpart.
    """
    check_renames(renames, source.names)
    target = renamed(source, renames) if wanted is None else wanted
    table = np.full(256, IGNORE, np.uint8)
    missing = []
    if (unlabelled := renames.get(IGNORED, IGNORED)) in target.names:
        table[IGNORE] = target.id(unlabelled)
    for index, name in enumerate(source.names):
        new = new_name(name, renames, wanted)
        if new in target.names:
            table[index] = target.id(new)
        elif new != IGNORED:
            missing.append(name if new == name else f"{name}={new}")
    if missing:
        raise InputError(
            f"classes without a counterpart: {', '.join(missing)}",
            hint=f"Map each (--map OLD=NEW; --map '*={IGNORED}' leaves the rest unlabelled).",
        )
    return target, table


def named_classes(
    names: Iterable[str], own: LabelSet | None, reading: Reading, where: str
) -> tuple[LabelSet, Callable[[str, str], int]]:
    """The classes of a format that names them on every shape, and a function (name, where) → id.

    names: those that occur. own: the label set that belongs to them, or None. Without any label set
    the classes are the names in the order given. Unknown names are an InputError when looked up.
    """
    names, renames, wanted = tuple(dict.fromkeys(names)), reading.renames, reading.labels
    check_renames(renames, names if own is None else (*own.names, *names))
    if wanted is not None:
        labels = wanted
    elif own is not None:
        labels = renamed(own, {k: v for k, v in renames.items() if k == "*" or k in own.names})
    else:
        found = dict.fromkeys(new_name(name, renames, None) for name in names)
        found.pop(IGNORED, None)
        if not found:
            raise InputError("no named classes", where, "Name a label set (--labels).")
        if len(found) > 255:
            raise InputError(
                f"{len(found)} classes", where, "There can be 255; map some to others."
            )
        labels = LabelSet(tuple(found), distinct_palette(len(found)))

    def class_id(name: str, where: str) -> int:
        new = new_name(name, renames, wanted)
        if new == IGNORED:
            return IGNORE
        if new not in labels.names:
            raise InputError(
                f"unknown class {new[:80]!r}", where, f"Known classes: {', '.join(labels.names)}."
            )
        return labels.id(new)

    return labels, class_id
