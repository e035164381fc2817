"""Workers on a Ray cluster: one actor a device, tasks handed out as they get free."""

from __future__ import annotations

import itertools
import os
import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pixelguide.errors import InputError, ResourceError
from pixelguide.workers.local_pool import outcome_of
from pixelguide.workers.shared_tensors import Apart, put_together, take_apart
from pixelguide.workers.task import AHEAD, RETRIES, Failure, OpenWorker, Outcome, Task, attempt

LOCAL = "local"
"""The address of a cluster of this machine alone, which ends with the run."""
_STORE = 256 << 20
"""Bytes of shared memory for results on their way, beside the model."""


@dataclass(frozen=True)
class RayPlace:
    """Where the workers are.

    address: `LOCAL`, "auto" for a cluster that runs on this machine, HOST:PORT, or ray://HOST:PORT.
    A cluster's token is what Ray itself looks for (RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or
    ~/.ray/auth_token). workers: how many; by default one for each GPU of the cluster, or for each
    processor where it has none. gpu: whether a worker has a GPU of its own. threads: of torch, in
    each worker; by default the processors of a local cluster are shared out.
    """

    address: str = LOCAL
    workers: int | None = None
    gpu: bool = False
    threads: int | None = None


class RayPool:
    """A pool of Ray actors; see `Pool`. What `open_worker` holds, such as a model on the CPU, is
    sent to each node once, and its tensors are shared by the workers there.

    A task whose worker dies is begun again, `RETRIES` times at most, and alone on its worker from
    then on, so that no other task pays for one that kills.
    """

    def __init__(self, open_worker: OpenWorker, place: RayPlace, ahead: int = AHEAD) -> None:
        """ahead: tasks that a worker has at once. Raises InputError without Ray."""
        require_ray()
        self._open_worker, self._place, self._ahead = open_worker, place, ahead

    def run(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """See `Pool`. Raises InputError where there is no such cluster, and ResourceError where
        workers cannot start."""
        apart = take_apart(self._open_worker)
        with _connected(self._place, apart.nbytes) as ray:
            crew = _Crew(ray, apart, self._place, self._ahead)
            try:
                yield from crew.run(tasks)
            finally:
                crew.dismiss()


@dataclass
class _Member:
    """An actor, and the tasks it has. suspect: it has one that was with a worker that died."""

    actor: Any
    tasks: dict[Any, Task] = field(default_factory=dict)
    suspect: bool = False


class _Crew:
    def __init__(self, ray: Any, apart: Apart, place: RayPlace, ahead: int) -> None:
        self._ray, self._ahead = ray, ahead
        count, cpus = _numbers(ray, place)
        needs = {"num_gpus": 1} if place.gpu else {"num_cpus": 1}
        self._kind = ray.remote(_Actor).options(
            max_concurrency=ahead + 1, max_restarts=0, max_task_retries=0, **needs
        )
        self._given = (ray.put(apart), place.threads or max(1, cpus // count))
        self._members = [self._hire() for _ in range(count)]
        self._again: deque[Task] = deque()
        self._lost: dict[str, int] = {}
        self._opened = False  # whether a worker has done anything yet

    def run(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        waiting = iter(tasks)
        while True:
            waiting = self._hand_out(waiting)
            running = {ref: member for member in self._members for ref in member.tasks}
            if not running:
                return
            ended, _ = self._ray.wait(list(running), num_returns=1)
            for ref in ended:
                if ref in running[ref].tasks:  # else it was lost with its worker just now
                    yield from self._ended(running[ref], ref)

    def dismiss(self) -> None:
        for member in self._members:
            self._ray.kill(member.actor, no_restart=True)

    def _hire(self) -> _Member:
        return _Member(self._kind.remote(*self._given))

    def _hand_out(self, waiting: Iterator[Task]) -> Iterator[Task]:
        while True:
            idle = [member for member in self._members if not member.tasks]
            if self._again and idle:
                task, member = self._again.popleft(), idle[0]
                member.suspect = True
            else:
                free = [m for m in self._members if len(m.tasks) < self._ahead and not m.suspect]
                if not free:
                    return waiting
                found = next(waiting, None)
                if found is None:
                    return iter(())
                task, member = found, min(free, key=lambda m: len(m.tasks))
            member.tasks[member.actor.perform.remote(task.payload)] = task

    def _ended(self, member: _Member, ref: Any) -> Iterator[Outcome]:
        errors = self._ray.exceptions
        try:
            value = self._ray.get(ref)
        except errors.RayTaskError as error:  # nothing of `attempt`: a result that will not travel
            value = Failure(f"internal error ({str(error).splitlines()[-1]}).", "RayTaskError")
        except errors.RayError as error:
            yield from self._died(member, error)
            return
        self._opened = True
        task = member.tasks.pop(ref)
        member.suspect = member.suspect and bool(member.tasks)
        yield outcome_of(task, value, 1 + self._lost.pop(task.key, 0))

    def _died(self, member: _Member, error: Exception) -> Iterator[Outcome]:
        """Put another worker in a dead one's place; its tasks are begun again, or given up."""
        for task in member.tasks.values():
            self._lost[task.key] = lost = self._lost.get(task.key, 0) + 1
            if lost <= RETRIES:
                self._again.append(task)
                continue
            if not self._opened:
                reason = str(error).strip().splitlines()[0]
                raise ResourceError(
                    f"workers end as they start ({reason})", "--ray", "See Ray's logs."
                )
            words = f"the worker died, {lost} times of {lost}."
            yield Outcome(task.key, failure=Failure(words, "WorkerDied"), attempts=lost)
        self._ray.kill(member.actor, no_restart=True)
        self._members[self._members.index(member)] = self._hire()


class _Actor:
    """A worker in a process of its own."""

    def __init__(self, apart: Apart, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._worker = put_together(apart)()

    def perform(self, payload: Any) -> Any:
        return attempt(self._worker, payload, _go_on)


def _go_on() -> None:
    """Tasks of a worker that is not needed any more end with its process."""


def require_ray() -> Any:
    """The package ray. Raises InputError if it is not installed."""
    try:
        import ray
    except ImportError:
        raise InputError(
            "Ray is not installed", "--ray", "Run pip install 'pixelguide[ray]'."
        ) from None
    return ray


def _numbers(ray: Any, place: RayPlace) -> tuple[int, int]:
    """How many workers, and the processors they share where it is known."""
    have = ray.cluster_resources()
    cpus, gpus = int(have.get("CPU", 1)), int(have.get("GPU", 0))
    count = place.workers or (gpus if place.gpu else cpus) or 1
    if place.gpu and count > gpus:
        raise ResourceError(f"{gpus} GPUs for {count} workers", place.address, "Take fewer.")
    if place.address != LOCAL and not place.gpu and count > cpus:
        raise ResourceError(f"{cpus} processors for {count} workers", place.address, "Take fewer.")
    return count, cpus if place.address != LOCAL else (os.cpu_count() or 1)


@contextmanager
def _connected(place: RayPlace, model_bytes: int) -> Iterator[Any]:
    ray = require_ray()
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if place.address == LOCAL:
        quiet |= {
            "num_cpus": place.workers or os.cpu_count(),
            "include_dashboard": False,
            "object_store_memory": _STORE + 2 * model_bytes,
        }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="ray")
        try:
            ray.init(address=place.address, **quiet)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise InputError(
                f"no Ray cluster ({reason.rstrip('.')})", place.address,
                "Check the address and RAY_AUTH_TOKEN.",
            ) from None  # fmt: skip
    try:
        yield ray
    finally:
        ray.shutdown()


def numbered(payloads: Iterable[Any]) -> Iterator[Task]:
    """Payloads as tasks whose keys are their numbers: "0", "1" …"""
    for number, payload in zip(itertools.count(), payloads, strict=False):
        yield Task(str(number), payload)
