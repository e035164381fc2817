from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from pixelguide.errors import InputError
from pixelguide.workers.local_pool import LocalPool
from pixelguide.workers.task import Check, Task


class Staged:
    """Reads and encodes beside the one that has the device, and remembers how many did what."""

    def __init__(self) -> None:
        self.device, self.count = threading.Lock(), threading.Lock()
        self.inside, self.most, self.on_device = 0, 0, 0

    def perform(self, payload: Any, check: Check) -> Any:
        with self.count:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.01)  # reading
        with self.device:
            self.on_device += 1
            assert self.on_device == 1
            time.sleep(0.01)
            self.on_device -= 1
        with self.count:
            self.inside -= 1
        if payload == 3:
            raise InputError("three", "task")
        return payload * 2


def tasks(count: int, taken: list[int]) -> Iterator[Task]:
    for number in range(count):
        taken.append(number)
        yield Task(str(number), number)


def test_each_task_has_one_outcome_and_stages_overlap() -> None:
    worker = Staged()
    outcomes = {o.key: o for o in LocalPool(lambda: worker).run(tasks(12, []))}
    assert sorted(map(int, outcomes)) == list(range(12))
    assert {o.value for key, o in outcomes.items() if key != "3"} == {2 * k for k in range(12)} - {
        6
    }
    failure = outcomes["3"].failure
    assert failure is not None
    assert failure.kind == "InputError"
    assert worker.most == 3


def test_tasks_are_taken_as_they_can_be_done() -> None:
    taken: list[int] = []
    with closing(LocalPool(Staged, ahead=2).run(tasks(100, taken))) as outcomes:
        for _ in range(3):
            next(outcomes)
    assert len(taken) <= 3 + 2


class Slow:
    """Works until it is told to end."""

    def perform(self, payload: Any, check: Check) -> Any:
        if payload == 0:
            return 0
        until = time.monotonic() + 60
        while time.monotonic() < until:
            check()
            time.sleep(0.001)
        raise AssertionError("never ended")


def test_closing_ends_what_runs() -> None:
    began = time.monotonic()
    with closing(LocalPool(Slow).run(tasks(9, []))) as outcomes:
        assert next(outcomes).value == 0
    assert time.monotonic() - began < 30


def test_a_worker_that_cannot_be_opened_ends_the_run() -> None:
    def broken() -> Staged:
        raise InputError("no model", "model")

    with pytest.raises(InputError, match="no model"):
        list(LocalPool(broken).run(tasks(2, [])))


def test_without_tasks_nothing_is_opened() -> None:
    def broken() -> Staged:
        raise AssertionError

    assert list(LocalPool(broken).run(iter(()))) == []
