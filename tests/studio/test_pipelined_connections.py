"""Answers that nobody takes end, and who asks ahead of the answers lets others in between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from pixelguide.studio.connections import BoundedProtocol, ConnectionLimits, Connections

App = Callable[[Any, Any, Any], Awaitable[None]]
ASK = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def serving(app: App, limits: ConnectionLimits) -> AsyncIterator[tuple[int, Connections]]:
    """The port and the connections of a server whose socket keeps little."""
    config = uvicorn.Config(app, log_level="critical", ws="none")
    config.load()
    found, state = Connections(limits), ServerState()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedProtocol(config, state, {}, open_connections=found), sock=listening
    )
    async with server:
        yield listening.getsockname()[1], found


async def answer(send: Any, body: bytes = b"") -> None:
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.01)


def test_last_bytes_that_nobody_takes_hold_no_connection() -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        await answer(send, bytes(60_000))  # less than asyncio lets pile up before it tells

    async def run() -> None:
        async with serving(app, ConnectionLimits(reading_seconds=0.2)) as (port, found):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", port))
                client.sendall(CLOSE)
                await until(lambda: len(found) == 1)
                await until(lambda: len(found) == 0)

    asyncio.run(run())


def test_who_reads_nothing_is_let_go() -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        await answer(send, bytes(100_000))

    async def run() -> None:
        async with serving(app, ConnectionLimits(reading_seconds=0.2)) as (port, found):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", port))
                client.sendall(ASK % b"first" * 20)
                await until(lambda: len(found) == 1)
                await until(lambda: len(found) == 0)

    asyncio.run(run())


def test_requests_sent_ahead_wait_and_others_do_not() -> None:
    running, most, go = set[int](), [0], asyncio.Event()

    async def app(scope: Any, _: Any, send: Any) -> None:
        if scope["path"] == "/ahead":
            running.add(id(scope))
            most[0] = max(most[0], len(running))
            await go.wait()
            running.discard(id(scope))
        await answer(send)

    async def run() -> None:
        async with serving(app, ConnectionLimits(ahead=3)) as (port, _):
            clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
            for _, writer in clients:
                writer.write(ASK % b"first" + ASK % b"ahead" + CLOSE)
            await until(lambda: len(running) == 3)
            mine, asking = await asyncio.open_connection("127.0.0.1", port)
            asking.write(CLOSE)
            assert (await mine.read()).startswith(b"HTTP/1.1 200 ")
            assert most[0] == 3
            go.set()
            for reader, _ in clients:
                assert (await reader.read()).count(b"HTTP/1.1 200 ") == 3
            for _, writer in [*clients, (mine, asking)]:
                writer.close()
                await writer.wait_closed()

    asyncio.run(run())
