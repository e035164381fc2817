"""The frozen diffusion model as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pixelguide.devices import sent
from pixelguide.errors import InputError
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import Tap, TapReader
from pixelguide.prior.unet import Network


@dataclass(frozen=True)
class Prediction:
    """What one pass of the network says about x_t, all float32 N×C×H×W.

    eps: ε_θ. x_0: f_θ, not clipped. v: the variance output in [-1, 1], None if not learned.
    taps: decoder activations, in the order of `Denoiser.taps`. They alone carry gradients.
    """

    eps: Tensor
    x_0: Tensor
    v: Tensor | None
    taps: list[Tensor]


class Denoiser:
    """One pass of a frozen U-Net: ε, x_0, variance and decoder activations together.

    Sharing the pass between denoising and labelling is what makes pixel-wise guidance cheap
    (Matsunaga et al. 2022, sec. 3.2 b).
    """

    def __init__(
        self,
        unet: Network,
        schedule: Schedule,
        taps: tuple[int, ...],
        prediction_type: str = "epsilon",
        compile: bool = False,
        graphs: bool = False,
    ) -> None:
        """prediction_type: what the network answers, as diffusers names it: "epsilon", "sample"
        (x_0) or "v_prediction" (Salimans & Ho 2022, arXiv 2202.00512). compile, graphs: see
        `TapReader`. Raises InputError for other types, and for taps that the network has not."""
        if prediction_type not in ("epsilon", "sample", "v_prediction"):
            raise InputError(
                f"prediction_type '{prediction_type}'",
                "scheduler_config.json",
                "A prior answers with epsilon, sample or v_prediction.",
            )
        self._reader = TapReader(unet, taps, compile, graphs)
        self.schedule = schedule
        self.unet = unet
        self.prediction_type = prediction_type
        self._counts: list[list[int]] = []
        # of levels without signal ε tells no x_0 (Lin et al. 2024, arXiv 2305.08891)
        empty = (schedule.alpha_bar == 0).cpu() & torch.tensor(prediction_type == "epsilon")
        self._blind = set(schedule.timesteps[empty].tolist())

    @classmethod
    def from_parts(
        cls,
        unet: Network,
        scheduler: Any,
        taps: tuple[int, ...],
        compile: bool = False,
        graphs: bool = False,
    ) -> Denoiser:
        """A denoiser of diffusers' parts: a network and the scheduler it was trained with."""
        schedule = Schedule.from_scheduler(scheduler)
        kind = scheduler.config.get("prediction_type", "epsilon")
        return cls(unet, schedule, taps, kind, compile, graphs)

    @property
    def taps(self) -> tuple[Tap, ...]:
        """Where the activations come from."""
        return self._reader.taps

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return int(self.unet.config.sample_size)

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        device: torch.device = self.unet.device
        return device

    def eager(self) -> AbstractContextManager[None]:
        """See `TapReader.eager`."""
        return self._reader.eager()

    @contextmanager
    def counted(self) -> Iterator[list[int]]:
        """The batch size of every pass in here, as they happen, those for features alone too."""
        sizes: list[int] = []
        self._counts.append(sizes)
        try:
            yield sizes
        finally:
            self._counts = [known for known in self._counts if known is not sizes]

    def __call__(self, x_t: Tensor, schedule: Schedule, i: int) -> Prediction:
        """Predictions for x_t (float32 N×C×H×W) at level i of `schedule` (maybe a respaced one).

        Raises InputError for a level without any signal, from which ε tells no x_0.
        """
        if self._blind and int(schedule.timesteps[i]) in self._blind:
            t = int(schedule.timesteps[i])
            raise InputError(
                f"a start of {t + 1}: at t = {t} this model's schedule leaves nothing of a picture, "
                "and its network predicts noise",
                "settings",
                f"Start at {t} or lower.",
            )
        self._count(x_t)
        level = torch.full((len(x_t),), i)
        # one timestep for all of x_t: its embedding is computed once
        output, taps = self._reader(x_t, sent(schedule.timesteps[level[:1]], x_t.device))
        channels = x_t.shape[1]
        answer, v = output[:, :channels], output[:, channels:]
        if self.prediction_type == "epsilon":
            eps, x_0 = answer, schedule.predict_x_0(x_t, answer, level)
        elif self.prediction_type == "sample":
            eps, x_0 = schedule.predict_eps(x_t, answer, level), answer
        else:
            eps, x_0 = schedule.from_velocity(x_t, answer, level)
        return Prediction(eps, x_0, v if v.shape[1] else None, taps)

    def features(self, x_t: Tensor, t: int) -> list[Tensor]:
        """Activations at timestep t, for x_t that already carries that much noise."""
        self._count(x_t)
        return self._reader.features(x_t, torch.full((1,), t, device=x_t.device))

    def _count(self, x_t: Tensor) -> None:
        for sizes in self._counts:
            sizes.append(len(x_t))
