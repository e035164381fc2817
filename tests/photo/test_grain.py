"""Noise is measured on flat areas outside the region and made again with the same strength."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.grain import TILE, noise_tile, tiled
from pixelguide.photo.photograph import Photograph

SIDE = 16


def _photograph(noise: np.ndarray, textured: bool = False) -> Photograph:
    """A slope of grey with `noise`, H×W×3; its left half perhaps with stripes as of hair."""
    height, width = noise.shape[:2]
    pixels = 90 + np.linspace(0, 60, width)[None, :, None] + noise
    if textured:
        pixels[:, : width // 2] += 25 * np.sin(np.arange(height) / 2)[:, None, None]
    return Photograph(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _tile(photograph: Photograph, seed: int = 0) -> np.ndarray | None:
    roi = np.zeros((SIDE, SIDE), np.bool_)
    roi[4:9, 4:9] = True
    return noise_tile(Placement(photograph, Frame(20, 20, 160), SIDE), roi, seed)


@pytest.mark.parametrize("sigma", [1.0, 4.0, 9.0])
@pytest.mark.parametrize("textured", [False, True])
def test_the_noise_has_the_variance_of_the_photograph_s(sigma: float, textured: bool) -> None:
    noise = np.random.default_rng(0).normal(0, sigma, (220, 240, 3))
    tile = _tile(_photograph(noise, textured))
    assert tile is not None
    expected = sigma**2 + 1 / 12  # that of rounding
    assert tile.var() == pytest.approx(expected, rel=0.1)
    assert abs(np.corrcoef(tile[..., 0].ravel(), tile[..., 1].ravel())[0, 1]) < 0.1


def test_it_is_as_coarse_and_as_grey() -> None:
    white = np.random.default_rng(1).normal(0, 1, (220, 240))
    coarse = ndimage.gaussian_filter(white, 1.0)
    coarse *= 6 / coarse.std()
    tile = _tile(_photograph(coarse[..., None].repeat(3, -1)))
    assert tile is not None

    def neighbours(values: np.ndarray) -> float:
        return float(np.corrcoef(values[:, 1:].ravel(), values[:, :-1].ravel())[0, 1])

    assert neighbours(tile[..., 0]) == pytest.approx(neighbours(coarse), abs=0.1)
    assert np.corrcoef(tile[..., 0].ravel(), tile[..., 2].ravel())[0, 1] > 0.95


def test_the_same_seed_gives_the_same_bytes_and_another_others() -> None:
    photograph = _photograph(np.random.default_rng(2).normal(0, 5, (220, 240, 3)))
    first, again, other = (_tile(photograph, seed) for seed in (3, 3, 4))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_what_has_no_noise_gets_none() -> None:
    assert _tile(Photograph(np.full((220, 240, 3), 90, np.uint8))) is None
    assert _tile(Photograph(np.full((220, 240, 3), 255, np.uint8))) is None


def test_bands_fit_together_and_the_tile_meets_itself() -> None:
    tile = np.random.default_rng(5).normal(size=(TILE, TILE, 3)).astype(np.float32)
    whole = tiled(tile, slice(3, 600), slice(250, 270))
    parts = [tiled(tile, slice(*rows), slice(250, 270)) for rows in ((3, 255), (255, 600))]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(whole[0, 6], tile[3, 0])
