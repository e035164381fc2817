"""From a picture to the noise that DDIM would make it from."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule


@torch.no_grad()
def invert(denoiser: Denoiser, x_0: Tensor, schedule: Schedule) -> Tensor:
    """x_{t0} of pictures x_0 (float32 N×3×S×S in [-1, 1]), t0 being the last level of `schedule`.

    x_{t+1} = √ᾱ_{t+1} f_θ(x_t, t) + √(1-ᾱ_{t+1}) ε_θ(x_t, t) (Matsunaga et al. 2022, eq. 4). The
    picture itself stands for x_t at the first level, whose noise is below one grey value.
    """
    x_t = x_0
    for i in range(len(schedule) - 1):
        prediction = denoiser(x_t, schedule, i)
        x_t = schedule.add_noise(prediction.x_0, prediction.eps, torch.full((len(x_t),), i + 1))
    return x_t


@torch.no_grad()
def reconstruct(denoiser: Denoiser, x_t: Tensor, schedule: Schedule) -> Tensor:
    """The picture DDIM makes from x_{t0} without any edit (eq. 2); undoes `invert`."""
    for i in reversed(range(len(schedule))):
        prediction = denoiser(x_t, schedule, i)
        x_t = schedule.ddim_step(prediction.x_0, prediction.eps, torch.full((len(x_t),), i))
    return x_t
