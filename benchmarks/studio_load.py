"""Clients that poll and stream from a Studio over a stub model: what is refused, how fast it is.

    python -m benchmarks.studio_load [--clients 100] [--seconds 60]

Every client submits small edits one after the other, follows each as a stream of events and asks
for its state twice a second. A full queue (503) is the only refusal intended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image

from pixelguide.edit.settings import EditDefaults
from pixelguide.portraits import LABELS
from pixelguide.studio.app import create_app
from pixelguide.studio.category import Category
from pixelguide.studio.messages import EditOutcome, EditTask, Outcome, Report, Task
from pixelguide.studio.office import open_office
from pixelguide.studio.serve import bound, gate_of, serve

SIZE, STEPS, STEP_SECONDS = 64, 20, 0.05


class Stub:
    """An edit of one second: four candidates, 20 steps with previews."""

    def perform(self, task: Task, report: Report) -> Outcome:
        """Any task, taken for an edit."""
        assert isinstance(task, EditTask)  # noqa: S101 - no other is submitted
        images = np.repeat(task.pixels[None], 4, 0)
        for step in range(STEPS):
            time.sleep(STEP_SECONDS)
            report({"stage": "edit", "done": step + 1, "total": STEPS, "preview": images})
        score = {"roi_accuracy": 1.0, "roi_loss": 0.0, "changed_pixels_outside": 0}
        return EditOutcome(images, [score] * 4, 0, task.source != task.target, {})


class Tally:
    """What the clients saw."""

    def __init__(self) -> None:
        self.status_ms: list[float] = []
        self.answers: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    def report(self) -> dict[str, Any]:
        """Counts, and milliseconds that a question for the state took."""
        cuts = statistics.quantiles(self.status_ms, n=100)
        return {
            "status_requests": len(self.status_ms),
            "status_ms": {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]},
            "answers": dict(self.answers),
            "events": dict(self.events),
        }


async def _client(
    http: httpx2.AsyncClient, body: dict[str, Any], until: float, tally: Tally
) -> None:
    while time.monotonic() < until:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = await http.post("/api/jobs", json=body, headers=headers)
        tally.answers[f"submit {answer.status_code}"] += 1
        if answer.status_code == 503:
            await _poll(http, "/api/health", min(until, time.monotonic() + 5), tally)
            continue
        job = answer.json()["job"]
        stream = asyncio.create_task(_follow(http, job, tally))
        await _poll(http, f"/api/jobs/{job}", until, tally, stream)
        if not stream.done():
            await http.delete(f"/api/jobs/{job}")
        await stream


async def _poll(
    http: httpx2.AsyncClient,
    path: str,
    until: float,
    tally: Tally,
    stream: asyncio.Task[None] | None = None,
) -> None:
    while time.monotonic() < until and not (stream and stream.done()):
        began = time.monotonic()
        answer = await http.get(path)
        tally.status_ms.append(1000 * (time.monotonic() - began))
        tally.answers[f"status {answer.status_code}"] += 1
        await asyncio.sleep(0.5)


async def _follow(http: httpx2.AsyncClient, job: str, tally: Tally) -> None:
    async with http.stream("GET", f"/api/jobs/{job}/events") as answer:
        tally.answers[f"stream {answer.status_code}"] += 1
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                tally.events[line[7:]] += 1


async def _clients(address: str, count: int, seconds: float) -> dict[str, Any]:
    tally = Tally()
    limits = httpx2.Limits(max_connections=4 * count, keepalive_expiry=30)
    async with httpx2.AsyncClient(base_url=address, limits=limits, timeout=60) as http:
        picture = (await http.post("/api/pictures", json={"portrait": 0})).json()["picture"]
        maps = []
        for value in (4, 11):
            buffer = io.BytesIO()
            Image.fromarray(np.full((SIZE, SIZE), value, np.uint8)).save(buffer, "PNG")
            kind = {"Content-Type": "image/png"}
            answer = await http.post("/api/maps", content=buffer.getvalue(), headers=kind)
            maps.append(answer.json()["map"])
        body = {"kind": "edit", "picture": picture, "source": maps[0], "target": maps[1]}
        while (await http.get("/api/health")).json()["state"] != "ready":
            await asyncio.sleep(0.2)
        until = time.monotonic() + seconds
        await asyncio.gather(*(_client(http, body, until, tally) for _ in range(count)))
    return tally.report()


def _serve(data: Path, tell: Connection) -> None:
    category = Category("stub", "0" * 16, SIZE, LABELS, EditDefaults.for_size(SIZE))
    with (
        contextlib.suppress(KeyboardInterrupt),
        bound("127.0.0.1", 0) as listening,
        open_office(category, Stub, data) as office,
    ):
        app = create_app(office, gate_of(listening, "127.0.0.1", None))
        began: list[float] = []

        def ready() -> None:
            began.append(time.process_time())
            tell.send(listening.getsockname()[1])

        try:
            serve(app, listening, ready)
        finally:
            tell.send(time.process_time() - began[0])


def main() -> int:
    """Run, print the numbers as JSON; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_serve, args=(Path(folder), there))
        process.start()
        try:
            address = f"http://127.0.0.1:{here.recv()}"
            found = asyncio.run(_clients(address, options.clients, options.seconds))
        finally:
            process.terminate()
            process.join()
        requests = sum(found["answers"].values())
        found["server_cpu_ms_per_request"] = 1000 * here.recv() / requests
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    intended = {"submit 202", "submit 503", "status 200", "stream 200"}
    return 0 if set(found["answers"]) <= intended and found["status_ms"]["p95"] < 250 else 1


if __name__ == "__main__":
    sys.exit(main())
