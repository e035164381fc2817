"""From x_t to x_{t-1} under guidance: the update rules that a guided sampler can take."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pixelguide.guidance.guidance import GuidedPrediction
from pixelguide.guidance.schedules import Sampler
from pixelguide.prior.schedule import Schedule

Solver = Callable[[Tensor, GuidedPrediction, int, Tensor], Tensor]
"""(x_t, prediction, level i, noise z) to x_{t-1}, all N×3×S×S; below level 0 lies the picture. One
solver serves one run from the noisiest level down: it may remember earlier steps."""
REACH = 0.5
"""Of the range [-1, 1]: by how much guidance moves a value of the expected picture in one step of
the exponential solvers. Few, long steps overshoot otherwise, where a classifier is sharp."""


def make_solver(sampler: Sampler, schedule: Schedule, scale: float) -> Solver:
    """The update rule `sampler` on `schedule` with guidance scale s = `scale`."""
    if sampler == "ddpm":
        return _ddpm(schedule, scale)
    return _exponential(
        schedule, scale, stochastic=sampler.startswith("sde"), order=1 + sampler.endswith("-2m")
    )


def _ddpm(schedule: Schedule, scale: float) -> Solver:
    """x_{t-1} ~ N(μ_θ - s Σ_θ g, Σ_θ) (Matsunaga et al. 2022, eq. 9)."""

    def update(x_t: Tensor, step: GuidedPrediction, i: int, z: Tensor) -> Tensor:
        level = torch.full((len(x_t),), i)
        clean = step.prediction.x_0.clamp(-1, 1)
        log_variance = schedule.log_variance(step.prediction.v, level, x_t)
        mean = schedule.posterior_mean(x_t, clean, level)
        x_before = mean - scale * log_variance.exp() * step.gradient
        if i > 0:  # the last step returns the mean
            x_before = x_before + (0.5 * log_variance).exp() * z
        return x_before

    return update


def _exponential(schedule: Schedule, scale: float, *, stochastic: bool, order: int) -> Solver:
    """(SDE-)DPM-Solver++ with data prediction, of order 1 or 2, multistep (Lu et al. 2022,
    arXiv 2211.01095, eq. 10 and 18, Alg. 2).

    Guidance shifts ε by √(1-ᾱ_t) s g (Dhariwal & Nichol 2021, Alg. 2), but moves no value of x_0 by
    more than `REACH` in a step, and none in the last: what no pass of the prior follows would stay
    in the picture as it is, which is coloured specks. Only the prior's own part of x_0 is
    extrapolated in the second order: the gradient changes with every step.
    """
    alpha = schedule.alpha_bar.sqrt().tolist()
    sigma = (1 - schedule.alpha_bar).sqrt().tolist()
    # -∞ where a schedule ends without any signal (Lin et al. 2024, arXiv 2305.08891)
    half_log_snr = [
        math.log(a / s) if a > 0 else -math.inf for a, s in zip(alpha, sigma, strict=True)
    ]
    earlier: list[Tensor] = []  # x_0 of the last step, as the prior alone saw it

    def update(x_t: Tensor, step: GuidedPrediction, i: int, z: Tensor) -> Tensor:
        level = torch.full((len(x_t),), i)
        if alpha[i] > 0:
            furthest = REACH * alpha[i] / sigma[i]  # of ε
            moved = furthest * (sigma[i] * scale * step.gradient / furthest).tanh() if i > 0 else 0
            shifted = step.prediction.eps + moved
            clean = schedule.predict_x_0(x_t, shifted, level).clamp(-1, 1)
        else:  # the x_0 of no ε: nothing of the picture is left that could be pushed
            clean = step.prediction.x_0.clamp(-1, 1)
        if i == 0:
            return clean
        h = half_log_snr[i - 1] - half_log_snr[i]
        drift = clean
        if order == 2:
            own = step.prediction.x_0.clamp(-1, 1)
            if earlier:
                h_before = half_log_snr[i] - half_log_snr[i + 1]
                drift = (clean + (own - earlier.pop()) * h / (2 * h_before)).clamp(-1, 1)
            earlier.append(own)
        decay = math.exp(-h)
        if stochastic:
            noise = sigma[i - 1] * math.sqrt(1 - decay**2) * z
            kept = sigma[i - 1] / sigma[i] * decay
            x_before: Tensor = kept * x_t + alpha[i - 1] * (1 - decay**2) * drift + noise
        else:
            x_before = sigma[i - 1] / sigma[i] * x_t + alpha[i - 1] * (1 - decay) * drift
        return x_before

    return update
