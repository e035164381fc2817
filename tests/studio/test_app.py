"""What holds for every route, enumerated from the application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount
from starlette.testclient import TestClient

from pixelguide.studio.access import AccessPolicy
from pixelguide.studio.app import create_app
from pixelguide.studio.limits import Limits
from stub_runner import stub
from studio.conftest import MISSING, Start, Studio, running

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
ROUTES = [
    ("DELETE", "/api/jobs/{identity}"),
    ("GET", "/"),
    ("GET", "/api/category"),
    ("GET", "/api/health"),
    ("GET", "/api/jobs/{identity}"),
    ("GET", "/api/jobs/{identity}/events"),
    ("GET", "/api/maps/{identity}.png"),
    ("GET", "/api/models"),
    ("GET", "/api/photographs/{identity}.jpg"),
    ("GET", "/api/photographs/{identity}/faces"),
    ("GET", "/api/photographs/{identity}/shown"),
    ("GET", "/api/pictures/{identity}.png"),
    ("GET", "/api/pictures/{identity}/patch.png"),
    ("GET", "/api/pictures/{identity}/photograph.jpg"),
    ("GET", "/api/pictures/{identity}/photograph.png"),
    ("GET", "/api/pictures/{identity}/placement"),
    ("GET", "/api/portraits"),
    ("GET", "/api/portraits/{index}.png"),
    ("GET", "/api/results/{identity}.ora"),
    ("GET", "/api/results/{identity}/{name}.png"),
    ("GET", "/api/results/{identity}/{name}/photograph.jpg"),
    ("GET", "/api/results/{identity}/{name}/photograph.png"),
    ("GET", "/web/app.js"),
    ("POST", "/api/jobs"),
    ("POST", "/api/layers"),
    ("POST", "/api/maps"),
    ("POST", "/api/models"),
    ("POST", "/api/photographs/{identity}/parts"),
    ("POST", "/api/pictures"),
    ("POST", "/api/projects/pack"),
    ("POST", "/api/projects/unpack"),
    ("POST", "/api/regions"),
    ("POST", "/api/results/{identity}/{name}/pictures"),
]
WITH_ID = [route for route in ROUTES if "{" in route[1]]
STRANGE_IDS = (
    MISSING,
    "0" * 31,
    "0" * 33,
    "A" * 32,
    "..%2f..%2fstudio.sqlite%00",
    "%2e%2e",
    "a'%20OR%201=1--",
    "%F0%9F%92%A5",
    "x" * 5000,
)


def _filled(path: str, identity: str = MISSING) -> str:
    return re.sub(r"\{\w+\}", identity, path)


def _is_error(answer: object, status: int) -> bool:
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert set(answer.json()) == {"code", "message", "hint"}  # type: ignore[attr-defined]
    return True


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Studio that wants a token."""
    folder = tmp_path_factory.mktemp("guarded")
    with running(
        folder, stub(folder), policy=AccessPolicy.of(["127.0.0.1"], 8000, TOKEN)
    ) as studio:
        yield studio


def test_list_of_routes_is_complete(studio: Studio) -> None:
    app = create_app(studio.services, AccessPolicy.of(["127.0.0.1"], 8000))
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.route
        if isinstance(route, Mount):
            assert route.path == "/web"
            found.append(("GET", "/web/app.js"))
        else:
            assert isinstance(route, APIRoute), route
            found += [(method, route.path) for method in route.methods]
    assert sorted(found) == ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
