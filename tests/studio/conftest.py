"""A Studio over a stub model."""

from __future__ import annotations

import io
import multiprocessing
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from pixelguide.edit.defaults import EditDefaults
from pixelguide.labels import LabelMap
from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.studio.access import AccessPolicy
from pixelguide.studio.app import create_app
from pixelguide.studio.category import Category
from pixelguide.studio.limits import Limits
from pixelguide.studio.messages import OpenRunner
from pixelguide.studio.services import Services, open_services
from pixelguide.studio.stored_files import picture_png, png
from stub_runner import stub

# Importing the package takes seconds: workers are forked from a process that has done it once.
multiprocessing.set_forkserver_preload(["pixelguide.studio.worker"])

SIZE = 32
EYES = ((0.3, 0.5), (0.7, 0.5))
CATEGORY = Category("stub", "0" * 16, SIZE, LABELS, EditDefaults.for_size(SIZE), EYES)
POLICY = AccessPolicy.of(["127.0.0.1", "localhost"], 8000)
MISSING = "0" * 32


class Studio:
    """A client of a running Studio, with what tests ask for again and again."""

    def __init__(self, services: Services, client: TestClient) -> None:
        self.services, self.client = services, client

    def add_picture(self) -> str:
        content = picture_png(render(portrait_at(7, 0), SIZE).image)
        answer = self.client.post(
            "/api/pictures", content=content, headers={"Content-Type": "image/png"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["picture"])

    def add_map(self, change: tuple[slice, slice] | None = None) -> str:
        ids = np.full((SIZE, SIZE), 4, np.uint8)
        if change:
            ids[change] = 11
        content = png(LabelMap(ids, LABELS).to_image())
        answer = self.client.post(
            "/api/maps", content=content, headers={"Content-Type": "image/png"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["map"])

    def edit_request(self, **settings: Any) -> dict[str, Any]:
        return {
            "kind": "edit",
            "picture": self.add_picture(),
            "source": self.add_map(),
            "target": self.add_map((slice(10, 14), slice(8, 20))),
            "settings": {"num_images": 2, "num_inference_steps": 5, **settings},
        }

    def submit(self, request: dict[str, Any], key: str | None = None) -> str:
        answer = self.client.post(
            "/api/jobs", json=request, headers={"Idempotency-Key": key or str(uuid.uuid4())}
        )
        assert answer.status_code in (200, 202), answer.text
        return str(answer.json()["job"])

    def edit(self, **settings: Any) -> str:
        return self.submit(self.edit_request(**settings))

    def job(self, identity: str) -> dict[str, Any]:
        content: dict[str, Any] = self.client.get(f"/api/jobs/{identity}").json()
        return content

    def wait(
        self, identity: str, until: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        """The job once it has ended, or once `until` holds."""
        ended = until or (lambda job: job["state"] in ("done", "failed", "cancelled"))
        deadline = time.monotonic() + 300
        while not ended(job := self.job(identity)):
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        return job

    def events(self, identity: str) -> list[tuple[str, str]]:
        """All events of a job until its last, as (event, data)."""
        answer = self.client.get(f"/api/jobs/{identity}/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = []
        for block in answer.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
            if "event" in fields:
                found.append((fields["event"], fields["data"]))
        return found

    def image(self, url: str) -> Image.Image:
        answer = self.client.get(url)
        assert answer.status_code == 200, answer.text
        image = Image.open(io.BytesIO(answer.content))
        image.load()
        return image


@contextmanager
def running(
    data: Path,
    runner: OpenRunner,
    limits: Limits | None = None,
    policy: AccessPolicy = POLICY,
    category: Category = CATEGORY,
) -> Iterator[Studio]:
    """A Studio and its client."""
    web = data / "web"
    web.mkdir(parents=True, exist_ok=True)
    (web / "index.html").write_text("<!doctype html><title>stub</title>")
    (web / "app.js").write_text("export const x = 1;\n")
    with ExitStack() as stack:
        services = stack.enter_context(open_services(category, runner, data, limits, "forkserver"))
        app = create_app(services, policy, web)
        client = stack.enter_context(TestClient(app, base_url="http://127.0.0.1:8000"))
        yield Studio(services, client)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests of a file, with a quick and well-behaved stub unless asked otherwise."""
    folder = tmp_path_factory.mktemp("studio")
    with running(folder, stub(folder)) as studio:
        yield studio


Start = Callable[..., AbstractContextManager[Studio]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a Studio over the test's own folder: start(step_seconds=…, limits=…, …)."""

    def start(
        step_seconds: float = 0.0,
        limits: Limits | None = None,
        runner: OpenRunner | None = None,
        policy: AccessPolicy = POLICY,
        category: Category = CATEGORY,
    ) -> AbstractContextManager[Studio]:
        runner = runner or stub(tmp_path, step_seconds)
        return running(tmp_path, runner, limits, policy, category)

    return start
