"""Unconditional samples, to look at what a prior has learned."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.images import from_model, save_png
from pixelguide.prior.schedule import Schedule, spaced_timesteps


@torch.no_grad()
def sample(
    unet: torch.nn.Module, schedule: Schedule, x_t: Tensor, steps: int = 50
) -> NDArray[np.uint8]:
    """Pictures uint8 N×H×W×3 from noise N×3×H×W, by DDIM (Song et al. 2020, arXiv 2010.02502)."""
    respaced = schedule.respaced(spaced_timesteps(len(schedule), steps))
    for i in reversed(range(len(respaced))):
        level = torch.full((len(x_t),), i)
        timesteps = respaced.timesteps[level].to(x_t.device)
        eps = unet(x_t, timesteps).sample[:, : x_t.shape[1]]
        x_0 = respaced.predict_x_0(x_t, eps, level).clamp(-1, 1)
        x_t = respaced.ddim_step(x_0, respaced.predict_eps(x_t, x_0, level), level)
    return from_model(x_t)


def sample_grid(
    unet: torch.nn.Module,
    schedule: Schedule,
    generator: torch.Generator,
    folder: Path,
    count: int = 16,
) -> None:
    """Write `folder`/samples.png: `count` pictures from noise of `generator`, in a near-square."""
    size = int(unet.config.sample_size)  # type: ignore[union-attr, arg-type]
    noise = torch.randn(count, 3, size, size, generator=generator)
    pictures = sample(unet, schedule, noise.to(next(unet.parameters()).device))
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, columns)
        sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = picture
    save_png(folder / "samples.png", sheet)
