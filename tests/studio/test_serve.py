"""Addresses, tokens, and a real server: killed, stopped, kept waiting."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pixelguide.errors import InputError, SafetyError
from pixelguide.studio.app import create_app
from pixelguide.studio.connections import ConnectionLimits
from pixelguide.studio.limits import Limits
from pixelguide.studio.serve import (
    access_policy,
    address_of,
    bound,
    check_token,
    is_loopback,
    server,
)
from pixelguide.studio.services import Services
from pixelguide.studio.stored_files import picture_png
from stub_runner import HANGS
from studio.conftest import SIZE, Start, Studio

TOKEN = "0123456789abcdef"  # noqa: S105


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "studio.example"])  # noqa: S104
def test_bind_for_others_without_token_is_refused(host: str) -> None:
    with pytest.raises(SafetyError, match="without a token") as refused:
        check_token(host, None)
    assert refused.value.exit_code == 3
    check_token(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    check_token(host, None)


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "x" * 20 + " ", "x" * 20 + ";", "ü" * 20])
def test_useless_token_is_refused(token: str) -> None:
    with pytest.raises(SafetyError, match="token"):
        check_token("127.0.0.1", token)


def test_port_0_takes_a_free_one() -> None:
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert port > 0
        assert address_of(listening, "127.0.0.1", None) == f"http://127.0.0.1:{port}/"
        policy = access_policy(listening, "127.0.0.1", None)
        assert policy.hosts == {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
        with pytest.raises(InputError, match="cannot listen"):
            bound("127.0.0.1", port)


def test_answers_leave_at_once() -> None:
    """Without TCP_NODELAY the second packet of an answer waits 40 ms for the client's word on the
    first."""

    async def option() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with bound("127.0.0.1", 0) as listening:
            async with await asyncio.start_server(accept, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                writer.close()
                return await found

    assert asyncio.run(option()) != 0


def test_address_carries_the_token() -> None:
    with bound("127.0.0.1", 0) as listening:
        assert address_of(listening, "127.0.0.1", TOKEN).endswith(f"/?token={TOKEN}")
        assert "studio.example" in " ".join(
            access_policy(listening, "127.0.0.1", TOKEN, ["studio.example"]).hosts
        )


@pytest.mark.parametrize("host", ["no such host", "256.1.1.1", "x" * 300])
def test_address_that_cannot_be_bound(host: str) -> None:
    with pytest.raises(InputError, match="cannot listen"):
        bound(host, 0)


SERVER = """
import sys
from pathlib import Path
import studio.conftest as runner
from pixelguide.studio.app import create_app
from pixelguide.studio.services import open_services
from pixelguide.studio.serve import bound, access_policy, serve
from stub_runner import stub

def main(data, step_seconds):
    with bound("127.0.0.1", 0) as listening, open_services(
        runner.CATEGORY, stub(data, step_seconds), data
    ) as services:
        app = create_app(services, access_policy(listening, "127.0.0.1", None))
        serve(app, listening, lambda: print(listening.getsockname()[1], flush=True))

if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
"""


class Server:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            body,
            {"Content-Type": kind, "Idempotency-Key": os.urandom(8).hex()},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def wait(self, job: str, states: tuple[str, ...], steps: int = 0) -> Any:
        deadline = time.monotonic() + 300
        while True:
            content = self.ask(f"/api/jobs/{job}")
            done = (content["progress"] or {"done": 0})["done"]
            if content["state"] in states and done >= steps:
                return content
            assert time.monotonic() < deadline, content
            time.sleep(0.05)

    def edit(self, steps: int) -> str:
        flat = [picture_png(_ids(value)) for value in (4, 11)]
        maps = [self.ask("/api/maps", png, "image/png")["map"] for png in flat]
        picture = self.ask("/api/pictures", b'{"portrait": 0}')["picture"]
        settings = {"num_inference_steps": steps, "num_images": 1}
        body = {"kind": "edit", "picture": picture, "source": maps[0], "target": maps[1]}
        answer = self.ask("/api/jobs", json.dumps({**body, "settings": settings}).encode())
        return str(answer["job"])


def _ids(value: int) -> Any:
    import numpy as np

    return np.full((SIZE, SIZE), value, np.uint8)


@contextmanager
def killable(data: Path, step_seconds: float = 0.0) -> Iterator[Server]:
    script = data / "server.py"
    script.write_text(SERVER)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root / 'tests'}"}
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, str(script), str(data), str(step_seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout
        yield Server(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_killed_server_keeps_what_it_accepted(tmp_path: Path) -> None:
    with killable(tmp_path, 0.05) as first:
        jobs = [first.edit(1000), first.edit(2)]
        first.wait(jobs[0], ("running",), steps=2)
        first.process.kill()
        first.process.wait()
    with killable(tmp_path) as second:
        for job in jobs:
            assert second.wait(job, ("done", "failed"))["state"] == "done"
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(30) != 0


@pytest.fixture(scope="module")
def port(studio: Studio) -> Iterator[int]:
    """Where the Studio listens, served for real and with little patience."""
    with served(replace(studio.services, limits=Limits(body_seconds=0.3))) as port:
        yield port


@contextmanager
def served(services: Services, limits: ConnectionLimits | None = None) -> Iterator[int]:
    ready = threading.Event()
    with bound("127.0.0.1", 0) as listening:
        uvicorn = server(
            create_app(services, access_policy(listening, "127.0.0.1", None)), ready.set, limits
        )
        run = partial(asyncio.run, uvicorn.serve(sockets=[listening]))
        thread = threading.Thread(target=run)
        thread.start()
        assert ready.wait(300)
        yield int(listening.getsockname()[1])
        uvicorn.should_exit = True
        thread.join()


def test_listeners_do_not_hold_up_the_end(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with start() as studio:
        job = studio.edit(seed=HANGS)
        with ExitStack() as stack:
            with served(studio.services) as port:
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                host = f"Host: 127.0.0.1:{port}"
                connection.sendall(
                    f"GET /api/jobs/{job}/events HTTP/1.1\r\n{host}\r\n\r\n".encode()
                )
                heard = b""
                while b"retry" not in heard:
                    heard += connection.recv(4096)
            while more := connection.recv(4096):
                heard += more
            assert heard.endswith(b"0\r\n\r\n"), "the stream is ended, not broken off"
    assert caplog.records == [], "nobody is shown a traceback"


@pytest.mark.parametrize(
    "framing", ["Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"]
)
def test_slow_body_times_out(port: int, framing: str) -> None:
    head = f"POST /api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/png\r\n"
    answer = _exchange(port, (head + framing).encode(), b"1\r\nx\r\n")
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_cross_site_websocket_is_refused(port: int, origin: str) -> None:
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert _exchange(port, request.encode()).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("hosts", [[], ["evil.example"], ["127.0.0.1:{port}", "evil.example"]])
def test_wrong_number_of_hosts_is_refused(port: int, hosts: list[str]) -> None:
    lines = "".join(f"Host: {host.format(port=port)}\r\n" for host in hosts)
    answer = _exchange(port, f"GET /api/health HTTP/1.1\r\n{lines}\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))


def test_listener_that_leaves_is_forgotten(port: int, studio: Studio) -> None:
    job = studio.edit(seed=HANGS)
    request = f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    assert b"text/event-stream" in _exchange(port, request.encode())
    deadline = time.monotonic() + 10
    while any(topic.subscribers for topic in studio.services.events._topics.values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    studio.client.delete(f"/api/jobs/{job}")


def _exchange(port: int, *parts: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.1)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(4096)):
            answer += more
    return answer
