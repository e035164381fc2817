from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.evaluate.measures import (
    confusion,
    intersection_over_union,
    mean_absolute_error,
    psnr,
)
from pixelguide.labels import IGNORE


def maps(seed: int, classes: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    kinds = np.array([*rng.choice(classes, max(1, classes - 2), replace=False), IGNORE], np.uint8)
    return rng.choice(kinds, (2, 7, 9))


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_confusion_and_iou_against_counting(seed: int, classes: int) -> None:
    predicted, true = maps(seed, classes), maps(seed + 1, classes)
    counts = confusion(predicted, true, classes)
    own = intersection_over_union(counts)
    counted = (predicted != IGNORE) & (true != IGNORE)
    for i in range(classes):
        for j in range(classes):
            assert counts[i, j] == ((true == i) & (predicted == j)).sum()
        union = (((true == i) | (predicted == i)) & counted).sum()
        both = ((true == i) & (predicted == i)).sum()
        if union == 0:
            assert math.isnan(own[i]), "a class that occurs nowhere has no IoU"
        else:
            assert own[i] == pytest.approx(both / union)


@given(st.integers(0, 10**6))
def test_matrices_of_pictures_add_up(seed: int) -> None:
    predicted, true = maps(seed, 5), maps(seed + 1, 5)
    parts = [confusion(p, t, 5) for p, t in zip(predicted, true, strict=True)]
    assert np.array_equal(sum(parts), confusion(predicted, true, 5))


def test_a_perfect_map_has_iou_one_and_a_disjoint_one_zero() -> None:
    true = np.array([[0, 1], [2, IGNORE]], np.uint8)
    perfect = intersection_over_union(confusion(true, true, 4))
    assert perfect[:3].tolist() == [1, 1, 1]
    assert math.isnan(perfect[3])
    wrong = np.array([[1, 0], [0, 0]], np.uint8)
    assert intersection_over_union(confusion(wrong, true, 4))[:3].tolist() == [0, 0, 0]


def _two_pictures(
    seed: int, masked: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_] | None]:
    """Two of 5×6 pixels, and a mask that is not empty."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 256, (2, 5, 6, 3), np.uint8)
    mask = rng.random((5, 6)) < 0.5 if masked else None
    if mask is not None:
        mask[0, 0] = True
    return one, other, mask


@given(st.integers(0, 10**6), st.booleans())
def test_psnr_against_its_definition(seed: int, masked: bool) -> None:
    one, other, mask = _two_pictures(seed, masked)
    where = np.ones((5, 6), np.bool_) if mask is None else mask
    errors = [
        (int(a) - int(b)) ** 2 for a, b in zip(one[where].flat, other[where].flat, strict=True)
    ]
    expected = 10 * math.log10(255**2 / (sum(errors) / len(errors)))
    assert psnr(one, other, mask) == pytest.approx(expected)
    assert psnr(other, one, mask) == psnr(one, other, mask)


def test_psnr_of_equal_pictures_is_100() -> None:
    image = np.full((3, 3, 3), 7, np.uint8)
    assert psnr(image, image) == 100
    other = image.copy()
    other[0, 0] = 200
    mask = np.ones((3, 3), np.bool_)
    mask[0, 0] = False
    assert psnr(image, other, mask) == 100
    assert psnr(image, other) < 20


@given(st.integers(0, 10**6), st.booleans())
def test_mean_absolute_error_against_its_definition(seed: int, masked: bool) -> None:
    one, other, mask = _two_pictures(seed, masked)
    where = np.ones((5, 6), np.bool_) if mask is None else mask
    pairs = zip(one[where].flat, other[where].flat, strict=True)
    errors = [abs(int(a) - int(b)) / 255 for a, b in pairs]
    assert mean_absolute_error(one, other, mask) == pytest.approx(sum(errors) / len(errors))
    assert mean_absolute_error(one, one, mask) == 0


def test_black_and_white_are_one_apart_and_an_empty_mask_has_no_error() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert mean_absolute_error(black, white) == 1
    empty = np.zeros((2, 2), np.bool_)
    assert math.isnan(mean_absolute_error(black, white, empty))
    assert math.isnan(psnr(black, white, empty))
