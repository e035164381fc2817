"""A stub of a denoiser that sees pictures as they are, for trainings that take no time."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import Tap
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.plan import ClassifierTraining

SETTINGS = ClassifierTraining(
    segment_timesteps=(0, 5),
    starts=(12,),
    steps=5,
    batch_size=16,
    iterations=6,
    tuning=6,
    noise_draws=2,
    pixels=48,
    together=2,
)


class Eye:
    """Stands for a denoiser of 8×8 pictures; its one tap is what it is shown."""

    size = 8
    device = torch.device("cpu")
    taps = (Tap(0, 3, 1),)

    def __init__(self) -> None:
        self.schedule = Schedule.linear()
        self.unet = torch.nn.Linear(1, 1)  # has weights, as a prior has
        self.seen: list[int] = []

    def features(self, x_t: Tensor, t: int) -> list[Tensor]:
        self.seen += [t] * len(x_t)
        return [x_t]


def state(banks: tuple[ClassifierBank, ...]) -> dict[str, Tensor]:
    return {f"{k}.{n}": v.clone() for k, b in enumerate(banks) for n, v in b.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())
