"""Methods run by several workers: each makes and measures one task's pictures at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pixelguide.edit.editor import Editor
from pixelguide.edit.opening import Opened, moved
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.independent import IndependentSegmenter
from pixelguide.evaluate.judge import Judge, independent_of
from pixelguide.evaluate.methods import Setup, method
from pixelguide.evaluate.runner import Measured, measure
from pixelguide.guidance.flat_colours import Colours
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
from pixelguide.workers.task import Check, OpenWorker, Pool


@dataclass(frozen=True)
class Spread:
    """Workers for an evaluation. parts: of the editor that is evaluated, on the CPU. device: of a
    worker. pool_of: makes the workers, of what opens one."""

    parts: Opened
    device: str
    pool_of: Callable[[OpenWorker], Pool]


@dataclass(frozen=True)
class OpenEvaluator:
    """Opens an `Evaluator` of a category's parts on the CPU, or on `device`, which
    it computes on. methods: their names, see `method`."""

    parts: Opened
    device: str
    methods: Sequence[str]
    colours: Colours
    num_images: int
    settings: Mapping[str, Any]
    seed: int

    def __call__(self) -> Evaluator:
        """The worker."""
        editor = Editor(**vars(moved(self.parts, torch.device(self.device), DEFAULT_OPTIONS)))
        setup = Setup(editor, self.colours, self.num_images, self.settings)
        return Evaluator(setup, self.methods, independent_of(editor), self.seed)


class Evaluator:
    """Makes and measures, one picture at a time; see `Worker`."""

    def __init__(
        self,
        setup: Setup,
        methods: Sequence[str],
        independent: IndependentSegmenter | None,
        seed: int,
    ) -> None:
        self._methods = {text: method(text, setup) for text in methods}
        self._judge, self._seed = Judge(setup.editor, independent), seed
        self._lock = threading.Lock()

    def perform(self, payload: tuple[EditTask, str], check: Check) -> Measured:
        """The rows and pictures of a task by the method of that name."""
        task, name = payload
        with self._lock:
            check()
            return measure(task, self._methods[name], self._judge, self._seed)
