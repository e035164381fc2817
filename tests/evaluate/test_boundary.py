from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.evaluate.boundary import boundary, boundary_f_score
from pixelguide.labels import IGNORE

EVERYWHERE = np.ones((12, 12), np.bool_)


def square(top: int, left: int, side: int = 5) -> NDArray[np.uint8]:
    ids = np.zeros((12, 12), np.uint8)
    ids[top : top + side, left : left + side] = 1
    return ids


def test_the_boundary_of_a_square_is_its_rim() -> None:
    rim = boundary(square(3, 3) == 1)
    assert rim.sum() == 16
    assert not rim[4:7, 4:7].any()
    assert not boundary(EVERYWHERE).any(), "the border of the picture is no outline"


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(0, 2))
def test_a_map_agrees_with_itself_and_scores_are_symmetric(seed: int, tolerance: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 3, (2, 12, 12), np.uint8)
    assert boundary_f_score(one, one, EVERYWHERE, tolerance) == 1
    score = boundary_f_score(one, other, EVERYWHERE, tolerance)
    assert 0 <= score <= 1
    assert score == pytest.approx(boundary_f_score(other, one, EVERYWHERE, tolerance))


def test_a_shift_within_the_tolerance_costs_nothing() -> None:
    true, shifted = square(3, 3), square(3, 4)
    assert boundary_f_score(shifted, true, EVERYWHERE, 1) == 1
    exact = boundary_f_score(shifted, true, EVERYWHERE, 0)
    # square: 8 of 16 rim pixels meet (top and bottom, 4 each), so P = R = F = 1/2. ground: of the
    # 20 pixels around it, 2 · 4 of top and bottom meet, F = 2/5
    assert exact == pytest.approx((1 / 2 + 2 / 5) / 2)


def test_farther_is_worse() -> None:
    scores = [boundary_f_score(square(3, 3 + k), square(3, 3), EVERYWHERE) for k in range(5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.6


def test_a_class_that_is_missing_scores_zero() -> None:
    flat = np.zeros((12, 12), np.uint8)
    assert boundary_f_score(flat, square(3, 3), EVERYWHERE) == 0


def test_only_the_region_counts_and_unlabelled_pixels_do_not() -> None:
    true, wrong = square(0, 0), square(0, 0)
    wrong[8:10, 8:10] = 1
    region = np.zeros((12, 12), np.bool_)
    region[:7, :7] = True
    assert boundary_f_score(wrong, true, region) == 1
    assert boundary_f_score(wrong, true, EVERYWHERE) < 1
    unknown = true.copy()
    unknown[6:, 6:] = IGNORE
    assert boundary_f_score(wrong, unknown, EVERYWHERE) == 1
    assert math.isnan(boundary_f_score(true, true, np.zeros((12, 12), np.bool_)))
    flat = np.zeros((12, 12), np.uint8)
    assert math.isnan(boundary_f_score(flat, flat, EVERYWHERE)), "there is no outline"
