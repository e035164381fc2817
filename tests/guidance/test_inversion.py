"""From a picture to its noise by DDIM, and back."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from conftest import seeded
from pixelguide.guidance.inversion import invert, reconstruct
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps


def test_one_step_is_equation_4(denoiser: Denoiser, x_0: Tensor) -> None:
    respaced = denoiser.schedule.respaced((0, 120))
    eps = denoiser(x_0, denoiser.schedule, 0).eps.double()
    now, after = denoiser.schedule.alpha_bar[[0, 120]]
    f_theta = (x_0.double() - (1 - now).sqrt() * eps) / now.sqrt()
    expected = after.sqrt() * f_theta + (1 - after).sqrt() * eps
    assert torch.allclose(invert(denoiser, x_0, respaced).double(), expected, atol=1e-6)


def test_steps_follow_each_other(denoiser: Denoiser, x_0: Tensor) -> None:
    steps = (0, 40, 120, 300)
    schedule, x_t = denoiser.schedule, x_0
    for now, after in pairwise(steps):
        prediction = denoiser(x_t, schedule, now)  # at the level that x_t has
        share = schedule.alpha_bar[after]
        x_t = share.sqrt().float() * prediction.x_0 + (1 - share).sqrt().float() * prediction.eps
    assert torch.allclose(invert(denoiser, x_0, schedule.respaced(steps)), x_t, atol=1e-5)


def test_a_single_level_is_the_picture(denoiser: Denoiser, x_0: Tensor) -> None:
    assert torch.equal(invert(denoiser, x_0, denoiser.schedule.respaced((0,))), x_0)


def test_same_picture_same_noise(denoiser: Denoiser, x_0: Tensor) -> None:
    schedule = denoiser.schedule.respaced(spaced_timesteps(500, 5))
    first = invert(denoiser, x_0, schedule)
    assert torch.equal(first, invert(denoiser, x_0, schedule))
    together = invert(denoiser, torch.cat([x_0, -x_0]), schedule)
    assert torch.allclose(together[:1], first, atol=1e-5)


def test_reconstruction_ends_in_f_theta_by_equation_2(denoiser: Denoiser, x_0: Tensor) -> None:
    schedule = denoiser.schedule.respaced((0, 120))
    x_t = torch.randn(x_0.shape, generator=seeded(3))
    prediction = denoiser(x_t, denoiser.schedule, 120)
    share = denoiser.schedule.alpha_bar[0]
    below = share.sqrt().float() * prediction.x_0 + (1 - share).sqrt().float() * prediction.eps
    expected = denoiser(below, denoiser.schedule, 0).x_0
    assert torch.allclose(reconstruct(denoiser, x_t, schedule), expected, atol=1e-5)


class _Linear:
    """A denoiser whose ε is a smooth function of x_t alone, so that DDIM can be undone."""

    def __call__(self, x_t: Tensor, schedule: Schedule, i: int) -> SimpleNamespace:
        eps = 0.3 * torch.tanh(x_t)
        level = torch.full((len(x_t),), i)
        return SimpleNamespace(eps=eps, x_0=schedule.predict_x_0(x_t, eps, level))


@pytest.mark.parametrize(("steps", "error"), [(20, 0.1), (200, 0.01)])
def test_reconstruction_undoes_inversion_the_better_the_finer_the_steps(
    schedule: Schedule, x_0: Tensor, steps: int, error: float
) -> None:
    respaced = schedule.respaced(spaced_timesteps(500, steps))
    x_t = invert(_Linear(), x_0, respaced)  # type: ignore[arg-type]
    back = reconstruct(_Linear(), x_t, respaced)  # type: ignore[arg-type]
    assert (x_t - x_0).abs().max() > 0.2
    assert (back - x_0).abs().max() < error


def test_no_gradient_is_kept(denoiser: Denoiser, x_0: Tensor) -> None:
    x_0 = x_0.clone().requires_grad_()
    schedule = denoiser.schedule.respaced((0, 5))
    assert not invert(denoiser, x_0, schedule).requires_grad
    assert not reconstruct(denoiser, x_0, schedule).requires_grad
