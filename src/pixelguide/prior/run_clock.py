"""How much of a training lies ahead, by its steps and by the clock."""

from __future__ import annotations

import time

from pixelguide.prior.training_settings import PriorTraining

SAMPLE_PASSES = 16 * 50
"""Passes of the network, one picture each, that a sheet of samples takes."""
_PASS = 1 / 3
"""Of what a picture takes in a step, where it goes back through the network too."""


class RunClock:
    """The clock of one run, which begins with its first batch.

    `settings.minutes` are those from the first step to the last file: what is written at the end is
    reckoned with, by what a checkpoint of this run took, and before there was one by what so many
    passes will take.
    """

    def __init__(self, settings: PriorTraining, total_steps: int, first_step: int) -> None:
        self._settings, self._total, self._first = settings, total_steps, first_step
        self._began: float | None = None
        self._checkpoint: float | None = None
        self._between = 0.0  # seconds spent on checkpoints, which are no steps

    def start(self) -> None:
        """Begin, if it has not begun yet: with the first batch."""
        if self._began is None:
            self._began = time.monotonic()

    def left(self, step: int) -> float:
        """Share of the training, by steps or by the clock, that lies behind step `step`; 0 and
        below: it is to end."""
        by_steps = (self._total + 1 - step) / (self._total + 1)
        if self._settings.minutes is None:
            return by_steps
        limit = 60 * self._settings.minutes
        working = max(limit - self._ending(step), limit / 2)
        return min(by_steps, 1 - self._passed() / working)

    def pictures_per_second(self, step: int) -> float:
        """The pace of this run's steps so far."""
        seconds = self._passed() - self._between
        return (step - self._first) * self._settings.batch_size / seconds if seconds > 0 else 0.0

    def checkpoint_took(self, seconds: float) -> None:
        """Tell it what a checkpoint took; the last one is as long."""
        self._checkpoint = seconds
        self._between += seconds

    def _ending(self, step: int) -> float:
        if self._checkpoint is not None:
            return self._checkpoint
        pace = self.pictures_per_second(step - 1)
        return _PASS * (SAMPLE_PASSES + self._settings.held_out) / pace if pace else 0.0

    def _passed(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began
