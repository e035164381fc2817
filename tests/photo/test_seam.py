"""The change is nothing at the border of the region, and itself inside."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.photo.seam import INNER, OUTER, without_border_step

SIDE = 64


def _square(top: int, bottom: int) -> np.ndarray:
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[top:bottom, 20:44] = True
    return roi


def _constant(roi: np.ndarray) -> np.ndarray:
    return np.where(roi[..., None], np.float32(40), 0).repeat(3, -1)


def test_it_is_nothing_at_the_border_and_whole_inside() -> None:
    roi = _square(16, 48)
    smooth = without_border_step(_constant(roi), roi, np.ones((66, 66), bool), 2)
    inner = np.zeros_like(roi)
    inner[17:47, 21:43] = True
    assert np.abs(smooth[roi & ~inner]).max() < 1e-6
    assert not smooth[~roi].any()
    assert smooth[24:40, 28:36].min() > 39
    along = smooth[16:32, 32, 0]
    assert (np.diff(along) >= 0).all()
    expected = 40 * (1 - np.exp(-np.arange(6)))  # one pixel in ℓ = 1
    assert np.abs(along[:6] - expected).max() < 4


def test_from_the_border_of_the_crop_it_sets_in_more_slowly() -> None:
    roi = _square(0, 40)
    smooth = without_border_step(_constant(roi), roi, np.ones((66, 66), bool), 2)
    half = [
        int(np.flatnonzero(line > 20)[0]) for line in (smooth[:20, 32, 0], smooth[39::-1, 32, 0])
    ]
    assert half[0] > 3 * half[1]
    assert OUTER > 4 * INNER


def test_where_the_photograph_ends_there_is_no_border() -> None:
    roi = _square(0, 40)
    around = np.ones((66, 66), bool)
    around[0] = False
    smooth = without_border_step(_constant(roi), roi, around, 2)
    assert smooth[0, 32, 0] > 39
    everything = np.ones((SIDE, SIDE), bool)
    inside = np.pad(everything, 1)
    change = _constant(everything)
    assert np.array_equal(without_border_step(change, everything, inside, 2), change)


@pytest.mark.parametrize("seed", range(3))
def test_a_change_that_ends_by_itself_stays_as_it_is(seed: int) -> None:
    roi = _square(10, 50)
    change = np.zeros((SIDE, SIDE, 3), np.float32)
    change[20:40, 26:38] = np.random.default_rng(seed).uniform(-80, 80, (20, 12, 3))
    smooth = without_border_step(change, roi, np.ones((66, 66), bool), 2)
    assert np.abs(smooth - change).max() < 1e-6
