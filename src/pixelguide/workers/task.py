"""Tasks, the workers that perform them, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from pixelguide.errors import PixelguideError, ResourceError, is_out_of_memory

RETRIES = 3
"""Times that a task is tried again after the worker that had it died."""
AHEAD = 3
"""Tasks that a worker has at once: one is read, one is on the device, one is encoded."""
Check = Callable[[], None]
"""Called between steps of a long task; it raises when the task is to end early."""


class Worker(Protocol):
    """Performs tasks. It is called from `AHEAD` threads at once and holds a lock of its own around
    what only one of them may use, such as a model: reading and encoding then run beside it.

    Results depend on the payload alone, never on tasks before or beside it.
    """

    def perform(self, payload: Any, check: Check) -> Any:
        """The result of a task, which can be pickled as `payload` can. What it raises is the
        failure of this task alone."""


OpenWorker = Callable[[], Worker]


@dataclass(frozen=True)
class Task:
    """key: what tells it from all others. payload: what `Worker.perform` takes."""

    key: str
    payload: Any


@dataclass(frozen=True)
class Failure:
    """Why a task failed. kind: the error's class."""

    error: str
    kind: str


@dataclass(frozen=True)
class Outcome:
    """A task's result, or its failure. attempts: how often it was begun."""

    key: str
    value: Any = None
    failure: Failure | None = None
    attempts: int = 1


class Pool(Protocol):
    """Workers that tasks are handed out to."""

    def run(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """An outcome for each task, in the order in which they end. Tasks are taken only as workers
        get free. Closing the iterator, or an exception, ends what runs."""


def attempt(worker: Worker, payload: Any, check: Check) -> Any:
    """The result of a task, or the `Failure` that an exception is."""
    try:
        return worker.perform(payload, check)
    except PixelguideError as error:
        return Failure(str(error), type(error).__name__)
    except Exception as error:
        if is_out_of_memory(error):
            return Failure("out of memory. Use fewer candidates.", ResourceError.__name__)
        reason = " ".join(str(error).split())[:200]
        return Failure(f"internal error ({type(error).__name__}: {reason}).", type(error).__name__)
