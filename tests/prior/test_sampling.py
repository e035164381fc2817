"""Unconditional samples by DDIM."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, UNet2DModel
from torch import Tensor

from conftest import seeded
from pixelguide.images import from_model, load_rgb, to_model
from pixelguide.prior.sampling import MeanColours, sample, sample_grid
from pixelguide.prior.schedule import Schedule, spaced_timesteps


class _Knows(torch.nn.Module):
    """A perfect denoiser of a world with one picture."""

    def __init__(self, picture: Tensor, schedule: Schedule) -> None:
        super().__init__()
        self.picture, self.schedule = picture, schedule
        self.weight = torch.nn.Parameter(torch.zeros(1))  # says where it lives
        self.config = SimpleNamespace(sample_size=picture.shape[-1])
        self.asked: list[int] = []

    def forward(self, x_t: Tensor, t: Tensor) -> SimpleNamespace:
        self.asked.append(int(t[0]))
        eps = self.schedule.predict_eps(x_t, self.picture.expand_as(x_t), t)
        return SimpleNamespace(sample=torch.cat([eps, torch.zeros_like(eps)], 1))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)


def test_perfect_denoiser_gives_its_picture(picture: np.ndarray, schedule: Schedule) -> None:
    knows = _Knows(to_model(picture), schedule)
    noise = torch.randn(2, 3, 8, 8, generator=seeded(0))
    pictures = sample(knows, schedule, noise, steps=7)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, picture.repeat(2, 0))
    assert knows.asked == list(reversed(spaced_timesteps(1000, 7)))


def test_agrees_with_diffusers(tiny_unet: UNet2DModel, schedule: Schedule) -> None:
    noise = torch.randn(2, 3, 16, 16, generator=seeded(1))
    scheduler = DDIMScheduler(beta_start=1e-4, beta_end=0.02, clip_sample=True)
    scheduler.set_timesteps(9)  # theirs steps by 1000 // 9 = 111, as our ten steps 0 … 999 do
    x_t = noise
    for t in reversed(spaced_timesteps(1000, 10)):
        with torch.no_grad():
            eps = tiny_unet(x_t, t).sample[:, :3]
        x_t = scheduler.step(eps, t, x_t, use_clipped_model_output=True).prev_sample
    ours = sample(tiny_unet, schedule, noise, steps=10).astype(int)
    assert np.abs(ours - from_model(x_t)).max() <= 1


def test_no_gradient_is_kept(tiny_unet: UNet2DModel, schedule: Schedule) -> None:
    noise = torch.randn(1, 3, 16, 16, generator=seeded(1)).requires_grad_()
    sample(tiny_unet, schedule, noise, steps=2)
    assert noise.grad is None


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (8, 8)), (2, (8, 16)), (5, (16, 24)), (9, (24, 24))]
)
def test_grid_is_nearly_square_and_padded_with_white(
    tmp_path: Path, schedule: Schedule, count: int, shape: tuple[int, int]
) -> None:
    dark = np.full((1, 8, 8, 3), 10, np.uint8)
    colours = MeanColours(to_model(dark).mean((0, 2, 3)), 1e-8 * torch.eye(3))
    knows = _Knows(to_model(dark), schedule)
    sample_grid(knows, schedule, seeded(0), tmp_path, colours, count)
    sheet = load_rgb(tmp_path / "samples.png")
    assert sheet.shape == (*shape, 3)
    cells = sheet.reshape(shape[0] // 8, 8, shape[1] // 8, 8, 3).swapaxes(1, 2).reshape(-1, 192)
    assert (cells[:count] == 10).all()
    assert (cells[count:] == 255).all()


def test_grid_depends_on_its_generator_alone(
    tmp_path: Path, tiny_unet: UNet2DModel, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pixelguide.prior.sampling.sample", lambda _unet, _schedule, x_t, **_: from_model(x_t)
    )
    colours = MeanColours(torch.zeros(3), torch.eye(3))
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        sample_grid(tiny_unet, schedule, seeded(seed), tmp_path / name, colours, 2)
    a, b, c = (load_rgb(tmp_path / name / "samples.png") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


class _BlindToHues(torch.nn.Module):
    """Tells noise from a world of even pictures of two greys, but for the noise's mean."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.schedule = schedule

    def forward(self, x_t: Tensor, t: Tensor) -> SimpleNamespace:
        noise = (1 - self.schedule.alpha_bar[t[0]]).sqrt()
        eps = (x_t - x_t.mean((2, 3), keepdim=True)) / noise
        return SimpleNamespace(sample=torch.cat([eps, torch.zeros_like(eps)], 1))


def test_samples_have_colours_that_the_category_has(schedule: Schedule) -> None:
    """What the mean of the noise becomes without them are black, white and pure colours."""
    noise = torch.randn(200, 3, 16, 16, generator=seeded(0))
    known = MeanColours(torch.tensor([0.2, 0.0, -0.2]), 0.05 * torch.eye(3) + 0.05)
    plain = sample(_BlindToHues(schedule), schedule, noise, 30)
    hued = to_model(plain).mean((2, 3))
    assert hued.std(0).min() > 0.8
    own = to_model(sample(_BlindToHues(schedule), schedule, noise, 30, known)).mean((2, 3))
    assert torch.allclose(own.mean(0), known.mean, atol=0.15)
    assert torch.allclose(own.T.cov(), known.covariance, atol=0.06)


def test_where_noise_is_weak_colours_are_those_of_the_picture(schedule: Schedule) -> None:
    known = MeanColours(torch.zeros(3), 0.1 * torch.eye(3))
    x_0 = torch.full((1, 3, 64, 64), 0.6)
    x_t = schedule.alpha_bar[20].float().sqrt() * x_0
    corrected = known.corrected(torch.zeros_like(x_0), x_t, schedule.alpha_bar[20].float())
    assert torch.allclose(corrected, x_0, atol=1e-3)


def test_one_picture_says_little_of_their_spread() -> None:
    known = MeanColours.of(torch.full((1, 3, 8, 8), 0.5))
    assert torch.allclose(known.mean, torch.full((3,), 0.5))
    assert torch.allclose(known.covariance, 1e-2 * torch.eye(3))
