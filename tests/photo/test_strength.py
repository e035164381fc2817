from __future__ import annotations

import numpy as np

from pixelguide.photo.strength import at_strength


def test_the_change_is_let_through_in_part_and_rounded_to_even() -> None:
    before = np.array([[[10, 20, 200]]], np.uint8)
    after = np.array([[[11, 30, 100]]], np.uint8)
    assert at_strength(before, after, 0.5).tolist() == [[[10, 25, 150]]]  # 10.5 is 10
    assert at_strength(before, after, 0).tolist() == before.tolist()
    assert at_strength(before, after, 1) is after


def test_several_pictures_fade_at_once() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(0, 256, (4, 4, 3), np.uint8)
    after = rng.integers(0, 256, (3, 4, 4, 3), np.uint8)
    faded = at_strength(before, after, 0.6)
    assert faded.dtype == np.uint8
    assert np.array_equal(faded[1], at_strength(before, after[1], 0.6))
