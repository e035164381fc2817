"""A guidance strength that means the same for every classifier, region and noise level."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from pixelguide.guidance.guidance import GuidedDenoiser, GuidedPrediction
from pixelguide.prior.schedule import Schedule

_LEAST = 1e-12


def in_noise_units(guided: GuidedDenoiser, roi: Tensor) -> GuidedDenoiser:
    """Wrap `guided` for one run, so that a scale says how far ε is moved, beside what it is itself.

    Guidance moves ε by √(1-ᾱ_t) s g (Matsunaga et al. 2022, the DDIM variant of eq. 9). How large g
    is depends on how sharp the classifiers are and on how many pixels share the mean of eq. 8:
    s = 300 and s = 100 of two categories cannot be compared. Here g is multiplied, for each
    candidate, by one factor, so that over the `roi` (bool S×S) the root mean square of that
    movement is s (1 - p) in the first step that the wrapped network is asked for, where p is the
    mean probability that C_t gives to the target map. Of ε itself it is 1. The factor stays, so
    that the push fades with the gradient as the map is followed. Divided anew in every step it
    would not, and pixels that no classifier is sure of would be pushed to the end.
    """
    first: list[Tensor] = []

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        step = guided(x_t, schedule, i)
        if not first:
            size = step.gradient[:, :, roi].square().mean((1, 2)).sqrt()  # N
            sigma = float((1 - schedule.alpha_bar[i]).sqrt())
            doubt = step.doubt.to(size.device).clamp(min=0)
            first.append((doubt / (size * sigma).clamp(min=_LEAST))[:, None, None, None])
        return replace(step, gradient=first[0] * step.gradient)

    return predict
