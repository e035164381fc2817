"""Progress of an edit, and how long its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from pixelguide.guidance.sampling import Steer, Step
from pixelguide.images import from_model

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Steering:
    """How a program takes part in an edit, beside watching its progress.

    on_step: see `sample_edit`. x_t: where the steps begin instead of at the picture's inversion or
    colours, float32 N×3×S×S with noise of t0, for N candidates.
    """

    on_step: Callable[[Step], Steer | None] | None = None
    x_t: Tensor | None = None


UNSTEERED = Steering()


def step_watcher(
    on_progress: Progress | None, stage: str = "edit"
) -> Callable[[Step], None] | None:
    """`on_progress` as a watcher of the sampler.

    It is told {"stage", "done", "total", "t", "preview": uint8 N×S×S×3} after each step.
    """
    if on_progress is None:
        return None
    return lambda step: on_progress(
        {
            "stage": stage,
            "done": step.number,
            "total": step.total,
            "t": step.t,
            "preview": from_model(step.x_0),
        }
    )


class Clock:
    """Seconds per stage, and in total."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what runs inside as `stage`, which may come again."""
        began = time.monotonic()
        yield
        self._stages[stage] = self._stages.get(stage, 0) + time.monotonic() - began

    @property
    def seconds(self) -> dict[str, float]:
        """Of each stage so far, and "total" since the clock was made."""
        return {**self._stages, "total": time.monotonic() - self._began}
