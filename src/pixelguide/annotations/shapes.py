"""Polygons and circles as masks: a pixel belongs to a shape if its centre lies inside.

Coordinates are those of labelme and COCO: pixel (x, y) covers [x, x + 1) × [y, y + 1). A centre
that lies on an edge is outside if the shape lies to the right of it or below, as in pycocotools.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


def polygon_mask(points: Sequence[Point], height: int, width: int) -> NDArray[np.bool_]:
    """bool height×width, True inside the closed polygon by the even-odd rule; it may reach beyond
    the picture. Coordinates are finite."""
    # Each edge flips all pixels to its right in the rows it spans; inside is what is flipped oddly.
    flips = np.zeros((height, width + 1), np.int32)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], *points[:1]], strict=True):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        top = min(max(int(np.floor(y0 + 0.5)), 0), height)
        bottom = min(max(int(np.floor(y1 + 0.5)), 0), height)
        if top < bottom:
            rows = np.arange(top, bottom)
            crossing = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            flips[rows, np.clip(np.floor(crossing + 0.5), 0, width).astype(np.int64)] += 1
    inside: NDArray[np.bool_] = flips[:, :width].cumsum(1) % 2 == 1
    return inside


def circle_mask(centre: Point, radius: float, height: int, width: int) -> NDArray[np.bool_]:
    """bool height×width, True inside the circle."""
    y, x = np.ogrid[:height, :width]
    inside: NDArray[np.bool_] = (x + 0.5 - centre[0]) ** 2 + (y + 0.5 - centre[1]) ** 2 < radius**2
    return inside


def rectangle_mask(first: Point, second: Point, height: int, width: int) -> NDArray[np.bool_]:
    """bool height×width, True between two opposite corners."""
    (x0, y0), (x1, y1) = first, second
    return polygon_mask([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], height, width)
