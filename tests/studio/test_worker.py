"""What the worker does while nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from multiprocessing import Pipe

import numpy as np
import pytest

from pixelguide.studio import worker
from pixelguide.studio.messages import SegmentTask

TASK = SegmentTask(1, "a", np.zeros((8, 8, 3), np.uint8))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_IDLE", 0.0)


def test_spare_work_gives_way_to_a_task() -> None:
    server, own = Pipe()
    done = []

    def pieces() -> Iterator[None]:
        for number in range(4):
            done.append(number)
            if number == 1:
                server.send(TASK)
            yield

    spare = pieces()
    assert worker._next_task(own, spare).picture == "a"
    assert done == [0, 1]
    server.send(TASK)
    assert worker._next_task(own, spare).picture == "a"
    assert done == [0, 1]


def test_spare_work_that_fails_is_told_of_and_left(caplog: pytest.LogCaptureFixture) -> None:
    server, own = Pipe()

    def pieces() -> Iterator[None]:
        server.send(TASK)
        raise MemoryError
        yield

    with caplog.at_level(logging.ERROR):
        assert worker._next_task(own, pieces()).picture == "a"
    assert "spare work failed" in caplog.text


def test_spare_work_waits_a_moment_for_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_IDLE", 60.0)
    server, own = Pipe()
    server.send(TASK)

    def pieces() -> Iterator[None]:
        raise AssertionError
        yield

    assert worker._next_task(own, pieces()).picture == "a"
