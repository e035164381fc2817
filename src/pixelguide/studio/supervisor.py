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

from pixelguide.errors import PixelguideError, ResourceError
from pixelguide.studio.error_content import ErrorContent, content_of, error_content
from pixelguide.studio.http_errors import HttpError
from pixelguide.studio.jobs import DAMAGED, Job, JobStore
from pixelguide.studio.limits import Limits
from pixelguide.studio.messages import (
    Broken,
    Done,
    Failed,
    Opening,
    OpenRunner,
    Progress,
    Ready,
    Stop,
)
from pixelguide.studio.stored_files import FileStore
from pixelguide.studio.tasks import keep_outcome, task_of
from pixelguide.studio.worker_process import StartMethod, WorkerProcess

State = Literal["starting", "ready", "restarting"]
Publish = Callable[[str, str, dict[str, Any]], None]
"""Called with (job id, event, content)."""

_log = logging.getLogger(__name__)
DIED = error_content(
    "worker_died",
    "the job was broken off twice",
    "Do it again; if that breaks off too, ask for less at a time.",
)
"""Of a job that ran when worker or server ended: once more it is begun by itself. Not for ever, for
it may be what ends them; who asked for it may ask again."""
_LATE = error_content("time_limit", "the job took too long", "Ask for fewer candidates or steps.")
_NO_SPACE = error_content("out_of_resource", "its result could not be kept", "Free space.")
_BEGUN = Opening(0, 1)
"""Before the worker has said anything."""
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
        files: FileStore,
        open_runner: OpenRunner,
        publish: Publish,
        limits: Limits,
        start_method: StartMethod = "spawn",
        first: WorkerProcess | None = None,
    ) -> None:
        """first: a worker that was started already."""
        self._first = first
        self._jobs, self._files, self._open_runner = jobs, files, open_runner
        self._publish, self._limits, self._start_method = publish, limits, start_method
        self._worker: WorkerProcess | None = None
        self._state: State = "starting"
        self._opening: Opening | None = _BEGUN
        self._failed_starts = 0
        self._stopping = False
        self._cancelled: set[int] = set()
        self._unsettled: Job | None = None
        self._wake_reader, self._wake_writer = socket.socketpair()
        # The self-pipe trick: `wait` below watches one end, `wake` writes to the other.
        for end in (self._wake_reader, self._wake_writer):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="pixelguide-supervisor")

    @property
    def state(self) -> State:
        """Of the worker."""
        return self._state

    @property
    def opening(self) -> Opening | None:
        """How far the worker is with opening the model; None where it is open, or could not be."""
        return self._opening

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, if there is one."""
        worker = self._worker
        return worker.pid if worker else None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """From any thread: there is a new job."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full, so it wakes anyway
            self._wake_writer.send(b"!")

    def cancel(self, job: Job) -> None:
        """From any thread: a job that is running is no longer wanted."""
        self._cancelled.add(job.number)
        self.wake()

    def stop(self) -> None:
        """End worker and thread; what was running waits for the next start."""
        self._stopping = True
        self.wake()
        self._thread.join()
        self._wake_reader.close()
        self._wake_writer.close()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._step()
            except ResourceError as error:  # a full disk: the jobs are safe in their table
                _log.error("%s", error)
                self._wait(1)
            except Exception:
                _log.exception("the supervisor made an error")
                self._drop_worker()
                self._wait(1)
        self._drop_worker()

    def _step(self) -> None:
        self._settle()
        if self._worker is None and not self._start_worker():
            return
        worker = self._worker
        if worker is None or self._stopping:
            return
        job = self._jobs.take()
        if job is None:
            self._cancelled.clear()
            if worker.connection in self._wait(None, worker):  # idle: it has died
                self._drop_worker()
            return
        self._unsettled = job
        self._perform(worker, job)
        self._unsettled = None
        self._cancelled.discard(job.number)
        self._publish_end(job)

    def _settle(self) -> None:
        """Write what could not be written: a job whose end found the disk full goes back or fails.
        Raises ResourceError while there is no space."""
        self._jobs.write_cancelled()
        if (job := self._unsettled) is not None:
            if not self._jobs.put_back(job.number, attempt_counts=True):
                self._jobs.fail(job.number, _NO_SPACE)
            self._unsettled = None
            self._cancelled.discard(job.number)
            self._publish_end(job)

    def _publish_end(self, job: Job) -> None:
        now = self._jobs.get(job.id)
        if now is not None and now.is_final:
            self._publish(now.id, now.state, now.content())

    def _start_worker(self) -> bool:
        """Start a worker and wait until it has opened the model."""
        first, self._first = self._first, None
        self._worker = worker = first or WorkerProcess(self._open_runner, self._start_method)
        self._opening = _BEGUN
        while isinstance(message := self._opening_message(worker), Opening):
            self._opening = message
            if (job := self._jobs.next()) is not None:
                self._publish(job.id, "progress", opening_progress(job, message))
        self._opening = None
        if message is None:
            return False
        if isinstance(message, Ready):
            self._state, self._failed_starts = "ready", 0
            return True
        self._drop_worker()
        self._failed_starts += 1
        _log.error("the model cannot be opened: %s", message.error)
        if self._failed_starts >= _STARTS_BEFORE_FAILING:
            for job in self._jobs.fail_waiting(message.error):
                self._publish(job.id, job.state, job.content())
        self._wait(min(30, _FIRST_PAUSE * 2 ** (self._failed_starts - 1)))
        return False

    def _opening_message(self, worker: WorkerProcess) -> Any:
        """What a worker says while it opens its model; None when this thread shall stop."""
        while worker.connection not in self._wait(None, worker):
            if self._stopping:
                return None
        try:
            return worker.receive()
        except EOFError:
            return Broken(error_content("worker_died", "the model worker ended", ""))

    def _perform(self, worker: WorkerProcess, job: Job) -> None:
        try:
            task = task_of(job, self._files)
        except (PixelguideError, HttpError) as error:
            self._jobs.fail(job.number, _of(error))
            return
        except LookupError:  # what it was asked for is no longer in the database
            self._jobs.fail(job.number, DAMAGED)
            return
        self._publish(job.id, "progress", _progress(job, "prepare"))
        worker.send(task)
        deadline = time.monotonic() + self._limits.job_seconds
        asked_to_stop = False
        while True:
            if self._stopping:
                self._jobs.put_back(job.number, attempt_counts=False)
                return
            if job.number in self._cancelled and not asked_to_stop:
                asked_to_stop = True
                worker.send(Stop(job.number))
                deadline = time.monotonic() + self._limits.cancel_seconds
            left = deadline - time.monotonic()
            if left <= 0:
                self._drop_worker()
                self._jobs.fail(job.number, _LATE)
                return
            if worker.connection not in self._wait(left, worker):
                continue
            try:
                message = worker.receive()
            except EOFError:
                self._drop_worker()
                self._try_again(job)
                return
            if isinstance(message, Progress) and not asked_to_stop:
                self._publish(job.id, "progress", {"job": job.id, **message.content})
            elif isinstance(message, (Done, Failed)):
                self._keep(job, message)
                return

    def _keep(self, job: Job, message: Done | Failed) -> None:
        if job.number in self._cancelled:
            return
        try:
            if isinstance(message, Done):
                self._jobs.finish(job.number, keep_outcome(job, message.outcome, self._files))
            elif message.error is not None:
                self._jobs.fail(job.number, message.error)
        except PixelguideError as error:
            self._jobs.fail(job.number, content_of(error))

    def _try_again(self, job: Job) -> None:
        if self._jobs.put_back(job.number, attempt_counts=True):
            self._publish(job.id, "progress", _progress(job, "restart"))
        else:
            self._jobs.fail(job.number, DIED)

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._state = "restarting"
            self._worker.end()
            self._worker = None

    def _wait(self, seconds: float | None, worker: WorkerProcess | None = None) -> list[Any]:
        """Wait until `wake`, a message of the worker, or its death."""
        ready = wait([self._wake_reader, *([worker.connection] if worker else [])], seconds)
        if self._wake_reader in ready:
            with contextlib.suppress(BlockingIOError):
                self._wake_reader.recv(4096)
        return ready


def opening_progress(job: Job, opening: Opening) -> dict[str, Any]:
    """What whoever follows a job that is next is told while the model is being opened."""
    return {**_progress(job, "open"), "done": opening.done, "total": opening.total}


def _progress(job: Job, stage: str) -> dict[str, Any]:
    return {"job": job.id, "stage": stage, "done": 0, "total": 1, "t": None, "previews": []}


def _of(error: PixelguideError | HttpError) -> ErrorContent:
    if isinstance(error, HttpError):
        return error_content(error.code, error.message, error.hint)
    return content_of(error)
