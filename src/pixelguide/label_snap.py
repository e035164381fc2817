"""Colours that are near a class: which one, how far, and where that makes rims of a third class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_IGNORE = 255
_SHOWN = 4
"""Classes that a message lists; the rest is summed up."""
_BLEND = 3
"""How far a blend of two colours, each rounded, lies from the line between them."""
_LOOKED_AT = 2048
"""Colours, the most frequent ones, that are compared with blends."""
_RADIUS = 2
"""Pixels around a blended one: anti-aliasing is no wider."""


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
    counts: NDArray[np.intp],
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
    exact: NDArray[np.int16],
    ids: NDArray[np.int16],
    colours: NDArray[np.uint8],
    nearest: NDArray[np.int16],
    counts: NDArray[np.intp],
    class_colours: Mapping[int, tuple[int, int, int]],
    names: Sequence[str],
) -> tuple[str, ...]:
    """What to say of pixels that took a class which lies between two others in colour.

    Where two classes are blended, as by anti-aliasing, a third one may be nearest to the blend: it
    then runs along the border as a rim. exact: int16 H×W, -1 where the colour was unknown. ids: the
    same with the nearest classes. colours: uint8 U×3, the unknown ones, with their classes and how
    often they occur. class_colours: of every id. One sentence a class, or none.
    """
    present = [int(index) for index in np.unique(exact) if index >= 0]
    rims = _blends(colours, nearest, counts, {i: class_colours[i] for i in present})
    rims = np.maximum(rims, _alone(exact, ids))
    return tuple(
        f"{int(rims[index])} pixels were taken for {_name(index, names)}, whose colour lies "
        "between those of two other classes: rims of blended colours"
        for index in map(int, np.flatnonzero(rims))
    )


def _blends(
    colours: NDArray[np.uint8],
    nearest: NDArray[np.int16],
    counts: NDArray[np.intp],
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


def _alone(exact: NDArray[np.int16], ids: NDArray[np.int16]) -> NDArray[np.int64]:
    """Pixels by class, int64 256, that took a class of which none was around, but two others."""
    padded = np.pad(exact, _RADIUS, constant_values=-1)
    found = np.zeros(256, np.int64)
    rows, columns = np.nonzero(exact < 0)
    offsets = [(y, x) for y in range(2 * _RADIUS + 1) for x in range(2 * _RADIUS + 1)]
    for start in range(0, len(rows), 1 << 16):
        y, x = rows[start : start + (1 << 16)], columns[start : start + (1 << 16)]
        around = np.stack([padded[y + dy, x + dx] for dy, dx in offsets])  # 25×N
        own = ids[y, x]
        highest = around.max(0)
        lowest = np.where(around < 0, 999, around).min(0)
        rim = (around != own).all(0) & (highest >= 0) & (lowest < highest)
        found += np.bincount(own[rim], minlength=256)
    return found


def _name(index: int, names: Sequence[str]) -> str:
    if index == _IGNORE and index >= len(names):
        return "no label"
    return names[index] if index < len(names) else f"class {index}"
