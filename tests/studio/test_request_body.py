"""Bodies within limits; sizes and slowness of single ones are in `test_app` and `test_serve`."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from pixelguide.studio.limits import Limits
from pixelguide.studio.request_body import RequestBodyMiddleware


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"]
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def _ask(
    app: RequestBodyMiddleware, chunks: list[bytes], headers: Any = (), pause: float = 0
) -> Any:
    scope = {"type": "http", "path": "/api/pictures", "method": "POST", "headers": list(headers)}
    parts = iter(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(pause)
        chunk = next(parts, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk != chunks[-1]}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def test_body_arrives_in_one_piece() -> None:
    sent = asyncio.run(_ask(RequestBodyMiddleware(_app, Limits()), [b"a" * 10, b"b" * 20]))
    assert sent[1]["body"] == b"30"


def test_bodies_at_the_same_time_share_their_memory() -> None:
    async def both() -> list[int]:
        app = RequestBodyMiddleware(_app, Limits(bodies=50))
        answers = await asyncio.gather(
            *(_ask(app, [b"a" * 20, b"b" * 20], pause=0.01) for _ in range(3))
        )
        again = await _ask(app, [b"a" * 20, b"b" * 20])  # what they held is free again
        return [sent[0]["status"] for sent in [*answers, again]]

    *first, last = asyncio.run(both())
    assert 503 in first
    assert last == 200


def test_stated_length_is_refused_before_anything_is_read() -> None:
    for length in (b"33554433", b"9" * 30, b"-1", b"x"):
        sent = asyncio.run(
            _ask(RequestBodyMiddleware(_app, Limits()), [], [(b"content-length", length)])
        )
        assert sent[0]["status"] == 413


def test_client_that_leaves_gets_no_answer() -> None:
    assert asyncio.run(_ask(RequestBodyMiddleware(_app, Limits()), [])) == []
