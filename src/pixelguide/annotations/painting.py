"""Shapes painted one over the other, and which of them nothing is seen of in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.layers import blank
from pixelguide.labels import LabelMap, LabelSet


@dataclass(frozen=True)
class Shape:
    """One shape of a class. mask: draws it, bool H×W. layer: higher ones lie above."""

    name: str
    what: str
    mask: Callable[[], NDArray[np.bool_]]
    layer: float = 0


@dataclass(frozen=True)
class HiddenShape:
    """A shape of which no pixel is in the map: covered by others wholly, or (pixels 0) so small or
    far outside that it covers no centre of a pixel. what: such as "shape 2"."""

    name: str
    what: str
    pixels: int


@dataclass(frozen=True)
class Painted:
    """A map and the shapes that are not to be seen in it."""

    label_map: LabelMap
    hidden: tuple[HiddenShape, ...] = ()


def paint(
    shapes: Sequence[Shape],
    size: tuple[int, int],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    """The map of `size` (H, W) that `shapes` make. class_id: (name, where) → id."""
    ids = blank(labels, *size, where)
    top = np.full(ids.shape, -1, np.int32)  # the shape that each pixel shows
    areas = np.zeros(len(shapes), np.int64)
    order = sorted(range(len(shapes)), key=lambda i: shapes[i].layer)
    if how.order == "area":
        areas = np.array([int(shape.mask().sum()) for shape in shapes], np.int64)
        order = sorted(range(len(shapes)), key=lambda i: -areas[i])
    for i in order:
        mask = shapes[i].mask()
        areas[i] = mask.sum()
        ids[mask], top[mask] = class_id(shapes[i].name, where), i
    seen = np.bincount(top[top >= 0], minlength=len(shapes))
    hidden = tuple(
        HiddenShape(shape.name, shape.what, int(area))
        for shape, area, count in zip(shapes, areas, seen, strict=True)
        if not count
    )
    return Painted(LabelMap(ids, labels), hidden)
