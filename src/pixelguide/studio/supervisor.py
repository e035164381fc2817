"""Gives jobs to the model worker one by one, and sees to it that there is one."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any, Literal

from pixelguide.errors import PixelguideError
from pixelguide.studio.error_content import Fault, described, fault
from pixelguide.studio.http_errors import Refusal
from pixelguide.studio.jobs import Job, JobStore
from pixelguide.studio.limits import Limits
from pixelguide.studio.messages import Broken, Done, Failed, OpenDesk, Progress, Ready, Stop
from pixelguide.studio.stored_files import Items
from pixelguide.studio.work import keep_outcome, task_of
from pixelguide.studio.worker_process import Child, StartMethod

State = Literal["starting", "ready", "restarting"]
Tell = Callable[[str, str, dict[str, Any]], None]
"""Told (job id, event, content)."""

_log = logging.getLogger(__name__)
DIED = fault("worker_died", "the job was broken off twice", "Ask for less at a time.")
_LATE = fault("time_limit", "the job took too long", "Ask for fewer candidates or steps.")
_STARTS_BEFORE_FAILING = 3
_FIRST_PAUSE = 0.5
"""Seconds after a worker that could not start; doubled each time."""


class Supervisor:
    """A thread between the table of jobs and the worker process.

    A worker that dies is replaced; its job is done again, at most `Limits.attempts` times in all.
    """

    def __init__(
        self,
        jobs: JobStore,
        items: Items,
        open_desk: OpenDesk,
        tell: Tell,
        limits: Limits,
        start_method: StartMethod = "spawn",
        first: Child | None = None,
    ) -> None:
        """first: a worker that was started already."""
        self._first = first
        self._jobs, self._items, self._open_desk = jobs, items, open_desk
        self._tell, self._limits, self._start_method = tell, limits, start_method
        self._child: Child | None = None
        self._state: State = "starting"
        self._failed_starts = 0
        self._stopping = False
        self._cancelled: set[int] = set()
        self._bell, self._button = socket.socketpair()
        for end in (self._bell, self._button):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="pixelguide-supervisor")

    @property
    def state(self) -> State:
        """Of the worker."""
        return self._state

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, if there is one."""
        child = self._child
        return child.pid if child else None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def poke(self) -> None:
        """From any thread: there is a new job."""
        with contextlib.suppress(BlockingIOError):  # rung often enough already
            self._button.send(b"!")

    def cancel(self, job: Job) -> None:
        """From any thread: a job that is running is no longer wanted."""
        self._cancelled.add(job.number)
        self.poke()

    def stop(self) -> None:
        """End worker and thread; what was running waits for the next start."""
        self._stopping = True
        self.poke()
        self._thread.join()
        self._bell.close()
        self._button.close()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._step()
            except Exception:  # a full disk, say: the jobs are safe in their table
                _log.exception("the supervisor made an error")
                self._drop_child()
                self._wait(1)
        self._drop_child()

    def _step(self) -> None:
        if self._child is None and not self._start_child():
            return
        child = self._child
        if child is None or self._stopping:
            return
        job = self._jobs.take()
        if job is None:
            self._cancelled.clear()
            if child.line in self._wait(None, child):  # an idle worker only speaks by dying
                self._drop_child()
            return
        self._perform(child, job)
        self._cancelled.discard(job.number)
        now = self._jobs.get(job.id)
        if now is not None and now.is_final:
            self._tell(now.id, now.state, now.content())

    def _start_child(self) -> bool:
        """Start a worker and wait until it has opened the model."""
        first, self._first = self._first, None
        self._child = child = first or Child(self._open_desk, self._start_method)
        while child.line not in self._wait(None, child):
            if self._stopping:
                return False
        try:
            message = child.receive()
        except EOFError:
            message = Broken(fault("worker_died", "the model worker ended", ""))
        if isinstance(message, Ready):
            self._state, self._failed_starts = "ready", 0
            return True
        self._drop_child()
        self._failed_starts += 1
        _log.error("the model cannot be opened: %s", message.error)
        if self._failed_starts >= _STARTS_BEFORE_FAILING:
            for job in self._jobs.fail_waiting(message.error):
                self._tell(job.id, job.state, job.content())
        self._wait(min(30, _FIRST_PAUSE * 2 ** (self._failed_starts - 1)))
        return False

    def _perform(self, child: Child, job: Job) -> None:
        try:
            task = task_of(job, self._items)
        except (PixelguideError, Refusal) as error:
            self._jobs.fail(job.number, _of(error))
            return
        self._tell(job.id, "progress", _progress(job, "prepare"))
        child.send(task)
        deadline = time.monotonic() + self._limits.job_seconds
        asked_to_stop = False
        while True:
            if self._stopping:
                self._jobs.put_back(job.number, attempt_counts=False)
                return
            if job.number in self._cancelled and not asked_to_stop:
                asked_to_stop = True
                child.send(Stop(job.number))
                deadline = time.monotonic() + self._limits.cancel_seconds
            left = deadline - time.monotonic()
            if left <= 0:
                self._drop_child()
                self._jobs.fail(job.number, _LATE)
                return
            if child.line not in self._wait(left, child):
                continue
            try:
                message = child.receive()
            except EOFError:
                self._drop_child()
                self._try_again(job)
                return
            if isinstance(message, Progress) and not asked_to_stop:
                self._tell(job.id, "progress", {"job": job.id, **message.content})
            elif isinstance(message, (Done, Failed)):
                self._keep(job, message)
                return

    def _keep(self, job: Job, message: Done | Failed) -> None:
        if job.number in self._cancelled:
            return
        try:
            if isinstance(message, Done):
                self._jobs.finish(job.number, keep_outcome(job, message.outcome, self._items))
            elif message.error is not None:
                self._jobs.fail(job.number, message.error)
        except PixelguideError as error:
            self._jobs.fail(job.number, described(error))

    def _try_again(self, job: Job) -> None:
        if self._jobs.put_back(job.number, attempt_counts=True):
            self._tell(job.id, "progress", _progress(job, "restart"))
        else:
            self._jobs.fail(job.number, DIED)

    def _drop_child(self) -> None:
        if self._child is not None:
            self._state = "restarting"
            self._child.end()
            self._child = None

    def _wait(self, seconds: float | None, child: Child | None = None) -> list[Any]:
        """Wait until the bell rings or the worker speaks or dies."""
        heard = wait([self._bell, *([child.line] if child else [])], seconds)
        if self._bell in heard:
            with contextlib.suppress(BlockingIOError):
                self._bell.recv(4096)
        return heard


def _progress(job: Job, stage: str) -> dict[str, Any]:
    return {"job": job.id, "stage": stage, "done": 0, "total": 1, "t": None, "previews": []}


def _of(error: PixelguideError | Refusal) -> Fault:
    if isinstance(error, Refusal):
        return fault(error.code, error.message, error.hint)
    return described(error)
