"""Request bodies: received in full within limits, before anything looks at them."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelguide.studio.http_errors import HttpError, busy, error_response
from pixelguide.studio.limits import Limits


class RequestBodyMiddleware:
    """Pure ASGI middleware: 413 for a large body, 408 for a slow one, 503 for too many at once.

    A body is kept in memory, never on disk, so nothing is left behind by those that break off.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._held = 0
        self._limit_of = {
            "/api/pictures": limits.picture,
            "/api/maps": limits.map,
            "/api/regions": limits.map,
            "/api/projects/pack": 2 * limits.state,
            "/api/layers": limits.project,
            "/api/projects/unpack": limits.project,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive the body, then hand the request on; or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chunks: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    whole = await self._receive(scope, receive, chunks)
            except TimeoutError:
                raise HttpError(408, "slow", "the request took too long to arrive") from None
            if not whole:
                return  # the client has gone
            await self._app(scope, _replayed(b"".join(chunks), receive), send)
        except HttpError as error:
            response: Response = error_response(error)
            response.headers["Connection"] = "close"  # what is still under way is not read
            await response(scope, receive, send)
        finally:
            self._held -= sum(map(len, chunks))

    async def _receive(self, scope: Scope, receive: Receive, chunks: list[bytes]) -> bool:
        """Fill `chunks`; False if the client went away."""
        limit = self._limit_of.get(scope["path"], self._limits.body)
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or int(value) > limit):
                raise _too_large(limit)
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            if self._held + len(chunk) > self._limits.bodies:
                raise busy("too many uploads at the same time", 5)
            if chunk:
                self._held += len(chunk)
                chunks.append(chunk)
            if not message.get("more_body", False):
                return True


def _too_large(limit: int) -> HttpError:
    size = f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit} bytes"
    return HttpError(413, "too_large", "the request is too large", f"At most {size} are taken.")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the whole body first, then what the connection brings."""
    first = True

    async def replay() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay
