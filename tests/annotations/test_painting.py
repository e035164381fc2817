"""Shapes one over the other, and what is hidden in the end."""

from __future__ import annotations

import numpy as np

from annotations.datasets import WITH_BACKGROUND
from pixelguide.annotations import Interpretation
from pixelguide.annotations.painting import HiddenShape, Shape, paint


def box(name: str, what: str, rows: slice, columns: slice, layer: float = 0) -> Shape:
    mask = np.zeros((4, 6), bool)
    mask[rows, columns] = True
    return Shape(name, what, lambda: mask, layer)


SKY = box("sky", "shape 2", slice(0, 3), slice(0, 5))
HOUSE = box("house", "shape 1", slice(1, 2), slice(1, 3))


def painted(*shapes: Shape, order: str = "file"):  # type: ignore[no-untyped-def]
    return paint(
        shapes,
        (4, 6),
        WITH_BACKGROUND,
        lambda name, where: WITH_BACKGROUND.id(name),
        Interpretation(order),
        "x",
    )


def test_later_shapes_lie_above_and_the_covered_are_told() -> None:
    found = painted(HOUSE, SKY)
    assert found.hidden == (HiddenShape("house", "shape 1", 2),)
    assert found.label_map.present() == ("background", "sky")
    assert painted(SKY, HOUSE).hidden == ()


def test_several_that_cover_one_together() -> None:
    left, right = (
        box("sky", what, slice(0, 3), columns)
        for what, columns in (("shape 2", slice(0, 2)), ("shape 3", slice(2, 4)))
    )
    assert painted(HOUSE, left, right).hidden == (HiddenShape("house", "shape 1", 2),)
    assert painted(HOUSE, left).hidden == ()


def test_by_area_small_ones_lie_above() -> None:
    for shapes in ((HOUSE, SKY), (SKY, HOUSE)):
        found = painted(*shapes, order="area")
        assert found.hidden == ()
        assert (found.label_map.ids == 2).sum() == 2


def test_higher_layers_lie_above() -> None:
    top = box("house", "shape 1", slice(1, 2), slice(1, 3), layer=2.0)
    assert painted(top, SKY).hidden == ()
    low = box("sky", "shape 2", slice(0, 3), slice(0, 5), layer=3.0)
    assert painted(top, low).hidden == (HiddenShape("house", "shape 1", 2),)


def test_shapes_that_cover_no_pixel() -> None:
    nothing = box("house", "shape 1", slice(0, 0), slice(0, 0))
    assert painted(nothing, SKY).hidden == (HiddenShape("house", "shape 1", 0),)
