"""The worker opens a model, and everybody who waits for it is told how far it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from model_folders import write_portrait_category
from pixelguide.studio.messages import Opening
from pixelguide.studio.opening import open_editor
from stub_runner import BrokenRunner, SlowRunner
from studio.conftest import Start

TWO_OF_FOUR = {"stage": "open", "done": 2, "total": 4}


def test_opening_tells_of_its_stages_from_the_first_to_the_last(tmp_path: Path) -> None:
    folder = write_portrait_category(tmp_path / "category")
    told: list[dict[str, Any]] = []
    open_editor(str(folder), "cpu", told.append)
    assert told == [{"stage": "open", "done": done, "total": 5} for done in range(1, 6)]


def test_who_waits_for_a_model_is_told_how_far_its_opening_is(start: Start, tmp_path: Path) -> None:
    with start(runner=partial(SlowRunner, tmp_path)) as studio, ThreadPoolExecutor() as listeners:
        supervisor, events = studio.services.supervisor, studio.services.events
        request = {"kind": "segment", "picture": studio.add_picture()}
        jobs = [studio.submit(request) for _ in range(2)]
        heard = []
        for stage in range(4):
            until(lambda stage=stage: supervisor.opening == Opening(stage, 4))
            (shown,) = studio.client.get("/api/models").json()["models"]
            assert shown["opening"] == {"done": stage, "total": 4}
            if stage == 1:
                heard = [listeners.submit(studio.events, job) for job in jobs]
                for job in jobs:
                    until(lambda job=job: job in events._topics and events._topics[job].subscribers)
            if stage == 2:
                until(lambda: events.progress(jobs[0]) == TWO_OF_FOUR)
                assert events.progress(jobs[1]) is None, "waits for the other first"
            (tmp_path / f"{stage}").touch()
        first, second = (json.loads(each.result()[0][1]) for each in heard)
        assert (first["stage"], first["done"], first["total"]) == ("open", 1, 4)
        assert (second["stage"], second["position"]) == ("queued", 1)
        assert {each.result()[-1][0] for each in heard} == {"done"}
        assert supervisor.opening is None
        assert studio.client.get("/api/models").json()["models"][0]["opening"] is None


def test_a_model_that_cannot_be_opened_is_not_being_opened(start: Start) -> None:
    with start(runner=BrokenRunner) as studio:
        assert studio.services.supervisor.opening == Opening(0, 1)
        until(lambda: studio.services.supervisor.opening is None)


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
