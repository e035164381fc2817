"""Update rules: against the formulas of their sources, and against diffusers' solver."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from conftest import seeded
from pixelguide.guidance.guidance import GuidedPrediction
from pixelguide.guidance.solvers import REACH, Sampler, make_solver
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.schedule import Schedule

LEVELS = (60, 250, 420, 499)


def _field(seed: int, count: int = 1) -> Tensor:
    return torch.randn(count, 3, 4, 4, generator=seeded(seed), dtype=torch.float64)


def _told(
    schedule: Schedule, x_t: Tensor, i: int, gradient: Tensor | float = 0.0
) -> GuidedPrediction:
    """What a network that always expects about the same picture says."""
    x_0 = 0.4 * torch.tanh(_field(1) + 0.2 * x_t)
    eps = schedule.predict_eps(x_t, x_0, torch.full((len(x_t),), i))
    unknown = torch.zeros(len(x_t))
    g = gradient * torch.ones_like(x_t)
    return GuidedPrediction(Prediction(eps, x_0, None, []), g, unknown, unknown, unknown)


# diffusers hands numpy a tensor in a way that numpy 2 frowns upon
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("sampler", "algorithm", "order"),
    [
        ("ddim", "dpmsolver++", 1),
        ("dpm-2m", "dpmsolver++", 2),
        ("sde", "sde-dpmsolver++", 1),
        ("sde-2m", "sde-dpmsolver++", 2),
    ],
)
def test_unguided_steps_are_those_of_diffusers(
    schedule: Schedule, sampler: Sampler, algorithm: str, order: int
) -> None:
    reference = DPMSolverMultistepScheduler(
        algorithm_type=algorithm, solver_order=order, beta_start=1e-4, beta_end=0.02
    )
    reference.set_timesteps(timesteps=list(reversed(LEVELS)))
    respaced = schedule.respaced(LEVELS)
    solve = make_solver(sampler, respaced, 100.0)
    ours = theirs = _field(2)
    for k, i in enumerate(reversed(range(len(LEVELS)))):
        z = _field(10 + k)
        theirs = reference.step(
            _told(respaced, theirs, i).prediction.eps,
            reference.timesteps[k],
            theirs,
            variance_noise=z,
        ).prev_sample.double()
        step = _told(respaced, ours, i)
        ours = solve(ours, step, i, z)
        # diffusers keeps its noise levels in float32
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        ours, step.prediction.x_0
    )  # nothing lies below the first level but the picture


@pytest.mark.parametrize("size", [1e-3, 0.1, 1e3])
@pytest.mark.parametrize("sampler", ["ddim", "dpm-2m", "sde", "sde-2m"])
def test_guidance_moves_the_expected_picture_against_the_gradient_up_to_its_reach(
    schedule: Schedule, sampler: Sampler, size: float
) -> None:
    respaced = schedule.respaced(LEVELS)
    i, scale, x_t, z = 2, 0.5, _field(2), _field(4)
    level = torch.full((1,), i)
    g = size * _field(3)
    told = _told(respaced, x_t, i, g)
    moved = make_solver(sampler, respaced, scale)(x_t, told, i, z)
    share = respaced.alpha_bar[i]
    # ε̂ = ε + √(1-ᾱ) s g (Dhariwal & Nichol 2021, Alg. 2), put into f_θ
    push = REACH * torch.tanh((1 - share) / share.sqrt() * scale * g / REACH)
    eps = respaced.predict_eps(x_t, told.prediction.x_0 - push, level)
    pushed = replace(told, prediction=replace(told.prediction, eps=eps))
    expected = make_solver(sampler, respaced, 0.0)(x_t, pushed, i, z)
    torch.testing.assert_close(moved, expected)


@pytest.mark.parametrize("sampler", ["ddim", "dpm-2m", "sde", "sde-2m"])
def test_the_last_step_is_the_priors_alone(schedule: Schedule, sampler: Sampler) -> None:
    respaced = schedule.respaced(LEVELS)
    x_t, z = _field(3), torch.zeros(1, 3, 4, 4, dtype=torch.float64)
    told = _told(respaced, x_t, 0, gradient=1.0)
    picture = make_solver(sampler, respaced, 300.0)(x_t, told, 0, z)
    torch.testing.assert_close(picture, told.prediction.x_0)


def test_first_order_sde_is_the_posterior_of_ddpm(schedule: Schedule) -> None:
    """DDIM with η = 1 (Song et al. 2021): β-tilde noise around the posterior's mean."""
    respaced = schedule.respaced(LEVELS)
    for i in range(1, len(LEVELS)):
        x_t, z = _field(2), _field(3)
        step = _told(respaced, x_t, i)
        ours = make_solver("sde", respaced, 0.0)(x_t, step, i, z)
        ddpm = make_solver("ddpm", respaced, 0.0)(x_t, step, i, z)  # v is None: β-tilde
        torch.testing.assert_close(ours, ddpm)


