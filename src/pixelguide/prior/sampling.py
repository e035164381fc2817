"""Unconditional samples, to look at what a prior has learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.images import from_model, save_png
from pixelguide.prior.schedule import Schedule, spaced_timesteps


@dataclass(frozen=True)
class MeanColours:
    """What the mean colours of a category's pictures are like: mean 3 and covariance 3×3, float32.

    Pure noise of S×S pixels has a mean of its own, 1/S or so, which predicting x_0 multiplies by
    150. A network has next to no reason to tell it from the picture's (of L_simple it is a share
    of 1/S²), and small ones do not: all of it goes into the sample as a hue.
    """

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, pictures: Tensor) -> MeanColours:
        """Those of pictures N×3×S×S in [-1, 1]."""
        means = pictures.mean((2, 3))
        apart = means - means.mean(0)
        spread = apart.T @ apart / max(1, len(means) - 1)
        return cls(means.mean(0), spread + 1e-2 / len(means) * torch.eye(3))

    def corrected(self, x_0: Tensor, x_t: Tensor, alpha_bar: Tensor) -> Tensor:
        """x_0 N×3×S×S with the mean colour that is expected where x_t's is known: both of them
        normally distributed, noise with variance (1-ᾱ)/S². Where noise is weak, that of x_t."""
        device, pixels = x_0.device, x_0.shape[2] * x_0.shape[3]
        noise = (1 - alpha_bar) / pixels * torch.eye(3)
        gain = (
            alpha_bar.sqrt()
            * self.covariance
            @ torch.linalg.inv(alpha_bar * self.covariance + noise)
        )
        surprise = x_t.mean((2, 3)).cpu() - alpha_bar.sqrt() * self.mean
        expected = (self.mean + surprise @ gain.T).to(device)
        corrected: Tensor = x_0 + (expected - x_0.mean((2, 3)))[..., None, None]
        return corrected


@torch.no_grad()
def sample(
    unet: torch.nn.Module,
    schedule: Schedule,
    x_t: Tensor,
    steps: int = 50,
    colours: MeanColours | None = None,
) -> NDArray[np.uint8]:
    """Pictures uint8 N×H×W×3 from noise N×3×H×W, by DDIM (Song et al. 2020, arXiv 2010.02502).

    colours: of the category's pictures, if known; without them a small network's samples of 128²
    and more have strong hues.
    """
    respaced = schedule.respaced(spaced_timesteps(len(schedule), steps))
    for i in reversed(range(len(respaced))):
        level = torch.full((len(x_t),), i)
        timesteps = respaced.timesteps[level].to(x_t.device)
        eps = unet(x_t, timesteps).sample[:, : x_t.shape[1]]
        x_0 = respaced.predict_x_0(x_t, eps, level)
        if colours is not None:
            x_0 = colours.corrected(x_0, x_t, respaced.alpha_bar[i].float())
        x_0 = x_0.clamp(-1, 1)
        x_t = respaced.ddim_step(x_0, respaced.predict_eps(x_t, x_0, level), level)
    return from_model(x_t)


def sample_grid(
    unet: torch.nn.Module,
    schedule: Schedule,
    generator: torch.Generator,
    folder: Path,
    colours: MeanColours,
    count: int = 16,
) -> None:
    """Write `folder`/samples.png: `count` pictures from noise of `generator`, in a near-square."""
    size = int(unet.config.sample_size)  # type: ignore[union-attr, arg-type]
    noise = torch.randn(count, 3, size, size, generator=generator)
    device = next(unet.parameters()).device
    pictures = sample(unet, schedule, noise.to(device), colours=colours)
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, columns)
        sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = picture
    save_png(folder / "samples.png", sheet)
