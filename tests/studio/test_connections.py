"""Connections that lead to nothing are closed, and never keep others out."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pixelguide.studio.connections import BACKLOG, ConnectionLimits
from stub_runner import HANGS
from studio.conftest import Studio
from studio.test_serve import served

LIMITS = ConnectionLimits(total=12, per_address=8, header_seconds=0.5, reading_seconds=0.5)
HALF = b"GET /api/health HTTP/1.1\r\nHost: 127"


@pytest.fixture(scope="module")
def port(studio: Studio) -> Iterator[int]:
    with served(studio.services, LIMITS) as port:
        yield port


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))


def is_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the server closes it within that time."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def ask(connection: socket.socket, port: int, path: str = "/api/health") -> bytes:
    """The head of an answer; its body is read too, where its length is told."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    answer, expected = b"", 1
    while len(answer) < expected and (more := connection.recv(4096)):
        answer += more
        head, end, _ = answer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head) if end else None
        told = int(length[1]) if length else 0
        expected = len(head + end) + told if end else len(answer) + 1
    return answer


@pytest.mark.parametrize("start", [b"", b"G", HALF])
def test_a_header_has_to_come_in_time(port: int, start: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(start)
        assert is_closed(connection, 5)


def test_a_byte_now_and_then_is_no_header(port: int) -> None:
    with connect(port) as connection:
        began = time.monotonic()
        with pytest.raises(OSError, match=r"."):  # noqa: PT012
            for k in range(200):
                connection.sendall(HALF[k % len(HALF) :][:1])
                time.sleep(0.05)
        assert time.monotonic() - began < 5


def test_the_second_header_has_to_come_in_time_too(port: int) -> None:
    with connect(port) as connection:
        assert ask(connection, port).startswith(b"HTTP/1.1 200 ")
        assert not is_closed(connection, 1), "a page keeps its connection between two requests"
        connection.sendall(HALF)
        assert is_closed(connection, 5)


@pytest.mark.parametrize("sources", [["127.0.0.1"], ["127.0.0.2", "127.0.0.3", "127.0.0.4"]])
def test_those_that_wait_longest_make_room(port: int, sources: list[str]) -> None:
    with ExitStack() as stack:
        for k in range(5 * LIMITS.total):
            other = stack.enter_context(connect(port, sources[k % len(sources)]))
            other.sendall(HALF)
        began = time.monotonic()
        mine = stack.enter_context(connect(port))
        assert ask(mine, port).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - began < LIMITS.header_seconds * 10


def test_half_uploads_make_room_too(port: int) -> None:
    head = f"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 99\r\n\r\n{{"
    with ExitStack() as stack:
        for _ in range(2 * LIMITS.per_address):
            stack.enter_context(connect(port)).sendall(head.encode())
        time.sleep(0.2)
        mine = stack.enter_context(connect(port))
        assert ask(mine, port).startswith(b"HTTP/1.1 200 ")


def test_one_address_cannot_have_all(port: int, studio: Studio) -> None:
    job = studio.edit(seed=HANGS)
    with ExitStack() as stack:
        for _ in range(LIMITS.per_address):  # busy for ever: each listens
            listener = stack.enter_context(connect(port, "127.0.0.2"))
            assert b" 200 " in ask(listener, port, f"/api/jobs/{job}/events")
        assert is_closed(stack.enter_context(connect(port, "127.0.0.2")), 5)
        mine = stack.enter_context(connect(port))
        assert ask(mine, port).startswith(b"HTTP/1.1 200 ")
    studio.client.delete(f"/api/jobs/{job}")


@pytest.mark.parametrize("files", [16, 64, 256, 1024, 1_000_000])
def test_limits_stay_below_the_number_of_files(files: int) -> None:
    limits = ConnectionLimits.for_files(files)
    assert 4 <= limits.per_address < limits.total <= files // 2
    assert limits.total + 2 * BACKLOG < 1024
