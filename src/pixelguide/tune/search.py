"""Which settings serve edits best: a search, one setting after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pixelguide.edit.settings import StartFrom

ACCURACY = 10.0
"""What an accuracy of 1 is worth, in dB of PSNR to the truth: 0.01 counts like 0.1 dB."""
COST = 0.01
"""What a pass costs, in dB."""
PROBE = 5
"""Edits by which settings are judged before the rest of the edits is spent on them …"""
HOPELESS = 0.5
"""… if they are not so much worse there, in dB."""
STARTS = (0.17, 0.12, 0.25, 0.35, 0.5)
"""Shares of the model's timesteps; around 0.17 edits from colours are best in two categories."""
SCALES = (1.8, 4.5)
TEMPERATURES = (0.4, 0.8)
STEPS = (4, 10)
INVERTED = ((0.35, 3.0), (0.5, 3.0))
"""Starts and scales from the picture's inversion, which is noise of temperature 1."""
INVERSION_STEPS, INVERTED_STEPS = 4, 11
"""As the schedule "fast" has them."""


@dataclass(frozen=True)
class Choice:
    """Settings of one edit, see `EditSettings`; the scale is in units of the noise."""

    start_from: StartFrom
    start: int
    scale: float
    steps: int
    temperature: float

    @property
    def passes(self) -> int:
        """Of the network, for one candidate."""
        return self.steps + (INVERSION_STEPS if self.start_from == "inversion" else 0)

    def settings(self) -> dict[str, Any]:
        """Fields of `EditSettings`."""
        return {
            "start_from": self.start_from,
            "start_timestep": self.start,
            "guidance_scale": self.scale,
            "guidance_unit": "noise",
            "num_inference_steps": self.steps,
            "temperature": self.temperature,
        }


@dataclass(frozen=True)
class Score:
    """Of one edit: psnr to the truth in the region, dB; accuracy by f_multi there."""

    psnr: float
    accuracy: float


Measure = Callable[[Choice, int], list[Score]]
"""Scores of the first so many edits."""


def worth(choice: Choice, scores: Sequence[Score]) -> float:
    """What settings are chosen by, in dB: nearness to the truth, agreement with the map, cost."""
    values = [score.psnr + ACCURACY * score.accuracy for score in scores]
    return float(np.mean(values)) - COST * choice.passes


def search(measure: Measure, edits: int, timesteps: int) -> Choice:
    """The best settings found for `edits` edits, on a model of so many timesteps.

    From colours first: t0, then the scale, temperature, steps, and t0 again nearby; then some
    starts from the inversion. Each is judged by all edits, or by `PROBE` where those tell enough.
    """
    worths: dict[Choice, float] = {}

    def judged(choice: Choice, rival: Choice | None) -> float:
        if choice not in worths:
            few = min(PROBE, edits)
            if rival is not None:
                lost = worth(rival, measure(rival, few)) - worth(choice, measure(choice, few))
                if lost > HOPELESS:
                    return -np.inf
            worths[choice] = worth(choice, measure(choice, edits))
        return worths[choice]

    def better(best: Choice, others: Sequence[Choice]) -> Choice:
        judged(best, None)
        for other in others:
            if other.steps <= other.start and judged(other, best) > worths[best]:
                best = other
        return best

    first, *others = [max(2, round(share * timesteps)) for share in STARTS]
    best = Choice("colours", first, 3.0, min(6, first), 0.6)
    best = better(best, [replace(best, start=start) for start in others])
    best = better(best, [replace(best, scale=scale) for scale in SCALES])
    best = better(best, [replace(best, temperature=t) for t in TEMPERATURES])
    best = better(best, [replace(best, steps=steps) for steps in STEPS])
    nearby = [max(2, round(best.start * factor)) for factor in (0.8, 1.25)]
    best = better(best, [replace(best, start=start) for start in nearby])
    inverted = [
        Choice("inversion", round(share * timesteps), scale, INVERTED_STEPS, 1.0)
        for share, scale in INVERTED
    ]
    return better(best, inverted)


def most_choices() -> int:
    """How many settings a search judges at most."""
    colours = len(STARTS) + len(SCALES) + len(TEMPERATURES) + len(STEPS) + 2
    return colours + len(INVERTED)
