"""What the worker does while nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from pixelguide.studio import worker
from pixelguide.studio.messages import Opening, Ready, Report, SegmentTask, TaskRunner
from stub_runner import StubRunner

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


def _in_two_stages(report: Report) -> TaskRunner:
    for done in range(3):
        report({"stage": "open", "done": done, "total": 2})
    return StubRunner(Path(), 0.0, report)


def test_opening_is_told_of_stage_by_stage() -> None:
    server, own = Pipe()
    assert worker._opened(own, _in_two_stages) is not None
    assert [server.recv() for _ in range(4)] == [Opening(done, 2) for done in range(3)] + [Ready()]


def test_a_server_that_leaves_while_the_model_is_opened_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, own = Pipe()
    server.close()
    assert worker._opened(own, _in_two_stages) is None
    assert caplog.text == ""
