from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.evaluate.features import feature_distance, frechet_distance, pooled_features
from pixelguide.prior.denoiser import Denoiser

ALL = np.ones((16, 16), np.bool_)


def pictures(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), np.uint8)


def test_features_of_a_picture_do_not_depend_on_its_neighbours(denoiser: Denoiser) -> None:
    images = pictures(18)
    together = pooled_features(denoiser, images)
    assert together.shape == (18, sum(tap.channels for tap in denoiser.taps))
    alone = np.concatenate([pooled_features(denoiser, image[None]) for image in images[[0, 17]]])
    assert np.allclose(together[[0, 17]], alone, atol=1e-4)
    assert not np.allclose(together[0], together[1], atol=1e-3)


def test_frechet_distance_of_known_gaussians() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4000, 3))
    values = (values - values.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(values.T)).T)
    scaled = values * [1, 2, 3] + [1, 0, 2]  # covariance diag(1, 4, 9) exactly
    # |μ|² + Σ (σ1 - σ2)² for covariances that commute
    assert frechet_distance(values, scaled) == pytest.approx(5 + 0 + 1 + 4)
    assert frechet_distance(scaled, values) == pytest.approx(10)
    assert frechet_distance(values, values) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_with_fewer_pictures_than_features() -> None:
    values = np.random.default_rng(0).normal(size=(5, 40))
    assert frechet_distance(values, values) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(values, values + 1) == pytest.approx(40)
    with pytest.raises(InputError, match="too few"):
        frechet_distance(values[:1], values)


def test_distance_of_equal_pictures_is_zero_and_grows_with_noise(denoiser: Denoiser) -> None:
    image = pictures(1)[0] // 2 + 60
    noise = np.random.default_rng(1).normal(0, 1, image.shape)
    distances = [
        feature_distance(denoiser, (image + k * noise).astype(np.uint8), image, ALL)
        for k in (0, 5, 20, 60)
    ]
    assert distances[0] == pytest.approx(0, abs=1e-9)
    assert distances == sorted(distances)
    assert distances[-1] <= 4


def test_distance_against_its_definition(denoiser: Denoiser) -> None:
    one, other = pictures(2)
    mask = np.random.default_rng(2).random((16, 16)) < 0.3
    taps = []

    def keep(x_t: torch.Tensor, t: int) -> list[torch.Tensor]:
        taps.extend(original(x_t, t))
        return taps

    original = denoiser.features
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(denoiser, "features", keep)
        measured = feature_distance(denoiser, one, other, mask)
    expected = []
    for activation in taps:
        a, b = (each / each.norm(dim=0) for each in activation)
        apart = ((a - b) ** 2).sum(0)[None, None]
        full = torch.nn.functional.interpolate(apart, 16, mode="bilinear")[0, 0]
        expected.append(full[torch.from_numpy(mask)].mean())
    assert measured == pytest.approx(float(sum(expected)) / len(expected), rel=1e-5)
