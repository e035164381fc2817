"""Clients that poll and stream from a Studio over a stub model: what is refused, how fast it is.

    python -m benchmarks.studio_load [--clients 100] [--seconds 60]

Every client submits small edits one after the other, follows each as a stream of events and asks
for its state twice a second. A full queue (503) is the only refusal intended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from multiprocessing.connection import Connection as Line
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from benchmarks.setup import option_parser
from pixelguide.edit.defaults import EditDefaults
from pixelguide.portraits import LABELS
from pixelguide.studio.app import create_app
from pixelguide.studio.category import Category
from pixelguide.studio.messages import EditOutcome, EditTask, Outcome, Report, Task
from pixelguide.studio.serve import access_policy, bound, serve
from pixelguide.studio.services import open_services
from pixelguide.studio.stored_files import picture_png

SIZE, STEPS, STEP_SECONDS = 64, 20, 0.05


class Stub:
    """An edit of one second: four candidates, 20 steps with previews."""

    def __init__(self, report: Report) -> None:
        """It is open at once."""

    def perform(self, task: Task, report: Report) -> Outcome:
        """Any task, taken for an edit."""
        assert isinstance(task, EditTask)  # noqa: S101 - no other is submitted
        images = np.repeat(task.pixels[None], 4, 0)
        for step in range(STEPS):
            time.sleep(STEP_SECONDS)
            report({"stage": "edit", "done": step + 1, "total": STEPS, "preview": images})
        score = {"roi_accuracy": 1.0, "roi_loss": 0.0, "changed_pixels_outside": 0}
        return EditOutcome(images, [score] * 4, 0, task.source != task.target, 2, {})

    def spare_work(self) -> Iterator[None]:
        """Nothing."""
        return iter(())


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


class Connection:
    """HTTP/1.1 on one kept connection, by hand: what a client library computes would be measured
    with the server's time, for both share the machine."""

    def __init__(self, host: str, port: int) -> None:
        self._head = f"Host: {host}:{port}\r\n"
        self._address = host, port
        self._reader: asyncio.StreamReader | None = None

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        status, headers, reader = await self._begin(method, path, body)
        return status, await reader.readexactly(int(headers["content-length"]))

    async def events(self, path: str) -> AsyncIterator[str]:
        """Names of the events of a stream, after its status. Each event is a chunk of its own."""
        status, _, reader = await self._begin("GET", path)
        yield str(status)
        while (line := await reader.readline()).strip() != b"0":
            if line.startswith(b"event: "):
                yield line[7:].decode().strip()
        await reader.readline()

    async def _begin(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, str], asyncio.StreamReader]:
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(content)}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
        self._writer.write(f"{head}\r\n".encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in answer[1:] if line)
        return int(answer[0].split()[1]), headers, self._reader

    def close(self) -> None:
        """Hang up."""
        if self._reader is not None:
            self._writer.close()


async def _client(
    address: tuple[str, int], body: dict[str, Any], until: float, tally: Tally
) -> None:
    with (
        contextlib.closing(Connection(*address)) as asks,
        contextlib.closing(Connection(*address)) as listens,
    ):
        while time.monotonic() < until:
            status, answer = await asks.ask("POST", "/api/jobs", body)
            tally.answers[f"submit {status}"] += 1
            if status != 202:
                await _poll(asks, "/api/health", min(until, time.monotonic() + 5), tally)
                continue
            job = f"/api/jobs/{json.loads(answer)['job']}"
            stream = asyncio.create_task(_follow(listens, f"{job}/events", tally))
            await _poll(asks, job, until, tally, stream)
            if not stream.done():
                await asks.ask("DELETE", job)
            await stream


async def _poll(
    asks: Connection,
    path: str,
    until: float,
    tally: Tally,
    stream: asyncio.Task[None] | None = None,
) -> None:
    while time.monotonic() < until and not (stream and stream.done()):
        began = time.monotonic()
        status, _ = await asks.ask("GET", path)
        tally.status_ms.append(1000 * (time.monotonic() - began))
        tally.answers[f"status {status}"] += 1
        await asyncio.sleep(0.5)


async def _follow(listens: Connection, path: str, tally: Tally) -> None:
    heard = listens.events(path)
    tally.answers[f"stream {await anext(heard)}"] += 1
    async for event in heard:
        tally.events[event] += 1


def _prepared(address: str) -> dict[str, Any]:
    """A picture and two maps on the server, once it is ready; the edit that all clients ask for."""
    with httpx2.Client(base_url=address, timeout=60) as http:
        while http.get("/api/health").json()["state"] != "ready":
            time.sleep(0.2)
        picture = http.post("/api/pictures", json={"portrait": 0}).json()["picture"]
        maps = []
        for value in (4, 11):
            content = picture_png(np.full((SIZE, SIZE), value, np.uint8))
            kind = {"Content-Type": "image/png"}
            maps.append(http.post("/api/maps", content=content, headers=kind).json()["map"])
    return {"kind": "edit", "picture": picture, "source": maps[0], "target": maps[1]}


async def _clients(
    address: tuple[str, int], body: dict[str, Any], count: int, seconds: float
) -> dict[str, Any]:
    tally = Tally()
    until = time.monotonic() + seconds
    await asyncio.gather(*(_client(address, body, until, tally) for _ in range(count)))
    return tally.report()


def _serve(data: Path, tell: Line) -> None:
    category = Category("stub", "0" * 16, SIZE, LABELS, EditDefaults.for_size(SIZE))
    with (
        contextlib.suppress(KeyboardInterrupt),
        bound("127.0.0.1", 0) as listening,
        open_services(category, Stub, data) as services,
    ):
        app = create_app(services, access_policy(listening, "127.0.0.1", None))
        began: list[float] = []

        def ready() -> None:
            began.append(time.process_time())
            tell.send(listening.getsockname()[1])

        try:
            serve(app, listening, ready)
        finally:
            tell.send(time.process_time() - began[0])


def main(arguments: list[str] | None = None) -> int:
    """Run, print the numbers as JSON; 1 when a promise is broken."""
    parser = option_parser(__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args(arguments)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_serve, args=(Path(folder), there))
        process.start()
        try:
            address = "127.0.0.1", int(here.recv())
            body = _prepared(f"http://127.0.0.1:{address[1]}")
            began = time.process_time()
            found = asyncio.run(_clients(address, body, options.clients, options.seconds))
            requests = sum(found["answers"].values())
            found["client_cpu_ms_per_request"] = 1000 * (time.process_time() - began) / requests
        finally:
            process.terminate()
            process.join()
        found["server_cpu_ms_per_request"] = 1000 * here.recv() / requests
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    intended = {"submit 202", "submit 503", "status 200", "stream 200"}
    return 0 if set(found["answers"]) <= intended and found["status_ms"]["p95"] < 250 else 1


if __name__ == "__main__":
    sys.exit(main())
