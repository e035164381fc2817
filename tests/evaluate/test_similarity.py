from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.evaluate.similarity import ssim, ssim_map


def picture(seed: int, size: int = 16) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def direct(x: NDArray[np.uint8], y: NDArray[np.uint8], row: int, column: int) -> float:
    """SSIM of one pixel whose window lies inside the picture, summed up as Wang et al. write it."""
    offsets = np.arange(-5, 6)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = 6.5025, 58.5225  # (0.01 · 255)², (0.03 · 255)²
    values = []
    for channel in range(3):
        a, b = (
            one[row - 5 : row + 6, column - 5 : column + 6, channel].astype(float) for one in (x, y)
        )
        mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
        variance_a = (weights * (a - mean_a) ** 2).sum()
        variance_b = (weights * (b - mean_b) ** 2).sum()
        together = (weights * (a - mean_a) * (b - mean_b)).sum()
        values.append(
            (2 * mean_a * mean_b + c1)
            * (2 * together + c2)
            / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))
        )
    return float(np.mean(values))


def test_against_the_formula() -> None:
    x, y = picture(0), picture(1)
    y[:8] = x[:8]
    values = ssim_map(x, y)
    for row, column in ((5, 5), (8, 7), (10, 10)):
        assert values[row, column] == pytest.approx(direct(x, y, row, column), abs=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_equal_pictures_score_one_and_order_does_not_matter(seed: int) -> None:
    x, y = picture(seed), picture(seed + 1)
    assert ssim(x, x) == pytest.approx(1)
    assert ssim(x, y) == pytest.approx(ssim(y, x))
    assert -1 <= ssim(x, y) < 0.9


def test_more_noise_is_less_alike() -> None:
    rng = np.random.default_rng(0)
    smooth = np.linspace(40, 200, 16 * 16 * 3).reshape(16, 16, 3)
    noise = rng.normal(size=smooth.shape)
    scores = [
        ssim((smooth + 10 * k * noise).clip(0, 255).astype(np.uint8), smooth.astype(np.uint8))
        for k in range(4)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] + 0.05


def test_the_mask_picks_pixels() -> None:
    x, y = picture(0), picture(1)
    y[:, :8] = x[:, :8]
    mask = np.zeros((16, 16), np.bool_)
    mask[:, :2] = True  # no window of these reaches the other half
    assert ssim(x, y, mask) == pytest.approx(1)
    assert ssim(x, y, ~mask) < 0.9
