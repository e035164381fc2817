"""Every route × method × Host × Origin × kind of token, read from the app itself."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from faults.battery import SHARES
from pixelguide.studio.access import AccessPolicy
from pixelguide.studio.app import create_app
from pixelguide.studio.limits import Limits

TOKEN = "0123456789abcdef-right"  # noqa: S105
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "ODD")
OWN = "127.0.0.1:8000"
HOSTS = (
    [OWN], ["localhost:8000"], [], ["evil.example"], ["127.0.0.1"], ["127.0.0.1:8001"],
    [f"{OWN}.evil.example"], [f"evil.example/{OWN}"], ["[::1]:8000"], [OWN, "evil.example"], [""],
)  # fmt: skip
ORIGINS = (
    [], [f"http://{OWN}"], ["http://evil.example"], ["null"], [f"https://{OWN}"],
    [f"http://{OWN}.evil.example"], [f"http://{OWN}", "http://evil.example"], [""],
)  # fmt: skip
TOKENS = {
    "none": {},
    "bearer": {"authorization": f"Bearer {TOKEN}"},
    "wrong": {"authorization": "Bearer 0123456789abcdef-wrong"},
    "empty": {"authorization": "Bearer "},
    "basic": {"authorization": f"Basic {TOKEN}"},
    "cookie": {"cookie": f"a=b; pixelguide-8000={TOKEN}"},
    "cookie of another port": {"cookie": f"pixelguide-8001={TOKEN}"},
    "cookie cut": {"cookie": f"pixelguide-8000={TOKEN[:-1]}"},
}
RIGHT_HOSTS, RIGHT_ORIGINS, RIGHT_TOKENS = HOSTS[:2], ORIGINS[:2], ("bearer", "cookie")


def leaves(routes: list[BaseRoute]) -> list[Any]:
    """All routes, also those behind another router."""
    found: list[Any] = []
    for route in routes:
        inner = [] if isinstance(route, Mount) else getattr(route, "routes", None) or []
        found += leaves(inner) if inner else [route]
    return found


def paths(app: FastAPI) -> list[str]:
    """A path of every route, ids filled in, and some of none."""
    found = {str(path).replace("{", "0").replace("}", "0") for path in app.openapi()["paths"]}
    for route in leaves(list(app.routes)):
        if isinstance(route, APIRoute):
            found.add(route.path.replace("{", "0").replace("}", "0"))
        elif isinstance(route, Mount):
            found |= {route.path, f"{route.path}/app.js", f"{route.path}/../secret"}
    return sorted(found | {"/", "/none", "//", "/api", "/api/../api/health"})


async def status(app: Any, method: str, path: str, headers: list[tuple[str, str]]) -> int:
    """What a request is answered with."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 9), "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in headers], "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("share", SHARES)
def test_no_foreign_request_gets_in(
    share: int, tmp_path: Path, record: Callable[[str, object], None]
) -> None:
    policy = AccessPolicy.of(["127.0.0.1", "localhost"], 8000, TOKEN)
    app = create_app(SimpleNamespace(limits=Limits()), policy, tmp_path)  # type: ignore[arg-type]
    routes = paths(app)
    assert len(routes) > 20
    tried, foreign, through = 0, 0, []
    cases = itertools.product(routes, METHODS, HOSTS, ORIGINS, TOKENS)

    async def all_of_them() -> None:
        nonlocal tried, foreign
        for number, (path, method, hosts, origins, token) in enumerate(cases):
            if number % (1 if share == 1 else 30):
                continue
            own = hosts in RIGHT_HOSTS and origins in RIGHT_ORIGINS
            if own and token in RIGHT_TOKENS:
                continue
            headers = [*(("host", h) for h in hosts), *(("origin", o) for o in origins)]
            found = await status(app, method, path, [*headers, *TOKENS[token].items()])
            tried += 1
            foreign += not own
            if found != (401 if own else 403):
                through.append((path, method, hosts, origins, token, found))

    asyncio.run(all_of_them())
    record("foreign requests", f"{tried} of {len(routes)} routes, let through {len(through)}")
    assert tried > (200_000 if share == 1 else 5_000)
    assert foreign > tried // 2
    assert through == []


def test_the_right_token_gets_in(tmp_path: Path) -> None:
    """Else the test above would say nothing."""
    policy = AccessPolicy.of(["127.0.0.1"], 8000, TOKEN)
    app = create_app(SimpleNamespace(limits=Limits()), policy, tmp_path)  # type: ignore[arg-type]
    for token in RIGHT_TOKENS:
        headers = [("host", OWN), *TOKENS[token].items()]
        assert asyncio.run(status(app, "GET", "/none", headers)) == 404
