"""Guided sampling: Alg. 1 of Matsunaga et al. 2022."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from pixelguide.edit.guidance import GuidedDenoiser
from pixelguide.prior.schedule import Schedule

Sampler = Literal["ddpm", "ddim"]


@dataclass(frozen=True)
class Step:
    """One step of a running edit, for whoever watches.

    number: 1 … total. t: the timestep just left. x_0: the picture as the prior expects it now,
    N×3×S×S, clipped to [-1, 1]. loss, accuracy: N, see `GuidedPrediction`.
    """

    number: int
    total: int
    t: int
    x_0: Tensor
    loss: Tensor
    accuracy: Tensor


def sample_edit(
    guided: GuidedDenoiser,
    x_0: Tensor,
    x_t: Tensor,
    roi: Tensor,
    schedule: Schedule,
    scale: float,
    generators: Sequence[torch.Generator],
    sampler: Sampler = "ddpm",
    on_step: Callable[[Step], None] | None = None,
) -> Tensor:
    """Edited pictures, float32 N×3×S×S, one for each of N `generators`.

    guided: see `guidance`. x_0: 1×3×S×S, the picture in [-1, 1]. x_t: 1×3×S×S, its inversion at the
    last level of `schedule`. roi: bool S×S, True = may change. scale: s. sampler: "ddpm" draws
    from the guided Gaussian (eq. 9); "ddim" shifts ε by √(1-ᾱ_t) s g (Dhariwal & Nichol 2021,
    Alg. 2). Every candidate draws its noise from its own generator, on the CPU, so neither its
    neighbours nor the device change what it draws.
    """
    x_t = x_t.expand(len(generators), -1, -1, -1)
    for i in reversed(range(len(schedule))):
        level = torch.full((len(x_t),), i)
        step = guided(x_t, schedule, i)  # eq. 8
        eps, v, g = step.prediction.eps, step.prediction.v, step.gradient
        z, background_noise = _noise(generators, x_t), _noise(generators, x_t)

        if sampler == "ddpm":
            clean = step.prediction.x_0.clamp(-1, 1)
            log_variance = schedule.log_variance(v, level, x_t)
            mean = schedule.posterior_mean(x_t, clean, level)
            x_fg = mean - scale * log_variance.exp() * g  # eq. 9
            if i > 0:  # the last step returns the mean
                x_fg = x_fg + (0.5 * log_variance).exp() * z
        else:
            noise_share = float((1 - schedule.alpha_bar[i]).sqrt())
            shifted = eps + noise_share * scale * g
            clean = schedule.predict_x_0(x_t, shifted, level).clamp(-1, 1)
            x_fg = schedule.ddim_step(clean, schedule.predict_eps(x_t, clean, level), level)

        x_bg = schedule.add_noise_before(x_0, background_noise, level)  # eq. 10
        x_t = torch.where(roi, x_fg, x_bg)  # eq. 11
        if on_step:
            preview = torch.where(roi, clean, x_0)
            number = len(schedule) - i
            t = int(schedule.timesteps[i])
            on_step(Step(number, len(schedule), t, preview, step.loss, step.accuracy))
    return x_t


def _noise(generators: Sequence[torch.Generator], like: Tensor) -> Tensor:
    return torch.stack(
        [torch.randn(like.shape[1:], generator=own, dtype=like.dtype) for own in generators]
    ).to(like.device)
