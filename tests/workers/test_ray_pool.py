"""Workers on Ray: tasks shared out, those of the dead begun again, weights shared."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from pixelguide.errors import InputError, ResourceError
from pixelguide.workers.ray_pool import RayPlace, RayPool, numbered
from pixelguide.workers.task import Task

KILLER, SLOW = "killer", "slow"


def access_to(address: int) -> str:
    """How the kernel lets this process at an address: "rw-s" is shared, "rw-p" its own."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, access = line.split()[:2]
        first, last = (int(part, 16) for part in span.split("-"))
        if first <= address < last:
            return access
    return ""


class Doubling:
    """Gives the sum of its weights and the payload; some payloads end it, or take long."""

    def __init__(self, weights: torch.Tensor) -> None:
        self._weights, self._lock = weights, threading.Lock()

    def perform(self, payload: Any, check: Any) -> Any:
        if payload == KILLER:
            os._exit(3)
        if payload == SLOW:
            time.sleep(3)
        with self._lock:
            total = float(self._weights.sum())
        place = access_to(self._weights.data_ptr())
        return str(payload), total, place, os.getpid(), torch.get_num_threads()


class Opening:
    """Opens a `Doubling`; its weights are shared."""

    def __init__(self, weights: torch.Tensor | None) -> None:
        self._weights = weights

    def __call__(self) -> Doubling:
        if self._weights is None:
            raise InputError("no weights", "model")
        return Doubling(self._weights)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find this file as the tests do."""
    pytest.importorskip("ray")
    paths = (str(Path(__file__).parents[1]), str(Path(__file__).parents[2]))
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*paths, known]))


def test_two_workers_share_tasks_and_weights_and_a_killer_takes_nobody_along() -> None:
    place = RayPlace(workers=2, threads=1)
    payloads = [SLOW, KILLER, *range(30)]
    pool = RayPool(Opening(torch.ones(2**20)), place)
    outcomes = {o.key: o for o in pool.run(numbered(payloads))}
    assert sorted(map(int, outcomes)) == list(range(32))
    killer = outcomes.pop("1")
    assert killer.failure is not None
    assert killer.failure.kind == "WorkerDied"
    assert killer.failure.error == "the worker died, 4 times of 4."
    assert killer.attempts == 4
    for key, outcome in outcomes.items():
        assert outcome.value[:2] == (str(payloads[int(key)]), 2.0**20)
        assert outcome.attempts <= 2  # those that were with the killer once
        assert outcome.value[2].endswith("s")  # its weights lie in shared memory
        assert outcome.value[4] == 1
    by_worker: dict[int, int] = {}
    for outcome in outcomes.values():
        by_worker[outcome.value[3]] = by_worker.get(outcome.value[3], 0) + 1
    assert len(by_worker) >= 2


def test_workers_that_cannot_be_opened_end_the_run() -> None:
    pool = RayPool(Opening(None), RayPlace(workers=1, threads=1))
    with pytest.raises(ResourceError, match=r"cannot be opened \(InputError: no weights, model"):
        list(pool.run([Task("a", 1)]))


def test_a_cluster_that_is_not_there() -> None:
    pool = RayPool(Opening(torch.ones(1)), RayPlace("ray://127.0.0.1:1"))
    with pytest.raises(InputError, match=r"no Ray cluster .*RAY_AUTH_TOKEN"):
        list(pool.run([Task("a", 1)]))
