"""From the colours of a painted map to class ids: exactly, or within a stated distance."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.counted_colours import CountedColours, packed_colours
from pixelguide.errors import InputError
from pixelguide.label_snap import alone, nearest_classes, rim_notes, suggestion
from pixelguide.picture_rows import Rows, bands

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
_TOO_MANY = 1 << 16
"""Unknown colours: a photograph in place of a map has so many, and no distance that would do."""
_LEVELS = (0, 42, 84, 127, 169, 212, 255)


@dataclass(frozen=True)
class Matched:
    """ids: uint8 H×W. notes: what is to be known of them, one sentence each."""

    ids: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def ids_of_colours(
    pixels: Rows,
    classes: Mapping[Colour, int],
    where: str,
    snap: float = 0,
    names: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """The ids that `match_colours` finds, uint8 H×W, without its notes."""
    return match_colours(pixels, classes, where, snap, names).ids


def match_colours(
    pixels: Rows,
    classes: Mapping[Colour, int],
    where: str,
    snap: float = 0,
    names: Sequence[str] = (),
) -> Matched:
    """Ids of the classes that a map's colours stand for.

    pixels: uint8 H×W×3, an array or what gives its rows. classes: id (0 … 255) of each known RGB
    colour. names: what messages call the classes.

    A file whose red and blue are swapped is read as what it is: when not all of its colours are
    known as RGB but all are as BGR. snap: a colour that is still unknown takes the nearest known
    one if that is at most so far away (Euclidean, 0 … 441); a note tells of pixels that so became
    rims, see `rim_notes`. Any other unknown colour is an InputError that names `where`, the colour,
    its count and its first position, and the `snap` that would do with what it would give.
    """
    found = CountedColours.of(pixels, classes, _TOO_MANY)
    if found is None:  # a photograph: the rest would take minutes
        raise _too_many(pixels, classes, where)
    ids = _ids_of(found.colours, classes)
    if (ids >= 0).all():
        return Matched(found.looked_up(pixels, ids))
    swapped = _ids_of(found.colours[:, ::-1], classes)
    if (swapped >= 0).all():
        return Matched(found.looked_up(pixels, swapped))
    is_swapped = found.counts[swapped >= 0].sum() > found.counts[ids >= 0].sum()
    exact = swapped if is_swapped else ids
    shown = found.colours[:, ::-1] if is_swapped else found.colours
    unknown = np.flatnonzero(exact < 0)
    unknown = unknown[np.lexsort(shown[unknown].T[::-1])]  # by red, then green, then blue
    counts = found.counts[unknown]
    if snap <= 0 or len(unknown) > _TOO_MANY:
        hint = "."
        if len(unknown) <= _TOO_MANY:
            hint = suggestion(*nearest_classes(shown[unknown], classes), counts, names)
        raise _unknown(pixels, found, found.colours, ids < 0, " is no class", where, hint)
    nearest, distance = nearest_classes(shown[unknown], classes)
    far = np.zeros(len(exact), np.bool_)
    far[unknown[distance > snap]] = True
    if far.any():
        what = f" is not within {snap:g} of a class"
        hint = suggestion(nearest, distance, counts, names)
        raise _unknown(pixels, found, shown, far, what, where, hint)
    colours: dict[int, Colour] = {}
    for colour, index in classes.items():
        colours.setdefault(index, colour)
    snapped = exact.copy()
    snapped[unknown] = nearest
    present = sorted({int(index) for index in exact if index >= 0})
    notes = rim_notes(
        alone(found.numbers, pixels, exact, snapped), shown[unknown], nearest, counts,
        {index: colours[index] for index in present}, names,
    )  # fmt: skip
    return Matched(found.looked_up(pixels, snapped), notes)


def _ids_of(colours: NDArray[np.uint8], classes: Mapping[Colour, int]) -> NDArray[np.int16]:
    """Of each of N×3 colours, -1 where it is no class's."""
    return np.array([classes.get((r, g, b), -1) for r, g, b in colours.tolist()], np.int16)


def _unknown(
    pixels: Rows,
    found: CountedColours,
    shown: NDArray[np.uint8],
    unknown: NDArray[np.bool_],
    what: str,
    where: str,
    hint: str,
) -> InputError:
    """The error of the first pixel whose colour is `unknown`, bool N; shown: what they are called,
    uint8 N×3."""
    for rows in bands(pixels.shape):
        numbers = found.numbers(pixels[rows])
        if (here := unknown[numbers]).any():
            y, x = first_pixel(here)
            k = int(numbers[y, x])
            others = int(unknown.sum()) - 1
            return _error(
                shown[k], what, int(found.counts[k]), (rows.start + y, x), f"{others}", where, hint
            )
    raise AssertionError  # pragma: no cover - a colour that was counted is somewhere


def _too_many(pixels: Rows, classes: Mapping[Colour, int], where: str) -> InputError:
    """The error of a picture with more unknown colours than a map has."""
    known = packed_colours(np.array(list(classes), np.uint8).reshape(-1, 3))
    place, colour, count = None, np.zeros(3, np.uint8), 0
    for rows in bands(pixels.shape):
        part = packed_colours(pixels[rows])
        if place is None:
            unknown = ~np.isin(part, known)
            if unknown.any():
                y, x = first_pixel(unknown)
                place, colour = (rows.start + y, x), pixels[rows][y, x]
        if place is not None:
            count += int(np.count_nonzero(part == packed_colours(colour)))
    more = f"more than {_TOO_MANY}"
    return _error(colour, " is no class", count, place or (0, 0), more, where, ".")


def _error(
    colour: NDArray[np.uint8],
    what: str,
    count: int,
    place: tuple[int, int],
    others: str,
    where: str,
    hint: str,
) -> InputError:
    shown, at = tuple(colour.tolist()), place[::-1]
    return InputError(
        f"colour {shown}{what}: {count} pixels, first at {at}, and {others} other unknown colours",
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
