"""From the colours of a painted map to class ids: exactly, or within a stated distance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError

Colour = tuple[int, int, int]

_RGB, _BGR = np.array([16, 8, 0], np.uint32), np.array([0, 8, 16], np.uint32)


def ids_of_colours(
    pixels: NDArray[np.uint8], classes: Mapping[Colour, int], where: str, snap: float = 0
) -> NDArray[np.uint8]:
    """Ids of the classes that a map's colours stand for.

    pixels: uint8 H×W×3. classes: id (0 … 255) of each known RGB colour. Returns uint8 H×W.

    A file whose red and blue are swapped is read as what it is: when not all of its colours are
    known as RGB but all are as BGR. snap: a colour that is still unknown takes the nearest known
    one if that is at most so far away (Euclidean, 0 … 441). Any other unknown colour is an
    InputError that names `where`, the colour, its count and its first position.
    """
    table = np.full(1 << 24, -1, np.int16)
    for (r, g, b), index in classes.items():
        table[r << 16 | g << 8 | b] = index
    ids = _looked_up(table, pixels, _RGB)
    if (ids < 0).any():
        swapped = _looked_up(table, pixels, _BGR)
        known = int((swapped >= 0).sum())
        if known == ids.size or (snap > 0 and known > int((ids >= 0).sum())):
            ids, pixels = swapped, pixels[..., ::-1]
    if (ids < 0).any():
        _snap(ids, pixels, classes, where, snap)
    return ids.astype(np.uint8)


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


def _snap(
    ids: NDArray[np.int16],
    pixels: NDArray[np.uint8],
    classes: Mapping[Colour, int],
    where: str,
    limit: float,
) -> None:
    """Fill in the ids that are -1, or raise for those whose colour is too far from every class."""
    unknown = ids < 0
    found, which = np.unique(pixels[unknown], axis=0, return_inverse=True)
    which = which.reshape(-1)
    nearest, distance = _nearest(found, classes) if limit > 0 else (None, np.full(len(found), 999))
    too_far = distance > limit
    if nearest is None or too_far.any():
        first = int(np.flatnonzero(too_far[which])[0])
        y, x = np.argwhere(unknown)[first]
        r, g, b = found[which[first]]
        within = f" is not within {limit:g} of a class" if limit > 0 else " is no class"
        raise InputError(
            f"colour ({r}, {g}, {b}){within}: {(which == which[first]).sum()} pixels, first at "
            f"({x}, {y}), and {too_far.sum() - 1} other unknown colours",
            where,
            "Paint with the palette's colours and without anti-aliasing.",
        )
    ids[unknown] = nearest[which]


def _nearest(
    colours: NDArray[np.uint8], classes: Mapping[Colour, int]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """The id of the class nearest to each of N×3 colours, the first of equals, and how far."""
    known = np.array(list(classes), np.int64)  # K×3
    index = np.empty(len(colours), np.int64)
    distance = np.empty(len(colours))
    for start in range(0, len(colours), 1024):  # a photo given by mistake has a million colours
        part = slice(start, start + 1024)
        squares = ((colours[part, None].astype(np.int64) - known) ** 2).sum(-1)  # N×K
        index[part], distance[part] = squares.argmin(1), np.sqrt(squares.min(1))
    return np.array(list(classes.values()), np.int16)[index], distance
