"""What the server and its model worker say to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pixelguide.studio.error_content import ErrorContent

Report = Callable[[dict[str, Any]], None]
"""Told of each step: {"stage", "done", "total"}, perhaps "t" and "preview" (uint8 N×S×S×3).
Raises `Cancelled` when the work is no longer wanted."""


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """The work is no longer wanted."""


@dataclass(frozen=True)
class SegmentTask:
    """Read a label map. picture: its id; pixels: uint8 S×S×3."""

    number: int
    picture: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class EditTask:
    """Make a picture follow a map. source, target: ids uint8 S×S. settings: of `EditSettings`.
    region: bool S×S, what may change before dilation; None to find it."""

    number: int
    picture: str
    pixels: NDArray[np.uint8]
    source: NDArray[np.uint8]
    target: NDArray[np.uint8]
    classes: tuple[str, ...] | None
    settings: dict[str, Any]
    region: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class SegmentOutcome:
    """ids: uint8 S×S. uncertainty: mean over the picture, in [0, 1]. seconds: taken. familiarity:
    that of `Editor.familiarity`, where the model says what is usual."""

    ids: NDArray[np.uint8]
    uncertainty: float
    seconds: float
    familiarity: dict[str, Any] | None = None


@dataclass(frozen=True)
class EditOutcome:
    """images: uint8 N×S×S×3. scores: of each {"roi_accuracy", "roi_loss",
    "changed_pixels_outside"}. best: index. roi: bool S×S. feather: model pixels
    over which a change sets in. report: that of `EditResult`."""

    images: NDArray[np.uint8]
    scores: list[dict[str, Any]]
    best: int
    roi: NDArray[np.bool_]
    feather: int
    report: dict[str, Any]


Task = SegmentTask | EditTask
Outcome = SegmentOutcome | EditOutcome


class TaskRunner(Protocol):
    """Who does the work in the worker: an `Editor`, or a stand-in in tests."""

    def perform(self, task: Task, report: Report) -> Outcome:
        """Do it. Raises errors of ours, and what `report` raises."""

    def spare_work(self) -> Iterator[None]:
        """What makes the first tasks quicker, piece by piece: the worker takes the next piece
        while nobody waits for it."""


OpenRunner = Callable[[Report], TaskRunner]
"""Opens the model, in the worker, and tells of each stage of that. Must survive pickling: a
function of a module, or a partial."""


@dataclass(frozen=True)
class Stop:
    """To the worker: task `number` is no longer wanted."""

    number: int


@dataclass(frozen=True)
class Opening:
    """From the worker: how many stages of opening the model are done, of how many."""

    done: int
    total: int


@dataclass(frozen=True)
class Ready:
    """From the worker: the model is open."""


@dataclass(frozen=True)
class Broken:
    """From the worker: the model cannot be opened."""

    error: ErrorContent


@dataclass(frozen=True)
class Progress:
    """From the worker: {"stage", "done", "total", "t", "previews"}."""

    number: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Done:
    """From the worker: what a task gave."""

    number: int
    outcome: Outcome


@dataclass(frozen=True)
class Failed:
    """From the worker: why a task gave nothing; without error, because it was cancelled."""

    number: int
    error: ErrorContent | None
