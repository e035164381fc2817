"""SDEdit on our prior: noise on a stroke painting, taken away again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.edit.region import composite
from pixelguide.errors import InputError
from pixelguide.images import from_model, to_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import spaced_timesteps


@torch.no_grad()
def sdedit(
    denoiser: Denoiser,
    image: NDArray[np.uint8],
    guide: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    t0: float,
    steps: int,
    generators: Sequence[torch.Generator],
) -> NDArray[np.uint8]:
    """Edited pictures, uint8 N×S×S×3, one for each of N CPU `generators`.

    (Meng et al. 2021, arXiv 2108.01073: the VP-SDE form of stroke-based editing with a mask, once
    through.) The guide (uint8 S×S×3) is noised to t0, a share of the full schedule in (0, 1], and
    denoised in `steps` DDPM steps; at every level the pixels outside `roi` (bool S×S, True = may
    change) are those of `image`, noised to it. The bytes outside are copied from `image` at the
    end: the original masks the last level in the same way. Raises InputError for a t0 out of range.
    """
    start = round(t0 * len(denoiser.schedule))
    if not 2 <= start <= len(denoiser.schedule):
        raise InputError(f"t0 {t0}", "sdedit", "It is a share of all noise levels, 0.1 … 0.5.")
    schedule = denoiser.schedule.respaced(spaced_timesteps(start, steps))
    x_0 = to_model(image, denoiser.device)
    strokes = to_model(guide, denoiser.device)
    inside = torch.from_numpy(roi).to(denoiser.device)

    level = torch.full((len(generators),), len(schedule) - 1)
    x_t = schedule.add_noise(strokes, _noise(generators, strokes), level)
    for i in reversed(range(len(schedule))):
        level = torch.full((len(generators),), i)
        z, background_noise = _noise(generators, x_0), _noise(generators, x_0)
        prediction = denoiser(x_t, schedule, i)
        x_fg = schedule.posterior_mean(x_t, prediction.x_0.clamp(-1, 1), level)
        if i > 0:  # the last step returns the mean
            x_fg = x_fg + (0.5 * schedule.log_variance(prediction.v, level, x_t)).exp() * z
        x_bg = schedule.add_noise_before(x_0, background_noise, level)
        x_t = torch.where(inside, x_fg, x_bg)
    return composite(image, from_model(x_t), roi)


def _noise(generators: Sequence[torch.Generator], like: Tensor) -> Tensor:
    return torch.stack(
        [torch.randn(like.shape[1:], generator=own, dtype=like.dtype) for own in generators]
    ).to(like.device)
