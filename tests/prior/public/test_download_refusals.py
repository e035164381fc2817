"""Servers that do not give the file, and disks that cannot take it: clear errors, nothing half."""

from __future__ import annotations

import email.utils
import errno
import os
import shutil
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest

from downloads import BODY, Naps, fetch, files_beside
from flaky_server import FlakyServer, Reply
from pixelguide.errors import InputError, ResourceError, SafetyError
from pixelguide.prior.public.download import PIECE, RETRIES, download

# Servers that do not give it


@pytest.mark.parametrize(("status", "message"), [(404, "not there"), (410, "not there"),
                                                 (401, "refuses"), (403, "refuses")])  # fmt: skip
def test_what_is_not_there_is_not_asked_for_twice(
    server: FlakyServer, target: Path, status: int, message: str
) -> None:
    with pytest.raises(InputError, match=rf"{message}.*{status}.*/file.*put it at {target}"):
        fetch(server, target, Reply(b"no", status))
    assert len(server.seen) == 1
    assert files_beside(target) == set()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_is_waited_out(server: FlakyServer, target: Path, status: int) -> None:
    trouble = Reply(b"busy", status, {"Retry-After": "7"})
    assert fetch(server, target, trouble, Reply(b"", status), Reply(BODY)) == [7, 2]
    assert target.read_bytes() == BODY


def test_a_date_to_come_back_at(server: FlakyServer, target: Path) -> None:
    later = email.utils.formatdate(time.time() + 100, usegmt=True)
    past = email.utils.formatdate(time.time() - 100, usegmt=True)
    replies = [Reply(b"", 503, {"Retry-After": text}) for text in (later, past, "soon")]
    soon, at_once, usual = fetch(server, target, *replies, Reply(BODY))
    assert 90 < soon <= 100
    assert at_once == 0
    assert usual == 4


def test_nobody_waits_for_hours(server: FlakyServer, target: Path) -> None:
    with pytest.raises(ResourceError, match="answers 503"):
        fetch(server, target, Reply(b"", 503, {"Retry-After": "86400"}))
    assert len(server.seen) == 1


def test_patience_ends(server: FlakyServer, target: Path) -> None:
    with pytest.raises(ResourceError, match="the server answers 500"):
        fetch(server, target, Reply(b"", 500))
    assert len(server.seen) == RETRIES + 1


def test_a_length_that_never_comes(server: FlakyServer, target: Path) -> None:
    with pytest.raises(ResourceError, match="download stopped"):
        fetch(server, target, Reply(BODY, length=len(BODY) + 10, ranges=False))
    assert not target.exists()


def test_nobody_there(tmp_path: Path) -> None:
    naps = Naps()
    with pytest.raises(ResourceError, match="no connection"):
        download("http://127.0.0.1:9/x", tmp_path / "x", limit=9, sleep=naps)
    assert len(naps) == RETRIES


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "a web page"),
        ({"Content-Encoding": "gzip"}, "compresses"),
    ],
)
def test_pages_and_compressed_answers_are_not_the_file(
    server: FlakyServer, target: Path, headers: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        fetch(server, target, Reply(BODY, headers=headers))
    assert files_beside(target) == set()


# Redirects


def test_a_redirect_is_followed_with_the_range(server: FlakyServer, target: Path) -> None:
    server.replies["/there"] = [Reply(BODY, cut=2 * PIECE), Reply(BODY)]
    fetch(server, target, Reply(b"", 302, {"Location": "/there"}))
    assert target.read_bytes() == BODY
    asked = [(request["Path"], request.get("Range")) for request in server.seen]
    rest = f"bytes={2 * PIECE}-"
    assert asked == [("/file", None), ("/there", None), ("/file", rest), ("/there", rest)]


@pytest.mark.parametrize(
    "place", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd", "//a@b/c"]
)
def test_a_redirect_to_an_unsafe_place_is_refused(
    server: FlakyServer, target: Path, place: str
) -> None:
    with pytest.raises(SafetyError, match="redirect"):
        fetch(server, target, Reply(b"", 301, {"Location": place}))
    assert files_beside(target) == set()


def test_redirects_end(server: FlakyServer, target: Path) -> None:
    with pytest.raises(InputError, match="too many redirects"):
        fetch(server, target, Reply(b"", 302, {"Location": "/file"}))
    assert len(server.seen) < 10


def test_unsafe_addresses_are_not_asked(target: Path) -> None:
    with pytest.raises(SafetyError):
        download("http://example.org/x", target, limit=1)


# Room


@pytest.mark.parametrize("length", [None, -1])
def test_more_than_it_can_be_is_refused(
    server: FlakyServer, target: Path, length: int | None
) -> None:
    with pytest.raises(SafetyError, match="larger than it can be"):
        fetch(server, target, Reply(BODY, length=length), limit=len(BODY) - 1)
    assert not target.exists()


def test_a_disk_without_room_is_told_before(
    server: FlakyServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parent)._replace(free=len(BODY) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ResourceError, match=f"{len(BODY):,} bytes to come"):
        fetch(server, target, Reply(BODY))
    # what is left to come fits
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ResourceError):
        fetch(server, target, Reply(BODY, cut=2 * PIECE), Reply(b"", 500))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    fetch(server, target, Reply(BODY))
    assert target.read_bytes() == BODY


def test_a_disk_that_fills_up_keeps_what_is_there(
    server: FlakyServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ResourceError, match="no space left"):
        # the callback stands for the write after it
        fetch(server, target, Reply(BODY), on_progress=full)
    assert target.with_name("weights.pt.part").stat().st_size == PIECE
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="no space left"):
        fetch(server, target, Reply(BODY))
    assert not target.exists()
