"""Shapes as other tools draw them, to the pixel: fixed values are those of the tools named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.annotations.renderings import draw_circle, draw_polygon, draw_rectangle
from pixelguide.annotations.shapes import Point, polygon_mask

STAR: list[Point] = [(1.2, 6.8), (5.9, 0.4), (10.7, 7.1), (0.3, 2.6), (11.4, 3.3)]
BOX: list[Point] = [(2.5, 1.5), (7.5, 1.5), (7.5, 5.5), (2.5, 5.5)]

DRAWN = {
    "pycocotools": [
        "............",
        ".....##.....",
        "....####....",
        "...#....###.",
        "...##...#...",
        "..###..###..",
        ".#.......#..",
        "............",
    ],
    "labelme": [
        ".....#......",
        "....###.....",
        "##..###.....",
        "..##...#####",
        "..###...#...",
        "..###.####..",
        ".#......##..",
        "..........#.",
    ],
}
"""STAR on 12×8 pixels, a text a row, by pycocotools 2.0.11 (`annToMask`) and labelme 6.3.1
(`shape_to_mask`)."""


@pytest.mark.parametrize("tool", DRAWN)
def test_polygons_as_tools_draw_them(tool: str) -> None:
    mask = draw_polygon(STAR, 8, 12, tool)
    assert ["".join(".#"[int(v)] for v in row) for row in mask] == DRAWN[tool]
    assert not np.array_equal(mask, draw_polygon(STAR, 8, 12)), "or nothing is shown here"


def test_corners_at_the_centres_of_pixels_are_those_of_pycocotools() -> None:
    ours = draw_polygon(BOX, 8, 12)
    ys, xs = np.nonzero(ours)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (3, 7, 2, 5)
    assert np.array_equal(draw_polygon(BOX, 8, 12, "pycocotools"), ours)


@given(st.lists(st.integers(-12, 40), min_size=4, max_size=4))
def test_boxes_at_halves_are_equal_by_both_rules(numbers: list[int]) -> None:
    x0, y0, x1, y1 = (number / 2 for number in numbers)
    corners: list[Point] = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    assert np.array_equal(polygon_mask(corners, 9, 13), draw_polygon(corners, 9, 13, "pycocotools"))


@pytest.mark.parametrize("tool", ["centres", "labelme", "pycocotools"])
def test_a_rectangle_is_the_box_of_all_its_points(tool: str) -> None:
    two = draw_rectangle([(2, 5), (7, 1)], 8, 12, tool)
    assert np.array_equal(draw_rectangle([(2, 1), (7, 1), (7, 5), (2, 5)], 8, 12, tool), two)
    more = 1 if tool == "labelme" else 0  # it draws the outline too
    assert two.sum() == (5 + more) * (4 + more)


def test_circles() -> None:
    assert draw_circle((5, 4), 2, 8, 12).sum() == 12
    assert draw_circle((5, 4), 2, 8, 12, "labelme").sum() == 21  # labelme 6.3.1
    assert np.array_equal(
        draw_circle((5, 4), 2, 8, 12, "pycocotools"), draw_circle((5, 4), 2, 8, 12)
    )


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=3, max_size=4))
def test_no_polygon_is_too_far_out(points: list[Point]) -> None:
    assert draw_polygon(points, 4, 5, "pycocotools").shape == (4, 5)