class TestEveryRoute:
    @pytest.mark.parametrize(
        "host",
        [
            *("evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:8000.evil.example"),
            *("evil.example@127.0.0.1:8000", "", "127.0.0.1:80000", "localhost"),
        ],
    )
    def test_foreign_host_is_refused(
        self, studio: Studio, method: str, path: str, host: str
    ) -> None:
        answer = studio.client.request(method, _filled(path), headers={"Host": host})
        assert _is_error(answer, 403)

    @pytest.mark.parametrize(
        "origin",
        [
            *("https://evil.example", "null", "http://127.0.0.1:8001", "https://127.0.0.1:8000"),
            *(
                "http://127.0.0.1:8000.evil.example",
                "http://localhost",
                "",
                "HTTP://LOCALHOST:8000",
            ),
        ],
    )
    def test_foreign_origin_is_refused(
        self, studio: Studio, method: str, path: str, origin: str
    ) -> None:
        answer = studio.client.request(method, _filled(path), headers={"Origin": origin})
        assert _is_error(answer, 403)

    def test_two_hosts_are_refused(self, studio: Studio, method: str, path: str) -> None:
        headers = [("Host", "127.0.0.1:8000"), ("Host", "evil.example")]
        answer = studio.client.request(method, _filled(path), headers=headers)
        assert _is_error(answer, 403)

    def test_own_hosts_and_origins_pass(self, studio: Studio, method: str, path: str) -> None:
        for host in ("127.0.0.1:8000", "localhost:8000", "LocalHost:8000"):
            headers = {"Host": host, "Origin": "http://localhost:8000"}
            answer = studio.client.request(method, _filled(path), headers=headers)
            assert answer.status_code not in (401, 403)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer "},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Cookie": f"pixelguide-8000={TOKEN[:-1]}"},
            {"Cookie": f"pixelguide-8001={TOKEN}"},
            {"Cookie": "pixelguide-8000=\u00fc\u00fc"},
        ],
    )
    def test_no_token_no_answer(
        self, guarded: Studio, method: str, path: str, headers: dict[str, str]
    ) -> None:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = guarded.client.request(method, _filled(path), headers=raw)
        assert _is_error(answer, 401)

    def test_token_passes(self, guarded: Studio, method: str, path: str) -> None:
        for headers in (
            {"Authorization": f"Bearer {TOKEN}"},
            {"Cookie": f"a=b; pixelguide-8000={TOKEN}"},
        ):
            answer = guarded.client.request(method, _filled(path), headers=headers)
            assert answer.status_code not in (401, 403)

    def test_wrong_method_is_refused(self, studio: Studio, method: str, path: str) -> None:
        allowed = {m for m, p in ROUTES if p == path}
        if path.startswith("/web"):
            allowed.add("HEAD")
        for wrong in set(METHODS) - allowed:
            answer = studio.client.request(wrong, _filled(path))
            assert answer.status_code == 405, wrong
            if wrong != "HEAD":
                assert _is_error(answer, 405)

    def test_oversized_body_is_refused(self, start: Start, method: str, path: str) -> None:
        small = Limits(body=10, picture=10, map=10, project=10, state=5)
        with start(limits=small) as studio:
            for body in (b"x" * 11, iter([b"x" * 6, b"x" * 5])):
                answer = studio.client.request(method, _filled(path), content=body)
                assert _is_error(answer, 413)

    def test_security_headers(self, studio: Studio, method: str, path: str) -> None:
        for headers in ({}, {"Origin": "null"}):
            found = studio.client.request(method, _filled(path), headers=headers).headers
            assert found["x-content-type-options"] == "nosniff"
            assert found["referrer-policy"] == "no-referrer"
            policy = found["content-security-policy"].split("; ")
            assert policy == [
                *("default-src 'self'", "img-src 'self' data: blob:", "object-src 'none'"),
                *("base-uri 'none'", "frame-ancestors 'none'"),
            ]
            assert "access-control-allow-origin" not in found

    def test_no_url_is_accepted(self, studio: Studio, method: str, path: str) -> None:
        body = {"url": "http://127.0.0.1:1/", "picture": "http://127.0.0.1:1/", "kind": "segment"}
        headers = {"Idempotency-Key": "12345678"}
        answer = studio.client.request(method, _filled(path), json=body, headers=headers)
        if method == "POST":
            assert answer.status_code in (400, 404)


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("identity", STRANGE_IDS)
def test_unknown_and_malformed_ids_are_the_same_404(
    studio: Studio, method: str, path: str, identity: str
) -> None:
    answer = studio.client.request(method, _filled(path, identity))
    assert _is_error(answer, 404)
    assert identity not in answer.text


def test_id_of_another_kind_is_404(studio: Studio) -> None:
    picture, label_map = studio.add_picture(), studio.add_map()
    job = studio.submit({"kind": "segment", "picture": picture})
    studio.wait(job)
    for path in (
        f"/api/maps/{picture}.png",
        f"/api/pictures/{label_map}.png",
        f"/api/pictures/{job}.png",
        f"/api/jobs/{picture}",
        f"/api/results/{job}/0.png",
        f"/api/results/{job}.ora",
    ):
        assert _is_error(studio.client.get(path), 404)


@pytest.mark.parametrize(
    "path", ["/api", "/docs", "/openapi.json", "/web", "/web/", "/web/x.js", "/api/jobs/"]
)
def test_unknown_page_is_404(studio: Studio, path: str) -> None:
    assert _is_error(studio.client.get(path), 404)


@pytest.mark.parametrize(
    "path",
    ["/web/../secret.txt", "/web/%2e%2e/secret.txt", "/web/..%2fsecret.txt", "/web//etc/hostname"],
)
def test_static_files_end_at_their_folder(start: Start, tmp_path: Path, path: str) -> None:
    with start() as studio:
        (tmp_path / "secret.txt").write_text("secret")
        answer = studio.client.get(path)
        assert answer.status_code == 404
        assert "secret" not in answer.text.replace("secret.txt", "")


def test_page_and_its_files_are_served(studio: Studio) -> None:
    page = studio.client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>stub</title>" in page.text
    module = studio.client.get("/web/app.js")
    assert module.headers["content-type"].startswith("text/javascript")
    assert module.headers["cache-control"] == "no-cache"


def test_websockets_are_refused(studio: Studio) -> None:
    from starlette.websockets import WebSocketDisconnect

    for headers in ({}, {"Origin": "https://evil.example"}):
        with (
            pytest.raises(WebSocketDisconnect),
            studio.client.websocket_connect("/", headers=headers),
        ):
            pass


def test_unexpected_error_shows_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise RuntimeError("secret")

    monkeypatch.setattr(studio.services.jobs, "waiting", fail)
    answer = studio.client.get("/api/health")
    assert _is_error(answer, 500)
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_token_in_the_address_becomes_a_cookie(guarded: Studio) -> None:
    client = TestClient(guarded.client.app, base_url="http://127.0.0.1:8000")
    greeting = client.get(f"/?token={TOKEN}")
    assert greeting.status_code == 200
    assert 'content="0; url=/"' in greeting.text
    assert TOKEN not in greeting.text
    cookie = greeting.headers["set-cookie"]
    assert cookie.startswith(f"pixelguide-8000={TOKEN};")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "<title>stub</title>" in client.get("/").text  # the cookie jar sends it along


def test_token_in_the_address_opens_nothing_else(guarded: Studio) -> None:
    client = TestClient(guarded.client.app, base_url="http://127.0.0.1:8000")
    assert _is_error(client.get(f"/api/health?token={TOKEN}"), 401)
    assert _is_error(client.get("/?token=wrong"), 401)
