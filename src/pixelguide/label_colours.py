"""From the colours of a painted map to class ids: exactly, or within a stated distance."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.label_snap import nearest_classes, rim_notes, suggestion

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
_RGB, _BGR = np.array([16, 8, 0], np.uint32), np.array([0, 8, 16], np.uint32)
_TOO_MANY = 1 << 16
"""Unknown colours: a photograph in place of a map has so many, and no distance that would do."""
_LEVELS = (0, 42, 84, 127, 169, 212, 255)


@dataclass(frozen=True)
class Matched:
    """ids: uint8 H×W. notes: what is to be known of them, one sentence each."""

    ids: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def ids_of_colours(
    pixels: NDArray[np.uint8],
    classes: Mapping[Colour, int],
    where: str,
    snap: float = 0,
    names: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """The ids that `match_colours` finds, uint8 H×W, without its notes."""
    return match_colours(pixels, classes, where, snap, names).ids


def match_colours(
    pixels: NDArray[np.uint8],
    classes: Mapping[Colour, int],
    where: str,
    snap: float = 0,
    names: Sequence[str] = (),
) -> Matched:
    """Ids of the classes that a map's colours stand for.

    pixels: uint8 H×W×3. classes: id (0 … 255) of each known RGB colour. names: what messages call
    the classes.

    A file whose red and blue are swapped is read as what it is: when not all of its colours are
    known as RGB but all are as BGR. snap: a colour that is still unknown takes the nearest known
    one if that is at most so far away (Euclidean, 0 … 441); a note tells of pixels that so became
    rims, see `rim_notes`. Any other unknown colour is an InputError that names `where`, the colour,
    its count and its first position, and the `snap` that would do with what it would give.
    """
    table = np.full(1 << 24, -1, np.int16)
    for (r, g, b), index in classes.items():
        table[r << 16 | g << 8 | b] = index
    ids = _looked_up(table, pixels, _RGB)
    if (ids >= 0).all():
        return Matched(ids.astype(np.uint8))
    swapped = _looked_up(table, pixels, _BGR)
    known = int((swapped >= 0).sum())
    if known == ids.size:
        return Matched(swapped.astype(np.uint8))
    is_swapped = known > int((ids >= 0).sum())
    view = pixels[..., ::-1] if is_swapped else pixels
    exact = swapped if is_swapped else ids
    found, which, counts = _distinct(view[exact < 0])
    if snap <= 0 or len(found) > _TOO_MANY:
        hint = "."
        if len(found) <= _TOO_MANY:
            hint = suggestion(*nearest_classes(found, classes), counts, names)
        raise _unknown(pixels, ids < 0, " is no class", where, hint)
    nearest, distance = nearest_classes(found, classes)
    if (distance > snap).any():
        far = np.zeros(ids.shape, np.bool_)
        far[exact < 0] = (distance > snap)[which]
        what = f" is not within {snap:g} of a class"
        raise _unknown(view, far, what, where, suggestion(nearest, distance, counts, names))
    colours: dict[int, Colour] = {}
    for colour, index in classes.items():
        colours.setdefault(index, colour)
    snapped = exact.copy()
    snapped[exact < 0] = nearest[which]
    notes = rim_notes(exact, snapped, found, nearest, counts, colours, names)
    return Matched(snapped.astype(np.uint8), notes)


def _unknown(
    pixels: NDArray[np.uint8], unknown: NDArray[np.bool_], what: str, where: str, hint: str
) -> InputError:
    """The error of the first pixel where `unknown` (bool H×W) is True."""
    found, which, counts = _distinct(pixels[unknown])
    y, x = np.argwhere(unknown)[0]
    r, g, b = found[which[0]]
    return InputError(
        f"colour ({r}, {g}, {b}){what}: {counts[which[0]]} pixels, first at ({x}, {y}), and "
        f"{len(found) - 1} other unknown colours",
        where,
        f"Paint with the palette's colours and without anti-aliasing{hint}",
    )


def entry_ids(entries: Sequence[Colour], classes: Mapping[Colour, int]) -> list[int | None]:
    """Ids of the colours of a palette, None for unknown ones; red and blue as `match_colours`."""
    ids = [classes.get(entry) for entry in entries]
    if None in ids:
        swapped = [classes.get((b, g, r)) for r, g, b in entries]
        if None not in swapped:
            return swapped
    return ids


def no_label_colour(palette: Sequence[Colour]) -> Colour:
    """What pixels without a label look like: white, or if a class is white, a colour that lies as
    far from all classes as one can."""
    return WHITE if WHITE not in palette else _far_colours(palette)[0]


def file_colours(palette: Sequence[Colour]) -> NDArray[np.uint8]:
    """Colours of all 256 ids for a palette file, uint8 256×3, no two alike.

    Paint programs look up a colour's entry by its colour, so that two alike become one. Ids that
    are no class have colours far from all classes: a blend that lands on one is found out.
    """
    none = no_label_colour(palette)
    others = [colour for colour in _far_colours(palette) if colour != none]
    table = [*palette, *others[: 255 - len(palette)], none]
    return np.array(table, np.uint8)


def _far_colours(palette: Sequence[Colour]) -> list[Colour]:
    """Colours of no class, nor white: 7 levels a channel, those far from all classes first."""
    lattice = np.array(list(itertools.product(_LEVELS, repeat=3)), np.int64)
    known = np.array([*palette, WHITE], np.int64)
    squares = np.stack([((lattice - colour) ** 2).sum(1) for colour in known]).min(0)
    order = np.argsort(-squares, kind="stable")
    return [(int(r), int(g), int(b)) for r, g, b in lattice[order[squares[order] > 0]]]


def _looked_up(
    table: NDArray[np.int16], pixels: NDArray[np.uint8], shifts: NDArray[np.uint32]
) -> NDArray[np.int16]:
    """What `table` has for each colour, its channels packed by `shifts`: int16 H×W."""
    ids = np.empty(pixels.shape[:2], np.int16)
    rows = max(1, (1 << 20) // max(1, pixels.shape[1]))  # a large map in parts: less memory
    for first in range(0, len(pixels), rows):
        part = pixels[first : first + rows].astype(np.uint32)
        ids[first : first + rows] = table[np.bitwise_or.reduce(part << shifts, axis=-1)]
    return ids


def _distinct(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
    """The different colours of N×3 pixels (U×3), which of them each pixel has, and how often."""
    packed = np.bitwise_or.reduce(pixels.astype(np.uint32) << _RGB, axis=-1)
    values, which, counts = np.unique(packed, return_inverse=True, return_counts=True)
    return (values[:, None] >> _RGB).astype(np.uint8), which.reshape(-1), counts
