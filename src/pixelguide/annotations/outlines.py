"""Masks as polygons along the edges of their pixels: exact, also with holes.

A polygon visits the outer ring and then each hole by a line to it and back, which by the even-odd
rule takes nothing away. Corners are whole numbers, so that no centre of a pixel lies on an edge,
and pycocotools draws the same pixels.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Corner = tuple[int, int]


def polygons(mask: NDArray[np.bool_]) -> list[list[int]]:
    """A polygon, x1, y1, x2, y2, …, for each region of a bool H×W mask (neighbours being four)."""
    from scipy import ndimage  # takes a while, and only who writes needs it

    regions, count = ndimage.label(mask)
    places = ndimage.find_objects(regions)
    found = []
    for index in range(count):
        rows, columns = places[index]
        rings = _rings(regions[rows, columns] == index + 1)
        path = list(rings[0])
        for ring in rings[1:]:
            path += [rings[0][0], *ring, ring[0]]
        found.append([value for x, y in path for value in (x + columns.start, y + rows.start)])
    return found


def _rings(region: NDArray[np.bool_]) -> list[list[Corner]]:
    """The closed lines between a region and the rest, by their corners; the outer one first."""
    padded = np.pad(region, 1).astype(np.int8)
    down, across = np.diff(padded, axis=0)[:, 1:-1], np.diff(padded, axis=1)[1:-1]
    follow: dict[Corner, list[Corner]] = {}
    for y, x in np.argwhere(down).tolist():  # an edge with the region to its right
        a, b = (x, y), (x + 1, y)
        start, end = (a, b) if down[y, x] > 0 else (b, a)
        follow.setdefault(start, []).append(end)
    for y, x in np.argwhere(across).tolist():
        a, b = (x, y + 1), (x, y)
        start, end = (a, b) if across[y, x] > 0 else (b, a)
        follow.setdefault(start, []).append(end)
    rings = []
    while follow:  # the first corner in reading order lies on the outer ring
        start = next(iter(follow))
        ring = [start]
        while True:
            ends = follow[ring[-1]]
            end = ends.pop()
            if not ends:
                del follow[ring[-1]]
            if end == start:
                break
            ring.append(end)
        rings.append(_corners(ring))
    return rings


def _corners(ring: list[Corner]) -> list[Corner]:
    """The points of a ring at which it turns."""
    closed = [ring[-1], *ring, ring[0]]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(closed)]
    return [
        point
        for point, before, after in zip(ring, steps[:-1], steps[1:], strict=True)
        if before != after
    ]
