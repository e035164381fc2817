"""A runner without a model: quick, and as ill-behaved as a test wants. Imports no torch."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pixelguide.errors import InputError
from pixelguide.studio.messages import (
    EditOutcome,
    EditTask,
    OpenRunner,
    Outcome,
    Report,
    SegmentOutcome,
    SegmentTask,
    Task,
)

# Seeds of edits that go wrong.
CRASHES, CRASHES_ONCE, HANGS, OUT_OF_MEMORY, BAD_INPUT, BUG = range(101, 107)


class StubRunner:
    """An edit paints the ROI in a colour for each candidate; a map is all of class 4."""

    def __init__(self, marks: Path, step_seconds: float, report: Report) -> None:
        self._marks, self._step_seconds = marks, step_seconds

    def perform(self, task: Task, report: Report) -> Outcome:
        if isinstance(task, SegmentTask):
            return SegmentOutcome(np.full(task.pixels.shape[:2], 4, np.uint8), 0.125, 0.01)
        self._misbehave(task.settings.get("seed", 0))
        return self._edit(task, report)

    def spare_work(self) -> Iterator[None]:
        return iter(())

    def _misbehave(self, seed: int) -> None:
        if seed == CRASHES:
            os._exit(1)
        if seed == CRASHES_ONCE and not (self._marks / "crashed").exists():
            (self._marks / "crashed").touch()
            os._exit(1)
        if seed == HANGS:
            time.sleep(3600)
        if seed == OUT_OF_MEMORY:
            raise MemoryError
        if seed == BAD_INPUT:
            raise InputError("nothing to edit", "map", "Repaint it.")
        if seed == BUG:
            raise RuntimeError("a secret of the server")

    def _edit(self, task: EditTask, report: Report) -> EditOutcome:
        settings = task.settings
        count, steps = settings.get("num_images", 4), settings.get("num_inference_steps", 5)
        roi = task.source != task.target
        images = np.repeat(task.pixels[None], count, 0)
        images[:, roi] = np.arange(count, dtype=np.uint8)[:, None, None] * 50
        for step in range(steps):
            time.sleep(self._step_seconds)
            report({"stage": "edit", "done": step + 1, "total": steps, "t": 0, "preview": images})
        scores: list[dict[str, Any]] = [
            {"roi_accuracy": 0.5, "roi_loss": 1.0 - k / 100, "changed_pixels_outside": 0}
            for k in range(count)
        ]
        return EditOutcome(
            images, scores, count - 1, roi, 1, {"settings": settings, "best": "x.png"}
        )


def stub(marks: Path, step_seconds: float = 0.0) -> OpenRunner:
    """What opens a `StubRunner` in the worker. marks: a folder for what it has to remember."""
    return partial(StubRunner, marks, step_seconds)


class SlowRunner(StubRunner):
    """A model that is opened in four stages, each of which ends when the folder of marks has a file
    of its number."""

    def __init__(self, marks: Path, report: Report) -> None:
        for stage in range(4):
            report({"stage": "open", "done": stage, "total": 4})
            while not (marks / f"{stage}").exists():
                time.sleep(0.01)
        super().__init__(marks, 0.0, report)


class BrokenRunner:
    """A model that cannot be opened."""

    def __init__(self, report: Report) -> None:
        raise InputError("weights are damaged", "/secret/place/unet.safetensors", "Fetch it again.")


class DyingRunner:
    """A model whose opening ends the process."""

    def __init__(self, report: Report) -> None:
        os._exit(1)
