"""Which pixels a shape covers: by our rule, or as the tool has it that others compare with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pixelguide.annotations.shapes import Point, circle_mask, polygon_mask, rectangle_mask

_FINER = 5
"""pycocotools walks along edges on a grid so many times as fine."""


def draw_polygon(
    points: Sequence[Point], height: int, width: int, rendering: str = "centres"
) -> NDArray[np.bool_]:
    """bool height×width of a closed polygon; rendering: see `Interpretation`."""
    if rendering == "labelme":
        return _drawn_by_pillow("polygon", points, height, width)
    if rendering == "pycocotools":
        return _as_pycocotools(points, height, width)
    return polygon_mask(points, height, width)


def draw_rectangle(
    points: Sequence[Point], height: int, width: int, rendering: str = "centres"
) -> NDArray[np.bool_]:
    """bool height×width of the box of all points: two opposite corners, or four."""
    xs, ys = zip(*points, strict=True)
    first, second = (min(xs), min(ys)), (max(xs), max(ys))
    if rendering == "labelme":
        return _drawn_by_pillow("rectangle", [first, second], height, width)
    if rendering == "pycocotools":
        corners = [first, (second[0], first[1]), second, (first[0], second[1])]
        return _as_pycocotools(corners, height, width)
    return rectangle_mask(first, second, height, width)


def draw_circle(
    centre: Point, radius: float, height: int, width: int, rendering: str = "centres"
) -> NDArray[np.bool_]:
    """bool height×width of a circle, which pycocotools does not know."""
    if rendering == "labelme":
        (x, y), r = centre, radius
        return _drawn_by_pillow("ellipse", [(x - r, y - r), (x + r, y + r)], height, width)
    return circle_mask(centre, radius, height, width)


def draw_outlined(points: Sequence[Point], height: int, width: int) -> NDArray[np.bool_]:
    """bool height×width of a polygon whose corners are pixels and belong to it, with the lines
    between them: near to OpenCV's `fillPoly` (1 % of the pixels differ, all on the outline)."""
    inside = polygon_mask([(x + 0.5, y + 0.5) for x, y in points], height, width)
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).line([*points, points[0]], fill=1)
    inside |= np.array(image, bool)
    return inside


def _drawn_by_pillow(
    kind: str, points: Sequence[Point], height: int, width: int
) -> NDArray[np.bool_]:
    """labelme's masks are Pillow's filled shapes together with their outlines."""
    image = Image.new("L", (width, height))
    getattr(ImageDraw.Draw(image), kind)(points, outline=1, fill=1)
    return np.array(image, bool)


def _as_pycocotools(points: Sequence[Point], height: int, width: int) -> NDArray[np.bool_]:
    """A polygon as COCO's tools draw it: edges are walked in whole steps of a finer grid, and each
    column of pixels is flipped from where an edge crosses its middle."""
    corners = np.trunc(np.array(points, np.float64) * _FINER + 0.5).astype(np.int64)
    counts = np.zeros(height * width + 1, np.int64)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        u, v = _walk(a, b).T
        moved = np.flatnonzero(u[1:] != u[:-1])
        column = (np.minimum(u[moved], u[moved + 1]) + 0.5) / _FINER - 0.5
        row = (np.minimum(v[moved], v[moved + 1]) + 0.5) / _FINER - 0.5
        kept = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)
        rows = np.ceil(np.clip(row[kept], 0, height)).astype(np.int64)
        np.add.at(counts, column[kept].astype(np.int64) * height + rows, 1)
    inside: NDArray[np.bool_] = (counts[:-1].cumsum() % 2 == 1).reshape(width, height).T
    return inside


def _walk(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """The grid's points from a to b, int64 N×2: every step along the longer side, in the direction
    of growing coordinates, so that an edge walked back has the same points."""
    longer = int(abs(b[0] - a[0]) < abs(b[1] - a[1]))
    backwards = a[longer] > b[longer]
    start, end = (b, a) if backwards else (a, b)
    t = np.arange(end[longer] - start[longer] + 1)
    slope = (end[1 - longer] - start[1 - longer]) / max(1, len(t) - 1)
    found = np.empty((len(t), 2), np.int64)
    found[:, longer] = start[longer] + t
    found[:, 1 - longer] = np.trunc(start[1 - longer] + slope * t + 0.5)
    return found[::-1] if backwards else found
