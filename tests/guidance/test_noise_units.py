"""Guidance in units of the noise: neither sharpness nor the region's size counts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pixelguide.guidance.guidance import GuidedDenoiser, GuidedPrediction
from pixelguide.guidance.noise_units import in_noise_units
from pixelguide.guidance.solvers import make_solver
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.schedule import Schedule

SCHEDULE = Schedule.linear().respaced((10, 200, 600))
LEVEL = 1


def _saying(gradient: Tensor, doubt: float) -> GuidedDenoiser:
    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        unknown = torch.full((len(x_t),), torch.nan)
        prediction = Prediction(torch.zeros_like(x_t), torch.zeros_like(x_t), None, [])
        doubts = torch.full((len(x_t),), doubt)
        return GuidedPrediction(prediction, gradient, unknown, unknown, doubts)

    return predict


def _roi(pixels: int) -> Tensor:
    roi = torch.zeros(8, 8, dtype=torch.bool)
    roi.view(-1)[:pixels] = True
    return roi


def _shift(gradient: Tensor, roi: Tensor, doubt: float = 1.0) -> Tensor:
    """How far ε is moved by a scale of 1: √(1-ᾱ_t) g."""
    step = in_noise_units(_saying(gradient, doubt), roi)(torch.zeros(1, 3, 8, 8), SCHEDULE, LEVEL)
    return (1 - SCHEDULE.alpha_bar[LEVEL]).sqrt().float() * step.gradient


@pytest.mark.parametrize("sharpness", [1e-4, 1.0, 300.0])
def test_epsilon_is_moved_as_far_as_it_is_large(sharpness: float) -> None:
    gradient = sharpness * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    shift = _shift(gradient, _roi(40))
    assert shift[:, :, _roi(40)].square().mean() == pytest.approx(1, rel=1e-4)


def test_a_map_that_is_half_followed_is_pushed_half_as_far() -> None:
    gradient = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    whole, half = (_shift(gradient, _roi(40), doubt) for doubt in (1.0, 0.5))
    assert torch.allclose(half, 0.5 * whole)


def test_a_map_that_is_followed_is_not_pushed() -> None:
    gradient = torch.ones(1, 3, 8, 8)
    assert not _shift(gradient, _roi(40), doubt=0.0).any()
    assert not _shift(torch.zeros(1, 3, 8, 8), _roi(40)).any()


def test_each_candidate_has_its_own_unit() -> None:
    gradient = torch.ones(2, 3, 8, 8) * torch.tensor([1.0, 50.0]).view(2, 1, 1, 1)
    wrapped = in_noise_units(_saying(gradient, 1.0), _roi(40))
    step = wrapped(torch.zeros(2, 3, 8, 8), SCHEDULE, LEVEL)
    assert torch.allclose(step.gradient[0], step.gradient[1])


def test_the_push_fades_with_the_gradient() -> None:
    wrapped = in_noise_units(answer := _Fading(), _roi(40))
    first, second = (wrapped(torch.zeros(1, 3, 8, 8), SCHEDULE, LEVEL).gradient for _ in range(2))
    assert answer.asked == 2
    assert torch.allclose(second, 0.1 * first)


class _Fading:
    """A gradient that is a tenth from one step to the next, as doubtful as before."""

    asked = 0

    def __call__(self, x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        self.asked += 1
        gradient = torch.ones_like(x_t) * 10.0**-self.asked
        return _saying(gradient, 0.5)(x_t, schedule, i)


def test_samplers_take_it_as_they_take_the_gradient() -> None:
    gradient = torch.full((1, 3, 8, 8), 7.0)
    x_t, z = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    step = in_noise_units(_saying(gradient, 1.0), _roi(64))(x_t, SCHEDULE, LEVEL)
    moved = make_solver("ddim", SCHEDULE, 0.5)(x_t, step, LEVEL, z)
    still = make_solver("ddim", SCHEDULE, 0.0)(x_t, step, LEVEL, z)
    assert (moved < still).all()  # ε is larger by 0.5, so x_0 smaller
