"""How far a picture lies from those of its category, and what is usual for these."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from pixelguide.images import is_grey, to_model
from pixelguide.labels import LabelMap
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.picture_statistics import PictureStatistics, Range, find_eyes
from pixelguide.segment.segmenter import NOISE_SEED, Segmenter, picture_uncertainty

if TYPE_CHECKING:
    from pixelguide.segment.dataset import LabelledPictures

NOISE_LEVEL = 0.25
"""Of the model's timesteps: noise that hides texture and leaves things to be recognized."""
Degree = Literal["usual", "unusual", "far", "alien"]
DEGREES: dict[Degree, float] = {"usual": 1.0, "unusual": 2.5, "far": 5.0, "alien": math.inf}
"""Up to which distance from the median a picture counts as what."""


class Familiarity(BaseModel):
    """How far a picture lies from those its category was made for.

    denoising, doubt: its measures. limits: what they are compared with, None where the model does
    not say. far: the names of those above their limits. distance: of the error through noise, 0 at
    the median and 1 at the limit. degree: what that amounts to, see `DEGREES`.
    """

    model_config = ConfigDict(frozen=True)

    denoising: float
    doubt: float
    limits: dict[str, float]
    far: tuple[str, ...]
    distance: float
    degree: Degree


@torch.no_grad()
def denoising_errors(denoiser: Denoiser, x_0: Tensor, where: Tensor | None = None) -> list[float]:
    """How badly the prior sees each of pictures (N×3×S×S in [-1, 1]) through noise, at the pixels
    `where` (bool S×S) if they are given: root mean square of predicted less true values, of 255.
    The noise is always the same, and for all pictures."""
    schedule = denoiser.schedule
    level = round(NOISE_LEVEL * len(schedule))
    generator = torch.Generator().manual_seed(NOISE_SEED)
    noise = torch.randn(x_0.shape[1:], generator=generator).to(x_0.device)[None]
    x_t = schedule.add_noise(x_0, noise, torch.full((len(x_0),), level))
    predicted = denoiser(x_t, schedule, level).x_0.clamp(-1, 1)
    squares = (predicted - x_0).square().mean(1)  # N×S×S
    chosen = squares.flatten(1) if where is None else squares[:, where.to(x_0.device)]
    errors: list[float] = (chosen.mean(1).sqrt() * 127.5).tolist()
    return errors


def denoising_error(denoiser: Denoiser, x_0: Tensor) -> float:
    """`denoising_errors` of a single picture, all of it."""
    return denoising_errors(denoiser, x_0)[0]


def familiarity(
    denoiser: Denoiser, statistics: PictureStatistics, x_0: Tensor, label_map: LabelMap
) -> Familiarity:
    """How far a picture (1×3×S×S in [-1, 1]) with its `label_map` lies from the category's."""
    measures = {
        "denoising": denoising_error(denoiser, x_0),
        "doubt": picture_uncertainty(label_map),
    }
    ranges = {"denoising": statistics.denoising, "doubt": statistics.doubt}
    limits = {name: known.limit for name, known in ranges.items() if known}
    far = tuple(name for name, limit in limits.items() if measures[name] > limit)
    # not of doubt: f_multi was taught the pictures that say what is usual, any other it doubts more
    known = statistics.denoising
    distance = known.distance(measures["denoising"]) if known else 0.0
    degree = next(name for name, highest in DEGREES.items() if distance <= highest)
    return Familiarity(
        **measures, limits=limits, far=far, distance=round(distance, 3), degree=degree
    )


def measure_statistics(
    denoiser: Denoiser, segmenter: Segmenter, pictures: LabelledPictures
) -> PictureStatistics:
    """The statistics of the category of which these are labelled pictures."""
    errors, doubts = [], []
    for image in pictures.images:
        x_0 = to_model(image, denoiser.device)
        errors.append(denoising_error(denoiser, x_0))
        doubts.append(picture_uncertainty(segmenter(x_0)[0]))
    return PictureStatistics(
        eyes=find_eyes(pictures.label_ids, pictures.labels),
        denoising=_range(errors),
        doubt=_range(doubts),
        pictures=len(pictures),
        grey=is_grey(pictures.images),
    )


def _range(values: list[float]) -> Range:
    return Range(median=round(float(np.median(values)), 4), highest=round(float(np.max(values)), 4))
