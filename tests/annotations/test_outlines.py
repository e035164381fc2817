"""Masks as polygons and back, without the loss of a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from pixelguide.annotations.outlines import polygons
from pixelguide.annotations.renderings import draw_polygon


@pytest.mark.parametrize("rendering", ["centres", "pycocotools"])
@settings(max_examples=60)
@given(mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_every_mask_comes_back(rendering: str, mask: np.ndarray) -> None:
    found = np.zeros(mask.shape, bool)
    for flat in polygons(mask):
        points = list(zip(map(float, flat[::2]), map(float, flat[1::2]), strict=True))
        assert len(points) >= 4
        drawn = draw_polygon(points, *mask.shape, rendering)
        assert not (drawn & found).any(), "no pixel twice"
        found |= drawn
    assert np.array_equal(found, mask)


def test_a_ring_is_one_polygon() -> None:
    mask = np.zeros((7, 8), bool)
    mask[1:6, 2:7] = True
    mask[3, 4] = False
    (flat,) = polygons(mask)
    assert flat == [2, 1, 7, 1, 7, 6, 2, 6, 2, 1, *flat[10:]]
    hole = list(zip(flat[10::2], flat[11::2], strict=True))
    assert hole[0] == hole[-1]
    assert set(hole) == {(4, 3), (5, 3), (4, 4), (5, 4)}


def test_nothing_has_no_outline() -> None:
    assert polygons(np.zeros((3, 4), bool)) == []
