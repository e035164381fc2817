"""Access control: checks of Host, Origin and token before anything else."""

from __future__ import annotations

import hmac
import html
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelguide.studio.http_errors import HttpError, error_response

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HEADER_BYTES = 32 * 1024
"""Of all headers together; a browser with many cookies for this machine sends some thousand."""
_QUERY_BYTES = 1024
"""Looked at for a token."""


@dataclass(frozen=True)
class AccessPolicy:
    """What requests must show to be answered. Sets are compared exactly, never by a pattern.

    hosts: values of Host, `name:port`. origins: values of Origin, `scheme://name:port`.
    token: wanted from everyone, unless None. cookie: the name it is kept under.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    token: str | None = None
    cookie: str = "pixelguide"

    @classmethod
    def of(cls, hosts: Iterable[str], port: int, token: str | None = None) -> AccessPolicy:
        """Of a server that is reached as these host names (or addresses) at `port`."""
        named = {f"[{host}]" if ":" in host else host.lower() for host in hosts}
        full = {f"{host}:{port}" for host in named}
        if port == 80:  # browsers leave it out
            full |= named
        # cookies do not tell ports apart
        return cls(
            frozenset(full), frozenset(f"http://{h}" for h in full), token, f"pixelguide-{port}"
        )

    def check(self, scope: Scope) -> None:
        """Raise HttpError: 431 for large headers, 403 for a foreign Host or Origin, 401 without the
        token. Takes time in proportion to the headers, which are bounded first."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > _HEADER_BYTES:
            raise HttpError(431, "large_header", "the headers are too large", "Delete cookies.")
        host = _values(scope, b"host")
        if len(host) != 1 or host[0].lower() not in self.hosts:
            raise HttpError(403, "foreign_host", "not the address of this server")
        origin = _values(scope, b"origin")
        if origin and (len(origin) != 1 or origin[0] not in self.origins):
            raise HttpError(403, "foreign_origin", "asked for by another site")
        if self.token is not None and not any(self._is_token(t) for t in self._tokens(scope)):
            raise HttpError(
                401, "no_token", "no valid token", "Open the address that the server printed."
            )

    def token_response(self, scope: Scope) -> Response | None:
        """The answer to `/?token=…` with the right token: keep it in a cookie, go on to `/`.

        Not a redirect: after a link on another site a browser would not send the cookie along.
        """
        if self.token is None or scope["path"] != "/" or scope.get("method") != "GET":
            return None
        if not any(self._is_token(token) for token in _query(scope).get("token", [])):
            return None
        response = HTMLResponse(
            '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/">'
            f"<title>{html.escape('pixelguide studio')}</title>"
        )
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _tokens(self, scope: Scope) -> list[str]:
        found = [v[7:] for v in _values(scope, b"authorization") if v[:7].lower() == "bearer "]
        for header in _values(scope, b"cookie"):
            # By hand: a token has plain characters only, and what takes quoted ones apart may take
            # time in the square of their number (CVE-2024-7592).
            pairs = (pair.strip().partition("=") for pair in header.split(";"))
            found += [value for name, _, value in pairs if name == self.cookie]
        if scope["path"] == "/":
            found += _query(scope).get("token", [])
        return found

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), (self.token or "").encode())


class AccessMiddleware:
    """Pure ASGI middleware around everything, static files included."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no websockets here: closed before accepted is 403
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        try:
            self._policy.check(scope)
        except HttpError as error:
            await error_response(error)(scope, receive, send_with_headers)
            return
        app = self._policy.token_response(scope) or self._app
        # read here and nowhere else: FastAPI would take cookies apart for every route
        kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        scope = {**scope, "headers": kept}
        await app(scope, receive, send_with_headers)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _query(scope: Scope) -> dict[str, list[str]]:
    query = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")) if len(query) <= _QUERY_BYTES else {}
