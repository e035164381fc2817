"""Slow, half and greedy clients, one kind at a time: how long others wait for an answer."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from faults.battery import SHARES
from studio.conftest import Start
from studio.test_serve import served

Record = Callable[[str, object], None]
STATUS, BESIDE = 50.0, 250.0
"""Milliseconds, 95 % of answers: of 100 clients on idle cores, and beside a hostile one."""
SHARED = 10
"""As many times as long where a tenth is made: those machines do other work too, and few answers
are counted; a server that stands still is found all the same."""
Hostile = Callable[[int, threading.Event], None]


def _many(port: int, stop: threading.Event, start: bytes, trickle: bytes = b"") -> None:
    """300 connections that send a start and then a byte now and then; new ones for closed ones."""
    open_ones: list[socket.socket] = []
    with ExitStack() as stack:
        stack.callback(lambda: [each.close() for each in open_ones])
        while not stop.is_set():
            while len(open_ones) < 300 and not stop.is_set():
                try:
                    made = socket.create_connection(("127.0.0.1", port), timeout=1)
                    made.sendall(start.replace(b"PORT", str(port).encode()))
                    open_ones.append(made)
                except OSError:
                    break
            stop.wait(0.25)
            for each in [*open_ones]:
                try:
                    each.setblocking(False)
                    if trickle:
                        each.send(trickle)
                    elif each.recv(1) == b"":
                        raise ConnectionError
                except BlockingIOError:
                    continue
                except OSError:
                    open_ones.remove(each)
                    each.close()


HOST = b"Host: 127.0.0.1:PORT\r\n"
KINDS: dict[str, Hostile] = {
    "connections that say nothing": lambda port, stop: _many(port, stop, b""),
    "half headers": lambda port, stop: _many(port, stop, b"GET / HTTP/1.1\r\nHo"),
    "a byte of a header now and then": lambda port, stop: _many(port, stop, b"GET /", b"x"),
    "half bodies": lambda port, stop: _many(
        port, stop, b"POST /api/jobs HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{"
    ),
    "foreign hosts": lambda port, stop: _many(
        port, stop, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"\r\n"
    ),
    "large headers": lambda port, stop: _many(
        port, stop, b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a=b; " * 8000 + b"\r\n\r\n"
    ),
    "no HTTP": lambda port, stop: _many(port, stop, b"\x16\x03\x01\x02\x00\x01\x00"),
    "who never reads": lambda port, stop: _many(
        port, stop, (b"GET /api/health HTTP/1.1\r\n" + HOST + b"\r\n") * 200
    ),
}


@contextmanager
def hostile(kind: Hostile, port: int) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=kind, args=(port, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def waits(port: int, job: str, clients: int, seconds: float, pause: float) -> list[float]:
    """How long status takes, asked by so many clients for so long."""

    def ask(_: int) -> list[float]:
        found, until = [], time.monotonic() + seconds
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                connection.request("GET", f"/api/jobs/{job}")
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
            except (http.client.HTTPException, OSError):  # closed while it waited: asks again
                connection.close()
                continue
            found.append(time.monotonic() - began)
            time.sleep(pause)
        connection.close()
        return found

    with ThreadPoolExecutor(clients) as pool:
        return sorted(each for found in pool.map(ask, range(clients)) for each in found)


def quantile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return values[int(share * (len(values) - 1))] * 1e3


@pytest.mark.parametrize("share", SHARES)
def test_a_hundred_clients(share: int, start: Start, record: Record) -> None:
    with start() as studio:
        job = studio.edit()
        studio.wait(job)
        with served(studio.services) as port:
            found = waits(port, job, 100 // share, 60 / share, 1.0)
    p95 = quantile(found, 0.95)
    record(
        "100 clients, status",
        f"{len(found)} answers, p50 {quantile(found, 0.5):.1f} ms, p95 {p95:.1f} ms",
    )
    assert len(found) > 10
    assert p95 <= (STATUS if share == 1 else SHARED * STATUS)


@pytest.mark.parametrize("share", SHARES)
def test_one_hostile_client(share: int, start: Start, record: Record) -> None:
    with start() as studio:
        job = studio.edit()
        studio.wait(job)
        late = {}
        for name, kind in [*KINDS.items()][: len(KINDS) // share + 1]:
            with served(studio.services) as port, hostile(kind, port):
                time.sleep(1 if share == 1 else 0.3)
                found = waits(port, job, 5, 8 / share + 0.5, 0.05)
            p95 = quantile(found, 0.95) if found else float("inf")
            record(f"beside {name}", f"{len(found)} answers, p95 {p95:.1f} ms")
            assert len(found) >= 5, name
            if p95 > (BESIDE if share == 1 else SHARED * BESIDE):
                late[name] = p95
    assert late == {}
