"""Jobs through the worker process: done, failed, cancelled, retried."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pixelguide.errors import ResourceError
from pixelguide.studio.limits import Limits
from stub_runner import (
    BAD_INPUT,
    BUG,
    CRASHES,
    CRASHES_ONCE,
    HANGS,
    OUT_OF_MEMORY,
    BrokenRunner,
    DyingRunner,
)
from studio.conftest import SIZE, Start, Studio


def test_segment_job_gives_a_map(studio: Studio) -> None:
    job = studio.wait(studio.submit({"kind": "segment", "picture": studio.add_picture()}))
    assert job["state"] == "done"
    assert job["error"] is None
    assert job["result"]["uncertainty"] == 0.125
    image = studio.image(f"/api/maps/{job['result']['map']}.png")
    assert image.mode == "P"
    assert image.getcolors() == [(SIZE * SIZE, 4)]


def test_edit_job_gives_candidates(studio: Studio) -> None:
    job = studio.wait(studio.edit(num_images=3))
    result = job["result"]
    assert job["state"] == "done"
    assert result["best"] == 2
    assert [c["roi_loss"] for c in result["candidates"]] == [1.0, 0.99, 0.98]
    assert {c["changed_pixels_outside"] for c in result["candidates"]} == {0}
    for candidate in result["candidates"]:
        shown = studio.image(f"/api/pictures/{candidate['picture']}.png")
        assert shown.size == (SIZE, SIZE)
        assert studio.image(candidate["url"]).tobytes() == shown.tobytes()
    assert studio.image(result["roi"]).getbbox() == (8, 10, 20, 14)


def test_worker_keeps_its_process_between_jobs(studio: Studio) -> None:
    pid = studio.services.supervisor.worker_pid
    studio.wait(studio.edit())
    assert studio.services.supervisor.worker_pid == pid


def test_error_of_ours_fails_the_job_with_its_hint(studio: Studio) -> None:
    job = studio.wait(studio.edit(seed=BAD_INPUT))
    assert job["state"] == "failed"
    assert job["error"] == {
        "code": "bad_input",
        "message": "map: nothing to edit",
        "hint": "Repaint it.",
    }


def test_unexpected_error_fails_the_job_without_its_secret(studio: Studio) -> None:
    error = studio.wait(studio.edit(seed=BUG))["error"]
    assert error["code"] == "internal"
    assert "secret" not in json.dumps(error)


def test_out_of_memory_fails_the_job_and_the_next_succeeds(start: Start) -> None:
    with start() as studio:
        first = studio.edit(seed=OUT_OF_MEMORY)
        second = studio.edit()
        error = studio.wait(first)["error"]
        assert error["code"] == "out_of_memory"
        assert "fewer" in error["hint"]
        assert studio.wait(second)["state"] == "done"


def test_crash_is_tried_twice_then_fails_and_the_next_succeeds(start: Start) -> None:
    with start() as studio:
        first, second = studio.edit(seed=CRASHES), studio.edit()
        assert studio.wait(first)["error"]["code"] == "worker_died"
        assert studio.services.job(first).attempts == 2
        assert studio.wait(second)["state"] == "done"


def test_crash_that_does_not_repeat_is_not_noticed(start: Start) -> None:
    with start() as studio:
        job = studio.edit(seed=CRASHES_ONCE)
        assert studio.wait(job)["state"] == "done"
        assert studio.services.job(job).attempts == 2


def test_killed_worker_is_replaced_and_its_job_done(start: Start) -> None:
    with start(step_seconds=0.05) as studio:
        job = studio.edit(num_inference_steps=10)
        studio.wait(job, lambda job: (job["progress"] or {}).get("stage") == "edit")
        pid = studio.services.supervisor.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        assert studio.wait(job)["state"] == "done"
        assert studio.services.supervisor.worker_pid != pid


def test_worker_that_dies_idle_is_replaced(start: Start) -> None:
    with start() as studio:
        studio.wait(studio.edit())
        pid = studio.services.supervisor.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        _until(lambda: studio.services.supervisor.worker_pid not in (pid, None))
        assert studio.wait(studio.edit())["state"] == "done"


def test_hanging_job_ends_at_the_time_limit_and_the_next_succeeds(start: Start) -> None:
    with start(limits=Limits(job_seconds=0.5)) as studio:
        first, second = studio.edit(seed=HANGS), studio.edit()
        assert studio.wait(first)["error"]["code"] == "time_limit"
        assert studio.wait(second)["state"] == "done"


def test_cancel_ends_a_running_job_within_a_step(start: Start) -> None:
    with start(step_seconds=0.05) as studio:
        job = studio.edit(num_inference_steps=1000)
        studio.wait(job, lambda job: (job["progress"] or {}).get("done", 0) > 1)
        pid = studio.services.supervisor.worker_pid
        answer = studio.client.delete(f"/api/jobs/{job}")
        assert answer.status_code == 200
        assert answer.json()["state"] == "cancelled"
        began = time.monotonic()
        assert studio.wait(studio.edit())["state"] == "done"
        assert time.monotonic() - began < 10  # not the 50 s of a thousand steps
        assert studio.services.supervisor.worker_pid == pid
        assert studio.job(job)["state"] == "cancelled"


def test_cancel_of_a_hanging_job_replaces_the_worker(start: Start) -> None:
    with start(limits=Limits(cancel_seconds=0.2)) as studio:
        job = studio.edit(seed=HANGS)
        studio.wait(job, lambda job: job["state"] == "running")
        studio.client.delete(f"/api/jobs/{job}")
        assert studio.wait(studio.edit())["state"] == "done"
        assert studio.job(job)["state"] == "cancelled"


def test_cancel_takes_a_job_out_of_the_queue(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        first, second = studio.edit(), studio.edit()
        assert studio.client.delete(f"/api/jobs/{second}").json()["state"] == "cancelled"
        assert studio.wait(first)["state"] == "done"
        assert studio.services.job(second).attempts == 0


def test_ended_job_cannot_be_cancelled(studio: Studio) -> None:
    job = studio.edit()
    studio.wait(job)
    assert studio.client.delete(f"/api/jobs/{job}").json()["state"] == "done"


def test_model_that_cannot_be_opened_fails_jobs_with_the_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelguide.studio.supervisor._FIRST_PAUSE", 0.01)
    with start(runner=BrokenRunner) as studio:
        error = studio.wait(studio.edit())["error"]
        assert error["message"] == "unet.safetensors: weights are damaged"
        assert studio.client.get("/api/health").json()["state"] == "restarting"


def test_model_that_ends_its_process_fails_jobs(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelguide.studio.supervisor._FIRST_PAUSE", 0.01)
    with start(runner=DyingRunner) as studio:
        assert studio.wait(studio.edit())["error"]["code"] == "worker_died"


def test_stopped_studio_does_its_jobs_at_the_next_start(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        first, second = studio.edit(num_inference_steps=1000), studio.edit()
        studio.wait(first, lambda job: job["state"] == "running")
    with start() as studio:
        assert studio.wait(first)["state"] == "done"
        assert studio.wait(second)["state"] == "done"
        assert studio.services.job(first).attempts == 1  # a stop is not the job's fault


def test_jobs_of_a_server_that_was_killed_are_done_once_more(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        first, second = studio.edit(num_inference_steps=1000), studio.edit()
        studio.wait(first, lambda job: job["state"] == "running")
        studio.services.jobs.put_back = lambda *_, **__: True  # type: ignore[method-assign]
    with start() as studio:
        assert studio.wait(first)["state"] == "done"
        assert studio.wait(second)["state"] == "done"
        assert studio.services.job(first).attempts == 2


def test_job_that_was_running_at_two_kills_fails(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        job = studio.edit(num_inference_steps=1000)
    for _ in range(2):
        with start(step_seconds=0.1) as studio:
            studio.wait(job, lambda job: job["state"] == "running")
            studio.services.jobs.put_back = lambda *_, **__: True  # type: ignore[method-assign]
    with start() as studio:
        assert studio.job(job)["state"] == "failed"
        error = studio.job(job)["error"]
        assert error["code"] == "worker_died"
        assert error["message"] == "the job was broken off twice"
        assert error["hint"].startswith("Do it again")
        again = studio.edit(num_inference_steps=4)
        assert again != job
        assert studio.wait(again)["state"] == "done"
        assert studio.job(job)["state"] == "failed"  # nothing is done behind one's back


def _until(holds: object) -> None:
    deadline = time.monotonic() + 300
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def no_space(studio: Studio) -> Iterator[None]:
    """Nothing can be written to the table: as on a full disk."""
    database = studio.services.jobs._database
    real = database.write

    @contextmanager
    def full() -> Iterator[sqlite3.Connection]:
        with database._write_lock:
            raise ResourceError("cannot write (database or disk is full)", "studio.sqlite")
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "write", full)
        yield
    assert database.write == real


def test_a_job_that_ends_on_a_full_disk_goes_back(start: Start) -> None:
    """It stayed "running" until the server was started again."""
    with start(step_seconds=0.05) as studio:
        job = studio.edit(num_inference_steps=10)
        studio.wait(job, lambda now: now["state"] == "running")
        with no_space(studio):
            time.sleep(2.5)
            assert studio.job(job)["state"] == "running"
        ended = studio.wait(job)
        assert ended["state"] == "done"
        assert studio.services.jobs.get(job).attempts == 2  # type: ignore[union-attr]
        assert studio.wait(studio.edit())["state"] == "done"


def test_a_job_that_ends_on_a_full_disk_again_fails(start: Start) -> None:
    with start(step_seconds=0.05, limits=Limits(attempts=1)) as studio:
        job = studio.edit(num_inference_steps=10)
        studio.wait(job, lambda now: now["state"] == "running")
        with no_space(studio):
            time.sleep(2.5)
        ended = studio.wait(job)
        assert ended["state"] == "failed"
        assert ended["error"]["code"] == "out_of_resource"
        assert studio.events(job)[-1][0] == "failed"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_cancelling_works_on_a_full_disk(start: Start, state: str) -> None:
    with start() as studio:
        hanging = studio.edit(seed=HANGS)
        studio.wait(hanging, lambda now: now["state"] == "running")
        job = hanging if state == "running" else studio.edit()
        with no_space(studio):
            answer = studio.client.delete(f"/api/jobs/{job}")
            assert answer.status_code == 200
            assert answer.json()["state"] == "cancelled"
            assert studio.job(job)["state"] == "cancelled"
            time.sleep(0.5)
            assert studio.client.delete(f"/api/jobs/{job}").json()["state"] == "cancelled"
        if state == "queued":
            studio.client.delete(f"/api/jobs/{hanging}")
        assert studio.wait(studio.edit())["state"] == "done"
        rows = studio.services.jobs._database.read("SELECT state FROM jobs WHERE id = ?", (job,))
        assert rows[0]["state"] == "cancelled"