@pytest.mark.parametrize("sampler", ["dpm-2m", "sde-2m"])
def test_second_order_is_exact_where_the_first_is_not(schedule: Schedule, sampler: Sampler) -> None:
    """x_0 that is linear in the logarithm of the signal-to-noise ratio is extrapolated exactly."""
    respaced = schedule.respaced(LEVELS)
    levels = [0.5 * math.log(a / (1 - a)) for a in respaced.alpha_bar.tolist()]
    i, x_t = 1, _field(2)
    unknown = torch.zeros(1)

    def told(level: int) -> GuidedPrediction:
        x_0 = torch.full_like(x_t, 0.1 * levels[level])
        eps = respaced.predict_eps(x_t, x_0, torch.tensor([level]))
        return GuidedPrediction(
            Prediction(eps, x_0, None, []), torch.zeros_like(x_t), *[unknown] * 3
        )

    solve = make_solver(sampler, respaced, 0.0)
    solve(x_t, told(2), 2, torch.zeros_like(x_t))
    second = solve(x_t, told(1), i, torch.zeros_like(x_t))
    h = levels[0] - levels[1]
    middle = 0.1 * (levels[1] + h / 2)  # the extrapolated x_0 halfway through the step
    alpha, sigma = respaced.alpha_bar.sqrt(), (1 - respaced.alpha_bar).sqrt()
    power = 2 if sampler == "sde-2m" else 1
    kept = sigma[0] / sigma[1] * math.exp(-h * (power - 1))
    expected = kept * x_t + alpha[0] * (1 - math.exp(-power * h)) * middle
    torch.testing.assert_close(second, expected)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "sde", "sde-2m", "dpm-2m"])
def test_a_solver_remembers_nothing_of_another_run(schedule: Schedule, sampler: Sampler) -> None:
    respaced = schedule.respaced(LEVELS)

    def run() -> Tensor:
        solve, x_t = make_solver(sampler, respaced, 1.0), _field(2, 2)
        for i in reversed(range(len(LEVELS))):
            x_t = solve(x_t, _told(respaced, x_t, i, 0.01), i, _field(i, 2))
        return x_t

    assert torch.equal(run(), run())


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "sde", "sde-2m", "dpm-2m"])
def test_a_start_without_signal_is_left_for_what_the_network_expects(sampler: Sampler) -> None:
    """Zero terminal SNR (Lin et al. 2024): the first step ends as noised x_0, however x_t was."""
    alpha_bar = torch.tensor([0.99, 0.6, 0.2, 0.0], dtype=torch.float64)
    empty = Schedule(torch.arange(4), alpha_bar)
    solve = make_solver(sampler, empty, 5.0)
    x_t, gradient = _field(2), _field(3)
    told = _told(empty, x_t, 3, gradient)
    step = solve(x_t, told, 3, torch.zeros_like(x_t))
    signal = told.prediction.x_0.clamp(-1, 1) * math.sqrt(0.2)
    if sampler in ("sde", "sde-2m"):
        torch.testing.assert_close(step, signal)
    elif sampler != "ddpm":  # the ODE keeps the noise that there is: all of x_t
        torch.testing.assert_close(step, signal + math.sqrt(0.8) * x_t)
    for i in (2, 1, 0):
        step = solve(step, _told(empty, step, i, gradient), i, torch.zeros_like(x_t))
        assert torch.isfinite(step).all()
