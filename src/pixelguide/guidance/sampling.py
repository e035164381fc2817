"""Guided sampling: Alg. 1 of Matsunaga et al. 2022."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pixelguide.devices import sent
from pixelguide.errors import InputError
from pixelguide.guidance.guidance import GuidedDenoiser
from pixelguide.guidance.schedules import Sampler
from pixelguide.guidance.solvers import make_solver
from pixelguide.prior.schedule import Schedule


@dataclass(frozen=True)
class Step:
    """One step of a running edit, for callbacks.

    number: 1 … total. t: the timestep just left. x_0: the picture as the prior expects it now,
    at the end the result, N×3×S×S, clipped to [-1, 1]. loss, accuracy: N, see `GuidedPrediction`.
    x_t: N×3×S×S, what the next step begins with. scale: s of this one.
    """

    number: int
    total: int
    t: int
    x_0: Tensor
    loss: Tensor
    accuracy: Tensor
    x_t: Tensor
    scale: float


@dataclass(frozen=True)
class Steer:
    """What a callback changes about a running edit; None leaves it.

    x_t: N×3×S×S to go on from. scale: s of the steps to come. stop: end here with `Step.x_0`.
    """

    x_t: Tensor | None = None
    scale: float | None = None
    stop: bool = False


def noised_start(
    x_0: Tensor, schedule: Schedule, generators: Sequence[torch.Generator], temperature: float = 1
) -> Tensor:
    """A picture, 1×3×S×S in [-1, 1], noised to the last level of `schedule` once for each of N
    `generators`: N×3×S×S (Meng et al. 2021, arXiv 2108.01073, sec. 3.2). temperature: see
    `sample_edit`."""
    level = torch.full((len(generators),), len(schedule) - 1)
    return schedule.add_noise(x_0, _noise(generators, x_0, temperature), level)


def sample_edit(
    guided: GuidedDenoiser,
    x_0: Tensor,
    x_t: Tensor,
    roi: Tensor,
    schedule: Schedule,
    scale: float,
    generators: Sequence[torch.Generator],
    sampler: Sampler = "ddpm",
    on_step: Callable[[Step], Steer | None] | None = None,
    temperature: float = 1,
) -> Tensor:
    """Edited pictures, float32 N×3×S×S, one for each of N `generators`.

    guided: see `guidance`. x_0: 1×3×S×S, the picture in [-1, 1]. x_t: 1×3×S×S, its inversion at the
    last level of `schedule`, or N×3×S×S, a start for each. roi: bool S×S, True = may change. scale:
    s. sampler: see `solvers`. temperature: a factor of all noise. Below 1 candidates differ less
    and lie nearer to what the prior expects (as in Kingma & Dhariwal 2018, arXiv 1807.03039,
    sec. 6); what the last pass is given has none in the ROI then: noise weaker than its level's
    counts as texture there and stays, as a pattern of dots. Every candidate draws its noise from
    its own generator, on the CPU, so neither its neighbours nor the device change what it draws.
    on_step: may steer, see `Steer`.
    Raises InputError for guidance that is to begin on the way, after a scale of 0.
    """
    count = len(generators)
    solve = make_solver(sampler, schedule, scale)
    push = 1.0  # of what s was at the start
    for i in reversed(range(len(schedule))):
        level = torch.full((len(x_t),), i)
        step = guided(x_t, schedule, i)  # eq. 8; of a common start one pass serves all
        if push != 1:
            step = replace(step, gradient=push * step.gradient)
        z, background_noise = (_noise(generators, x_t, temperature) for _ in range(2))
        if temperature < 1 and i == 1:
            z = torch.zeros_like(z)

        x_fg = solve(x_t, step, i, z)  # eq. 9
        x_bg = schedule.add_noise_before(x_0, background_noise, level)  # eq. 10
        x_t = torch.where(roi, x_fg, x_bg)  # eq. 11
        if on_step:
            # Without guidance, whose push overshoots far beyond the colours of pictures.
            now = (step.prediction.x_0 if i > 0 else x_t).clamp(-1, 1)
            preview = torch.where(roi, now, x_0).expand(count, -1, -1, -1)
            loss, accuracy = step.loss.expand(count), step.accuracy.expand(count)
            t = int(schedule.timesteps[i])
            number = len(schedule) - i
            told = Step(number, len(schedule), t, preview, loss, accuracy, x_t, push * scale)
            steer = on_step(told) or Steer()
            if steer.stop:
                return preview
            x_t = x_t if steer.x_t is None else steer.x_t
            if steer.scale is not None and steer.scale != told.scale:
                if scale == 0:
                    raise InputError("guidance after a scale of 0", "callback", "Begin with some.")
                push = steer.scale / scale
    return x_t


def _noise(generators: Sequence[torch.Generator], like: Tensor, temperature: float) -> Tensor:
    # pinned: a copy from other memory would wait for the GPU
    pinned = like.device.type == "cuda"
    drawn = torch.empty(len(generators), *like.shape[1:], dtype=like.dtype, pin_memory=pinned)
    for own, place in zip(generators, drawn, strict=True):
        torch.randn(place.shape, generator=own, dtype=like.dtype, out=place)
    return sent(drawn, like.device) * temperature
