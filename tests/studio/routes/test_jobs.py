"""Submitting, asking, listening."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import numpy as np
import pytest

from pixelguide.studio.limits import Limits
from pixelguide.studio.stored_files import picture_png
from studio.conftest import MISSING, SIZE, Start, Studio


def test_same_key_gives_the_same_job(studio: Studio) -> None:
    request, headers = studio.edit_request(), {"Idempotency-Key": str(uuid.uuid4())}
    first = studio.client.post("/api/jobs", json=request, headers=headers)
    second = studio.client.post("/api/jobs", json=request, headers=headers)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    assert studio.submit(request) != first.json()["job"]


def test_same_key_from_many_at_once_gives_one_job(start: Start) -> None:
    with start(step_seconds=0.05) as studio:
        request, found = studio.edit_request(), []
        threads = [
            threading.Thread(target=lambda: found.append(studio.submit(request, "the-same-key")))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1


@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "with space", "../../etc/passwd"])
def test_key_is_needed(studio: Studio, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = studio.client.post("/api/jobs", json=studio.edit_request(), headers=headers)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]


def test_full_queue_is_refused_until_there_is_room(start: Start) -> None:
    with start(step_seconds=0.1, limits=Limits(queue=2)) as studio:
        running = studio.edit(num_inference_steps=1000)
        studio.wait(running, lambda job: job["state"] == "running")
        waiting = [studio.edit(), studio.edit()]
        assert [studio.job(job)["position"] for job in waiting] == [1, 2]
        assert studio.client.get("/api/health").json() == {"state": "ready", "queue": 2}

        request, headers = studio.edit_request(), {"Idempotency-Key": str(uuid.uuid4())}
        full = studio.client.post("/api/jobs", json=request, headers=headers)
        assert full.status_code == 503
        assert int(full.headers["retry-after"]) > 0
        assert full.json()["code"] == "busy"

        studio.client.delete(f"/api/jobs/{waiting[0]}")
        assert studio.job(waiting[1])["position"] == 1
        accepted = studio.client.post("/api/jobs", json=request, headers=headers)
        assert accepted.status_code == 202  # a refusal does not use up the key
        studio.client.delete(f"/api/jobs/{running}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "train"}, "kind"),
        ({"picture": 5}, "picture"),
        ({"source": None}, "source"),
        ({"target": None}, "target"),
        ({"classes": "lips"}, "classes"),
        ({"classes": ["lipz"]}, "lipz"),
        ({"settings": []}, "settings"),
        ({"settings": {"num_images": 0}}, "num_images"),
        ({"settings": {"num_images": 1000}}, "num_images"),
        ({"settings": {"nonsense": 1}}, "nonsense"),
        ({"settings": {"guidance_scale": "much"}}, "guidance_scale"),
        ({"settings": {"colours": {"lips": "reddish"}}}, "'reddish' is no colour"),
        ({"settings": {"colours": {"lipz": "#ff0000"}}}, "lipz"),
        ({"settings": {"colours": ["lips"]}}, "colours"),
        ({"more": 1}, "more"),
    ],
)
def test_bad_request_names_the_field(studio: Studio, changes: dict[str, Any], message: str) -> None:
    answer = _post(studio, json.dumps(studio.edit_request() | changes))
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_input"
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        '"\\ud800"',
        '{"kind": "segment", "picture": "\\ud800"}',
        '{"kind": "edit", "picture": "x", "settings": {"guidance_scale": NaN}}',
        "[" * 30_000,
        b"\xff\xfe",
        "9" * 5000,
    ],
)
def test_bad_json_is_an_error_of_the_client(studio: Studio, body: str | bytes) -> None:
    assert _post(studio, body).status_code in (400, 404)


@pytest.mark.parametrize("field", ["picture", "source", "target"])
@pytest.mark.parametrize("identity", [MISSING, "../../etc/passwd", "", "é" * 32])
def test_unknown_ids_are_404(studio: Studio, field: str, identity: str) -> None:
    assert _post(studio, json.dumps(studio.edit_request() | {field: identity})).status_code == 404


def test_segmentation_takes_a_picture_only(studio: Studio) -> None:
    request = studio.edit_request() | {"kind": "segment"}
    assert _post(studio, json.dumps(request)).status_code == 400


def test_events_run_from_progress_to_done(start: Start) -> None:
    with start(step_seconds=0.15) as studio:
        job = studio.edit(num_images=3, num_inference_steps=5)
        events = studio.events(job)
        assert {name for name, _ in events[:-1]} == {"progress"}
        assert events[-1][0] == "done"
        assert json.loads(events[-1][1]) == studio.job(job)
        steps = [json.loads(data) for name, data in events[:-1]]
        assert all(step["job"] == job for step in steps)
        assert all(set(step) >= {"stage", "done", "total", "t", "previews"} for step in steps)
        edit = [step for step in steps if step["stage"] == "edit"]
        assert [step["done"] for step in edit] == sorted({step["done"] for step in edit})
        assert edit[-1]["done"] == edit[-1]["total"] == 5
        for step in edit:
            assert len(step["previews"]) == 3
            assert all(url.startswith("data:image/png;base64,iVBOR") for url in step["previews"])


def test_late_listener_gets_the_end_at_once(studio: Studio) -> None:
    job = studio.edit()
    studio.wait(job)
    for _ in range(2):
        assert [name for name, _ in studio.events(job)] == ["done"]


def test_listener_in_between_gets_the_current_state_at_once(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        job = studio.edit(num_inference_steps=8)
        studio.wait(job, lambda job: (job["progress"] or {}).get("done", 0) >= 3)
        first = json.loads(studio.events(job)[0][1])
        assert first["done"] >= 3
        assert len(first["previews"]) == 2


def test_many_listeners_hear_the_end_of_a_cancelled_job(start: Start) -> None:
    with start(step_seconds=0.05) as studio:
        job = studio.edit(num_inference_steps=1000)
        heard: list[list[tuple[str, str]]] = []
        threads = [
            threading.Thread(target=lambda: heard.append(studio.events(job))) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        studio.wait(job, lambda job: (job["progress"] or {}).get("done", 0) >= 1)
        studio.client.delete(f"/api/jobs/{job}")
        for thread in threads:
            thread.join(10)
        assert [events[-1][0] for events in heard] == ["cancelled"] * 5


def test_queued_job_is_heard_of(start: Start) -> None:
    with start(step_seconds=0.1) as studio:
        studio.edit(num_inference_steps=10)
        events = studio.events(studio.edit())
        first = json.loads(events[0][1])
        assert (first["stage"], first["position"]) == ("queued", 1)
        assert events[-1][0] == "done"


def test_silent_stream_beats(start: Start) -> None:
    with start(step_seconds=0.6, limits=Limits(heartbeat_seconds=0.1)) as studio:
        job = studio.edit(num_inference_steps=2)
        began = time.monotonic()
        text = studio.client.get(f"/api/jobs/{job}/events").text
        beats = text.count(": still here\n\n")
        assert 2 <= beats <= (time.monotonic() - began) / 0.1 + 1


def test_hub_forgets_jobs_that_ended(start: Start) -> None:
    with start() as studio:
        for job in [studio.edit(), studio.edit()]:
            studio.wait(job)
            studio.events(job)
        studio.events(studio.edit())
        deadline = time.monotonic() + 5
        while studio.services.events._topics:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _post(studio: Studio, body: str | bytes) -> Any:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    return studio.client.post("/api/jobs", content=body, headers=headers)


def test_an_edit_changes_the_region_it_is_given(studio: Studio) -> None:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[10:14, 8:20] = 255
    answer = studio.client.post("/api/regions", content=picture_png(mask))
    assert answer.status_code == 201, answer.text
    region = answer.json()["region"]
    job = studio.submit({**studio.edit_request(), "region": region})
    assert studio.wait(job)["state"] == "done"
    for bad, status in ((MISSING, 404), (studio.add_map(), 404)):
        request = {**studio.edit_request(), "region": bad}
        answer = studio.client.post(
            "/api/jobs", json=request, headers={"Idempotency-Key": str(uuid.uuid4())}
        )
        assert answer.status_code == status
    for wrong in (np.zeros((SIZE, SIZE), np.uint8), np.full((9, 9), 255, np.uint8)):
        assert studio.client.post("/api/regions", content=picture_png(wrong)).status_code == 400
    project = {"name": "x", "versions": [{"picture": studio.add_picture(), "job": job}]}
    content = studio.client.post("/api/projects/pack", json=project).content
    assert studio.client.post("/api/projects/unpack", content=content).status_code == 200
