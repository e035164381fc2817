"""From the colours of a painted map to class ids: exactly, or within a stated distance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
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
    if len(_distinct(pixels, ids < 0)) > _TOO_MANY:  # a photograph: the rest would take minutes
        raise _unknown(pixels, ids < 0, " is no class", where, ".")
    swapped = _looked_up(table, pixels, _BGR)
    known = int((swapped >= 0).sum())
    if known == ids.size:
        return Matched(swapped.astype(np.uint8))
    is_swapped = known > int((ids >= 0).sum())
    view = pixels[..., ::-1] if is_swapped else pixels
    exact = swapped if is_swapped else ids
    packed = _distinct(view, exact < 0)
    found, counts = _unpacked(packed), _counts(view, exact < 0, packed)
    if snap <= 0 or len(found) > _TOO_MANY:
        hint = "."
        if len(found) <= _TOO_MANY:
            hint = suggestion(*nearest_classes(found, classes), counts, names)
        raise _unknown(pixels, ids < 0, " is no class", where, hint)
    nearest, distance = nearest_classes(found, classes)
    if (distance > snap).any():
        table[packed] = np.where(distance > snap, -1, nearest)
        far = _looked_up(table, view, _RGB) < 0
        what = f" is not within {snap:g} of a class"
        raise _unknown(view, far, what, where, suggestion(nearest, distance, counts, names))
    colours: dict[int, Colour] = {}
    for colour, index in classes.items():
        colours.setdefault(index, colour)
    table[packed] = nearest
    snapped = _looked_up(table, view, _RGB)
    notes = rim_notes(exact, snapped, found, nearest, counts, colours, names)
    return Matched(snapped.astype(np.uint8), notes)


def _unknown(
    pixels: NDArray[np.uint8], unknown: NDArray[np.bool_], what: str, where: str, hint: str
) -> InputError:
    """The error of the first pixel where `unknown` (bool H×W) is True."""
    y, x = first_pixel(unknown)
    r, g, b = (int(value) for value in pixels[y, x])
    count = sum(
        int((part == (r, g, b)).all(-1).sum()) for part in (pixels[rows] for rows in _parts(pixels))
    )
    others = len(_distinct(pixels, unknown)) - 1
    more = f"more than {_TOO_MANY}" if others >= _TOO_MANY else f"{others}"
    return InputError(
        f"colour ({r}, {g}, {b}){what}: {count} pixels, first at ({x}, {y}), and "
        f"{more} other unknown colours",
        where,
        f"Paint with the palette's colours and without anti-aliasing{hint}",
    )


def first_pixel(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """(y, x) of the first True of H×W, without listing them all."""
    y, x = divmod(int(mask.argmax()), mask.shape[1])
    return y, x


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
    for rows in _parts(pixels):
        ids[rows] = table[_packed(pixels[rows], shifts)]
    return ids


def _parts(pixels: NDArray[np.uint8]) -> Iterator[slice]:
    """Rows of a large map, a megapixel at a time: less memory."""
    step = max(1, (1 << 20) // max(1, pixels.shape[1]))
    return (slice(first, first + step) for first in range(0, len(pixels), step))


def _packed(pixels: NDArray[np.uint8], shifts: NDArray[np.uint32] = _RGB) -> NDArray[np.uint32]:
    """Colours …×3 as one number each, below 2²⁴."""
    packed: NDArray[np.uint32] = np.bitwise_or.reduce(pixels.astype(np.uint32) << shifts, axis=-1)
    return packed


def _distinct(pixels: NDArray[np.uint8], wanted: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """The different colours where `wanted`, packed and in order; not all of more than `_TOO_MANY`.

    Marked in a table of all colours, for sorting as many pixels as a photograph has takes minutes.
    """
    seen = np.zeros(1 << 24, np.bool_)
    for rows in _parts(pixels):
        seen[_packed(pixels[rows][wanted[rows]])] = True
        if np.count_nonzero(seen) > _TOO_MANY:
            break
    return np.flatnonzero(seen).astype(np.uint32)


def _counts(
    pixels: NDArray[np.uint8], wanted: NDArray[np.bool_], packed: NDArray[np.uint32]
) -> NDArray[np.intp]:
    """How often each colour that `_distinct` found occurs where `wanted`."""
    places = np.zeros(1 << 24, np.int32)
    places[packed] = np.arange(len(packed))
    counts = np.zeros(len(packed), np.intp)
    for rows in _parts(pixels):
        which = places[_packed(pixels[rows][wanted[rows]])]
        counts += np.bincount(which, minlength=len(packed))
    return counts


def _unpacked(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Packed colours as uint8 N×3."""
    return (packed[:, None] >> _RGB).astype(np.uint8)
