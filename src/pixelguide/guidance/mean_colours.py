"""Colour control: what the mean colour of a class is to be, held in every predicted x_0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.guidance.class_colours import LEAST, ClassColour
from pixelguide.guidance.guidance import GuidedDenoiser, GuidedPrediction
from pixelguide.labels import LabelMap
from pixelguide.prior.schedule import Schedule

_ROUNDS = 2
"""Shifts of x_0 in one step: colours that a shift drives out of [-1, 1] are clipped, so that the
first falls a little short."""
KEPT_WITHIN = 0.05
"""Of the range [-1, 1], a channel: how far the mean of a class may go from what it was where no
colour is asked for. A class that changes its shape changes its mean a little (thin lips are mixed
with skin at their rim), and to hold it exactly costs half a decibel (docs/decisions.md). Hair that
grows over a forehead has no such rim, and guidance would take all that it may to darken it."""


@dataclass(frozen=True)
class MeanColour:
    """pixels: bool S×S, those whose mean counts. colour: float32 3 in [-1, 1], what it is to be, to
    `within` of it in each channel."""

    pixels: Tensor
    colour: Tensor
    within: float = 0.0


def with_class_colours(
    guided: GuidedDenoiser,
    wanted: Sequence[ClassColour],
    target: LabelMap,
    made: NDArray[np.bool_],
) -> GuidedDenoiser:
    """`with_mean_colours` of the classes in what the steps make anew, `made` (bool S×S)."""
    shown = [(each, each.pixels(target) & made) for each in wanted]
    return with_mean_colours(
        guided,
        [
            MeanColour(
                torch.from_numpy(pixels),
                torch.from_numpy(each.colour / 127.5 - 1).float(),
                0.0 if each.asked or each.exact else KEPT_WITHIN,
            )
            for each, pixels in shown
            if pixels.sum() >= LEAST
        ],
    )


def with_mean_colours(guided: GuidedDenoiser, wanted: Sequence[MeanColour]) -> GuidedDenoiser:
    """Wrap `guided` so that the x_0 it predicts has the `wanted` mean colours.

    Of all x_0 with these means the nearest to the predicted one is taken, which is each region
    shifted by what its mean lacks, of what is more than `within`: the range-null-space
    decomposition of DDNM (Wang et al. 2022, arXiv 2212.00490, eq. 7) with the regions' means as the
    measurement. It has no strength to choose and costs no pass. ε follows x_0, so that x_t stays
    what it is. Regions must not overlap.
    """
    if not wanted:
        return guided

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        step = guided(x_t, schedule, i)
        x_0 = step.prediction.x_0.clamp(-1, 1)
        for _ in range(_ROUNDS):
            for region in wanted:
                pixels = region.pixels.to(x_0.device)
                lacking = region.colour.to(x_0.device) - x_0[:, :, pixels].mean(2)  # N×3
                lacking = lacking - lacking.clamp(-region.within, region.within)
                x_0 = x_0 + lacking[:, :, None, None] * pixels
            x_0 = x_0.clamp(-1, 1)
        eps = schedule.predict_eps(x_t, x_0, torch.full((len(x_t),), i))
        return replace(step, prediction=replace(step.prediction, x_0=x_0, eps=eps))

    return predict
