"""Publish and subscribe: the events of jobs, from the supervisor's thread to HTTP streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from pixelguide.studio.jobs import FINAL


class _Topic:
    """The latest event of a job. Slow subscribers miss events in between, never the last one."""

    def __init__(self) -> None:
        self.version = 0
        self.subscribers = 0
        self.event, self.message = "", b""
        self.progress: dict[str, Any] | None = None
        self.changed = asyncio.Event()


class JobEvents:
    """Passes events from the supervisor's thread to any number of subscribers in the event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._topics: dict[str, _Topic] = {}
        self._closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take subscribers in `loop` from now on; events published before are dropped."""
        self._loop = loop

    def close(self) -> None:
        """In the event loop: end all subscriptions, for the server stops."""
        self._closed = True
        for topic in self._topics.values():
            topic.changed.set()

    def publish(self, job: str, event: str, content: dict[str, Any]) -> None:
        """From any thread: "progress", or one of `FINAL`, after which nothing follows."""
        if self._loop is None:
            return
        message = encode(event, content)
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all subscribers
            self._loop.call_soon_threadsafe(self._publish, job, event, content, message)

    def progress(self, job: str) -> dict[str, Any] | None:
        """{"stage", "done", "total"} of a running job."""
        topic = self._topics.get(job)
        return topic.progress if topic else None

    async def subscribe(self, job: str, heartbeat: float) -> AsyncGenerator[bytes]:
        """The latest event if there is one, then every further one until the last, encoded; an
        empty message whenever nothing happened for `heartbeat` seconds. The first message is
        always empty: from then on nothing is missed. Ends early after `close`."""
        topic = self._topics.setdefault(job, _Topic())
        topic.subscribers += 1
        seen = 0
        try:
            yield b""
            while not self._closed:
                if topic.version == seen:
                    changed = topic.changed
                    try:
                        async with asyncio.timeout(heartbeat):
                            await changed.wait()
                    except TimeoutError:
                        yield b""
                        continue
                    if self._closed:
                        return
                seen = topic.version
                yield topic.message
                if topic.event in FINAL:
                    return
        finally:
            topic.subscribers -= 1
            if not topic.subscribers and not topic.version and self._topics.get(job) is topic:
                del self._topics[job]

    def _publish(self, job: str, event: str, content: dict[str, Any], message: bytes) -> None:
        if event in FINAL:
            topic = self._topics.pop(job, None)
            if topic is None:
                return
        else:
            topic = self._topics.setdefault(job, _Topic())
            topic.progress = {key: content[key] for key in ("stage", "done", "total")}
        topic.event, topic.message = event, message
        topic.version += 1
        topic.changed.set()
        topic.changed = asyncio.Event()


def encode(event: str, content: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return f"event: {event}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode()
