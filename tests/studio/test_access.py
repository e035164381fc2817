"""The policy as a value; requests against it are in `test_app`."""

from __future__ import annotations

import http.cookies
import time
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette import requests
from starlette.testclient import TestClient

from pixelguide.studio.access import AccessMiddleware, AccessPolicy
from pixelguide.studio.http_errors import HttpError


def test_hosts_and_origins_are_exact_sets() -> None:
    policy = AccessPolicy.of(["127.0.0.1", "LocalHost", "::1"], 8123)
    assert policy.hosts == {"127.0.0.1:8123", "localhost:8123", "[::1]:8123"}
    assert policy.origins == {f"http://{host}" for host in policy.hosts}


def test_port_80_may_be_left_out() -> None:
    assert AccessPolicy.of(["studio.example"], 80).hosts == {"studio.example", "studio.example:80"}
    assert "studio.example" not in AccessPolicy.of(["studio.example"], 8080).hosts


def test_cookies_of_two_studios_do_not_meet() -> None:
    assert AccessPolicy.of(["a"], 1, "x").cookie != AccessPolicy.of(["a"], 2, "x").cookie


TOKEN = "0123456789abcdef"  # noqa: S105


def request(**headers: str) -> dict[str, Any]:
    """The scope of a request to `a`, port 1."""
    sent = {"host": "a:1", **headers}
    listed = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    return {"type": "http", "method": "GET", "path": "/api/health", "headers": listed}


@pytest.fixture
def policy() -> AccessPolicy:
    return AccessPolicy.of(["a"], 1, TOKEN)


@pytest.mark.parametrize(
    "cookie",
    [
        "{name}={token}",
        "other=1; {name}={token}",
        'other="quoted; \\";{name}={token} ;x',
        "{name}=wrong; {name}={token}",
        "=;;{name}={token}",
    ],
)
def test_the_one_cookie_is_found_among_others(policy: AccessPolicy, cookie: str) -> None:
    policy.check(request(cookie=cookie.format(name=policy.cookie, token=TOKEN)))


@pytest.mark.parametrize("cookie", ["x{name}={token}", "{name}={token}x", '{name}="{token}"', ""])
def test_other_cookies_are_no_token(policy: AccessPolicy, cookie: str) -> None:
    with pytest.raises(HttpError) as refused:
        policy.check(request(cookie=cookie.format(name=policy.cookie, token=TOKEN)))
    assert refused.value.status == 401


def test_headers_are_bounded_before_they_are_read(policy: AccessPolicy) -> None:
    with pytest.raises(HttpError) as refused:
        policy.check(request(cookie=f"{policy.cookie}={TOKEN}; " + "a=b; " * 20_000))
    assert refused.value.status == 431


def test_a_cookie_costs_time_in_proportion(policy: AccessPolicy) -> None:
    def seconds(pairs: int) -> float:
        scope = request(cookie='a="b"; ' * pairs)
        began = time.process_time()
        for _ in range(100):
            with pytest.raises(HttpError):
                policy.check(scope)
        return time.process_time() - began

    seconds(1)
    assert seconds(4000) < 16 * max(seconds(1000), 0.01)


def test_no_library_takes_cookies_apart(
    policy: AccessPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither before the check nor behind it, where FastAPI would do it for every route."""
    taken: list[str] = []
    monkeypatch.setattr(http.cookies.SimpleCookie, "load", lambda self, raw: taken.append(raw))
    monkeypatch.setattr(requests, "cookie_parser", taken.append)
    app = FastAPI()

    @app.get("/api/health")
    def seen(answer: Request) -> dict[str, Any]:
        return dict(answer.headers)

    app.add_middleware(AccessMiddleware, policy=policy)
    client = TestClient(app, base_url="http://a:1")
    cookie = f'{policy.cookie}={TOKEN}; quoted="x"'
    found = client.get("/api/health", headers={"Cookie": cookie})
    assert found.status_code == 200
    assert "cookie" not in found.json()
    assert client.get("/api/health", headers={"Cookie": 'quoted="x"'}).status_code == 401
    assert taken == []


def test_a_long_query_is_no_token(policy: AccessPolicy) -> None:
    scope = request() | {"path": "/", "query_string": f"token={TOKEN}".encode()}
    policy.check(scope)
    assert policy.token_response(scope) is not None
    with pytest.raises(HttpError):
        policy.check(scope | {"query_string": b"a=1&" * 1000 + f"token={TOKEN}".encode()})
