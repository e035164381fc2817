"""One worker in this process."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from pixelguide.workers.task import AHEAD, Failure, OpenWorker, Outcome, Task, attempt


class _Ended(BaseException):
    """Ends a task whose result nobody waits for; no `Exception`, so that it is no failure."""


class LocalPool:
    """A worker of this process, whose tasks are read and encoded by threads beside the model."""

    def __init__(self, open_worker: OpenWorker, ahead: int = AHEAD) -> None:
        """ahead: tasks at once."""
        self._open_worker, self._ahead = open_worker, ahead

    def run(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """See `Pool`. The worker is opened for the first task."""
        ended = threading.Event()
        running: dict[Future[Any], Task] = {}

        def check() -> None:
            if ended.is_set():
                raise _Ended

        with ThreadPoolExecutor(self._ahead, "worker") as threads:
            try:
                worker = None
                for task in tasks:
                    worker = worker or self._open_worker()
                    running[threads.submit(attempt, worker, task.payload, check)] = task
                    if len(running) == self._ahead:
                        yield from _ended_first(running)
                while running:
                    yield from _ended_first(running)
            finally:
                ended.set()
                for future in running:
                    future.cancel()


def _ended_first(running: dict[Future[Any], Task]) -> Iterator[Outcome]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield outcome_of(running.pop(future), future.result())


def outcome_of(task: Task, value: Any, attempts: int = 1) -> Outcome:
    """What `attempt` gave, as the outcome of `task`."""
    if isinstance(value, Failure):
        return Outcome(task.key, failure=value, attempts=attempts)
    return Outcome(task.key, value, attempts=attempts)
