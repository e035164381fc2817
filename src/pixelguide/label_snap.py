"""Colours that are near a class: which one, how far, and where that makes rims of a third class."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.picture_rows import Rows, bands

_IGNORE = 255
_SHOWN = 4
"""Classes that a message lists; the rest is summed up."""
_BLEND = 3
"""How far a blend of two colours, each rounded, lies from the line between them."""
_LOOKED_AT = 2048
"""Colours, the most frequent ones, that are compared with blends."""
_RADIUS = 2
"""Pixels around a blended one: anti-aliasing is no wider."""
_ACROSS, _BAND = 2 * _RADIUS + 1, 1 << 17


def nearest_classes(
    colours: NDArray[np.uint8], classes: Mapping[tuple[int, int, int], int]
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


def suggestion(
    nearest: NDArray[np.int16],
    distance: NDArray[np.float64],
    counts: NDArray[np.int64],
    names: Sequence[str],
) -> str:
    """How a sentence goes on: the distance that takes all N colours, pixels that each class gets.

    nearest, distance: of each colour, as `nearest_classes` gives them. counts: its pixels.
    """
    pixels = np.bincount(nearest, counts, minlength=256)
    order = [int(index) for index in np.argsort(-pixels, kind="stable") if pixels[index]]
    told = [f"{int(pixels[index])} to {_name(index, names)}" for index in order[:_SHOWN]]
    if rest := order[_SHOWN:]:
        told.append(f"{int(pixels[rest].sum())} to {len(rest)} others")
    return f", or give --snap {math.ceil(distance.max())} (pixels: {', '.join(told)})."


def rim_notes(
    rims: NDArray[np.int64],
    colours: NDArray[np.uint8],
    nearest: NDArray[np.int16],
    counts: NDArray[np.int64],
    present: Mapping[int, tuple[int, int, int]],
    names: Sequence[str],
) -> tuple[str, ...]:
    """What to say of pixels that took a class which lies between two others in colour.

    Where two classes are blended, as by anti-aliasing, a third one may be nearest to the blend: it
    then runs along the border as a rim. rims: such pixels by their places, as `alone` counts them.
    colours: uint8 U×3, the unknown ones, with their classes and how often they occur. present: the
    classes that occur exactly, with their colours. One sentence a class, or none.
    """
    rims = np.maximum(rims, _blends(colours, nearest, counts, present))
    return tuple(
        f"{int(rims[index])} pixels were taken for {_name(index, names)}, whose colour lies "
        "between those of two other classes: rims of blended colours"
        for index in map(int, np.flatnonzero(rims))
    )


def _blends(
    colours: NDArray[np.uint8],
    nearest: NDArray[np.int16],
    counts: NDArray[np.int64],
    present: Mapping[int, tuple[int, int, int]],
) -> NDArray[np.int64]:
    """Pixels by class, int64 256, whose colour is a blend of two classes neither of which it is."""
    found = np.zeros(256, np.int64)
    chosen = np.argsort(-counts, kind="stable")[:_LOOKED_AT]
    blended = np.zeros(len(chosen), np.bool_)
    points = colours[chosen].astype(np.float64)
    indices = sorted(present)
    for k, first in enumerate(indices):
        for second in indices[k + 1 :]:
            start = np.array(present[first], np.float64)
            along = np.array(present[second], np.float64) - start
            share = np.clip((points - start) @ along / (along @ along), 0, 1)
            off = np.linalg.norm(points - start - share[:, None] * along, axis=1)
            other = (nearest[chosen] != first) & (nearest[chosen] != second)
            blended |= (off <= _BLEND) & other
    np.add.at(found, nearest[chosen][blended], counts[chosen][blended])
    return found


def alone(
    numbers: Callable[[NDArray[np.uint8]], NDArray[np.signedinteger[Any]]],
    pixels: Rows,
    exact: NDArray[np.int16],
    ids: NDArray[np.int16],
) -> NDArray[np.int64]:
    """Pixels by class, int64 256, that took a class of which none was around, but two others.

    pixels: uint8 H×W×3. numbers: of their N colours. exact: their classes, int16 N, -1 where that
    is unknown. ids: the same with the classes taken.
    """
    height, width = pixels.shape[:2]
    found = np.zeros(256, np.int64)
    for rows in bands(pixels.shape, _BAND):
        first = max(0, rows.start - _RADIUS)
        which = numbers(pixels[first : min(height, rows.stop + _RADIUS)])
        known = exact[which]
        band = slice(rows.start - first, rows.stop - first)
        missing = known[band] < 0
        if not missing.any():
            continue
        above, below = _RADIUS - band.start, _RADIUS - (len(known) - band.stop)
        around = np.pad(known, ((above, below), (_RADIUS, _RADIUS)), constant_values=-1)
        own = ids[which[band]]
        seen = np.zeros(own.shape, np.bool_)
        for y in range(_ACROSS):
            for x in range(_ACROSS):
                seen |= around[y : y + len(own), x : x + width] == own
        tall = functools.reduce(np.maximum, (around[y : y + len(own)] for y in range(_ACROSS)))
        highest = functools.reduce(np.maximum, (tall[:, x : x + width] for x in range(_ACROSS)))
        some = around.view(np.uint16)  # in which -1 is the highest of all
        tall = functools.reduce(np.minimum, (some[y : y + len(own)] for y in range(_ACROSS)))
        lowest = functools.reduce(np.minimum, (tall[:, x : x + width] for x in range(_ACROSS)))
        rim = missing & ~seen & (highest >= 0) & (lowest < highest)
        found += np.bincount(own[rim], minlength=256)
    return found


def _name(index: int, names: Sequence[str]) -> str:
    if index == _IGNORE and index >= len(names):
        return "no label"
    return names[index] if index < len(names) else f"class {index}"
