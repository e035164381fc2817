"""Polygons and circles by the centres of their pixels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.annotations.shapes import Point, circle_mask, polygon_mask, rectangle_mask

COORDINATES = st.tuples(*[st.floats(-30, 30, width=16)] * 2)


def test_a_rectangle_covers_its_area() -> None:
    mask = rectangle_mask((1, 1), (4, 3), 5, 6)
    assert mask.sum() == 6
    assert mask[1:3, 1:4].all()
    assert np.array_equal(rectangle_mask((4, 3), (1, 1), 5, 6), mask)
    assert np.array_equal(polygon_mask([(1, 3), (1, 1), (4, 1), (4, 3)], 5, 6), mask)


def test_shapes_that_share_an_edge_share_no_pixel() -> None:
    corners: list[Point] = [(0, 0), (8, 0), (8, 8), (0, 8), (0, 0)]
    middle: Point = (3.3, 4.7)
    parts = [polygon_mask([a, b, middle], 8, 8) for a, b in pairwise(corners)]
    assert (np.sum(parts, axis=0) == 1).all()


@given(st.lists(COORDINATES, min_size=3, max_size=7))
def test_pixels_are_inside_by_the_even_odd_rule(points: list[Point]) -> None:
    mask = polygon_mask(points, 6, 7)
    for y in range(6):
        for x in range(7):
            crossings = 0
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                if (y0 <= y + 0.5) != (y1 <= y + 0.5):
                    t = (y + 0.5 - y0) / (y1 - y0)
                    at = x0 + t * (x1 - x0)
                    if abs(at - x - 0.5) < 1e-9:
                        break  # on the edge, either is right
                    crossings += at < x + 0.5
            else:
                assert mask[y, x] == (crossings % 2 == 1)


@pytest.mark.parametrize("far", [1e6, -1e6])
def test_shapes_beyond_the_picture(far: float) -> None:
    assert not polygon_mask([(far, far), (far + 1, far), (far, far + 1)], 4, 4).any()
    assert polygon_mask([(-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)], 4, 4).all()
    assert circle_mask((0, 0), 2e6, 4, 4).all()


def test_a_circle() -> None:
    mask = circle_mask((2, 2), 1.6, 4, 5)
    assert mask.tolist() == [
        [False, True, True, False, False],
        [True, True, True, True, False],
        [True, True, True, True, False],
        [False, True, True, False, False],
    ]
