"""Downloads over unreliable lines: resumed, retried, and put in place in one piece."""

from __future__ import annotations

import contextlib
import email.utils
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from pydantic import TypeAdapter, ValidationError

from pixelguide.errors import InputError, ResourceError, SafetyError
from pixelguide.files import from_os_error, sync_folder, write_atomically
from pixelguide.prior.public.addresses import check_address

Progress = Callable[[dict[str, Any]], None]

RETRIES = 5
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two pieces of the body."""
LONGEST_WAIT = 300.0
"""Seconds a server may ask to wait before we give up instead."""
REDIRECTS = 5
PIECE = 1 << 16  # bytes; what a cut connection loses at most
KEPT = "What has arrived is kept: repeat the command to go on."


@dataclass(frozen=True)
class _Version:
    """What a server said about a file: enough to know whether a part still belongs to it."""

    url: str
    etag: str
    last_modified: str
    total: int | None

    @property
    def validator(self) -> str:
        """The value of If-Range (RFC 9110, 13.1.5: weak ETags are not allowed)."""
        return self.etag if self.etag.startswith('"') else self.last_modified


class _InterruptedError(Exception):
    """This attempt failed, another may succeed; wait: seconds the server asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def download(
    url: str,
    path: Path,
    *,
    limit: int,
    on_progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
    timeout: tuple[float, float] = TIMEOUT,
) -> None:
    """Fetch `url` to `path`, which appears only when it is complete; one process at a time.

    What has arrived is kept beside it as `.part`, and a later call goes on from there when the
    server still has the same file. limit: bytes. on_progress: called with {"stage": "download",
    "done": bytes, "total": bytes or None}; an exception it raises stops the download.

    Only https is spoken, plain http to this machine alone. Raises SafetyError for another kind of
    address, a certificate that does not hold, or too large a file; InputError if the file is not
    there; ResourceError if the disk is full or the line stays bad.
    """
    check_address(url)
    part = _Part(path, url)
    with requests.Session() as session, _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Compressed transfers would make lengths and ranges those of another file.
        session.headers["Accept-Encoding"] = "identity"
        session.headers["User-Agent"] = f"pixelguide/{version('pixelguide')}"
        for attempt in range(RETRIES + 1):
            try:
                _attempt(session, part, limit, on_progress, timeout)
                break
            except _InterruptedError as problem:
                if attempt == RETRIES or (problem.wait or 0) > LONGEST_WAIT:
                    raise ResourceError(
                        f"download stopped ({problem})",
                        url,
                        KEPT,
                    ) from None
                sleep(2.0**attempt if problem.wait is None else problem.wait)
        part.finish()


def has_arrived(url: str, path: Path) -> bool:
    """Whether a part of `url` lies beside `path` from which a later call goes on."""
    return _Part(path, url).state()[0] > 0


class _Part:
    """The part of a file that has arrived, and which version of the file it is of."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url = path, url
        self.content = path.with_name(f"{path.name}.part")
        self._memory = path.with_name(f"{path.name}.part.json")

    def state(self) -> tuple[int, _Version | None]:
        """Bytes that can be kept, and their version; (0, None) if nothing can."""
        try:
            known = TypeAdapter(_Version).validate_json(self._memory.read_bytes())
            size = self.content.stat().st_size
        except (FileNotFoundError, ValidationError):
            return 0, None
        too_long = known.total is not None and size > known.total
        if known.url != self.url or not known.validator or too_long or size == 0:
            return 0, None
        return size, known

    def begin(self, version: _Version) -> None:
        """Forget what has arrived and remember what arrives now."""
        self.forget()
        write_atomically(self._memory, TypeAdapter(_Version).dump_json(version))

    def forget(self) -> None:
        self.content.unlink(missing_ok=True)
        self._memory.unlink(missing_ok=True)

    def finish(self) -> None:
        """Put the complete file in its place."""
        with self.content.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(self.content, self.path)
        self._memory.unlink(missing_ok=True)
        sync_folder(self.path.parent)


def _attempt(
    session: requests.Session,
    part: _Part,
    limit: int,
    on_progress: Progress | None,
    timeout: tuple[float, float],
) -> None:
    """One request: the whole file, or the rest of it; _InterruptedError if another may help."""
    done, known = part.state()
    if known and done == known.total:
        return  # stopped between the last byte and the new name
    headers = {"Range": f"bytes={done}-", "If-Range": known.validator} if known else {}
    with _get(session, part.url, headers, timeout) as response:
        _check_status(response, part)
        if response.status_code == 200:
            total = _length(response)
            part.begin(
                _Version(
                    part.url,
                    response.headers.get("ETag", ""),
                    response.headers.get("Last-Modified", ""),
                    total,
                )
            )
            done = 0
        elif known and response.status_code == 206 and _continues(response, done, known):
            total = known.total
        else:  # a range that is not there any more, or not the one asked for
            part.forget()
            raise _InterruptedError("the server cannot continue what it began")
        _check_room(part, total, done, limit)
        with part.content.open("ab") as file:
            for piece in _body(response):
                file.write(piece)
                done += len(piece)
                if done > limit:
                    raise _too_large(part.url, limit)
                if on_progress:
                    on_progress({"stage": "download", "done": done, "total": total})
    if total is not None and done > total:
        part.forget()
    if total is not None and done != total:
        raise _InterruptedError(f"{done} of {total} bytes came")


def _get(
    session: requests.Session, url: str, headers: dict[str, str], timeout: tuple[float, float]
) -> requests.Response:
    """The answer to a request, after redirects, its body not yet read."""
    first = url
    for _ in range(REDIRECTS + 1):
        try:
            response = session.get(
                url, headers=headers, timeout=timeout, stream=True, allow_redirects=False
            )
        except requests.exceptions.SSLError:
            raise SafetyError(
                "the server's certificate is not accepted", url, "Check the clock and the network."
            ) from None
        except requests.Timeout:
            raise _InterruptedError("no answer in time") from None
        except requests.ConnectionError:
            raise _InterruptedError("no connection") from None
        except requests.RequestException as error:
            raise InputError(f"cannot be fetched ({type(error).__name__})", url) from None
        if not response.is_redirect:
            return response
        response.close()
        target = urljoin(url, response.headers["Location"])
        check_address(target, redirected_from=url)
        url = target
    raise InputError("too many redirects", first, "Try again later.")


def _check_status(response: requests.Response, part: _Part) -> None:
    status, url = response.status_code, part.url
    by_hand = f"Fetch it by hand and put it at {part.path}."
    if status in (408, 425, 429) or status >= 500:
        raise _InterruptedError(f"the server answers {status}", _retry_after(response))
    if status in (404, 410):
        raise InputError(
            f"the file is not there any more (HTTP {status})",
            url,
            f"A newer pixelguide may know where it went. {by_hand}",
        )
    if status not in (200, 206, 416):
        raise InputError(f"the server refuses (HTTP {status})", url, by_hand)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise InputError("a web page came, not the file", url, "Log in to the network first.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise InputError("the server compresses the file", url, by_hand)


def _continues(response: requests.Response, done: int, known: _Version) -> bool:
    """Whether a partial answer (206) is the rest of what we have."""
    found = re.fullmatch(
        r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip()
    )
    if not found or int(found[1]) != done:
        return False
    same_total = known.total is None or found[2] in ("*", str(known.total))
    return same_total and response.headers.get("ETag", known.etag) == known.etag


def _body(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_content(PIECE)
    except requests.RequestException:
        raise _InterruptedError("the connection broke") from None


def _check_room(part: _Part, total: int | None, done: int, limit: int) -> None:
    if total is None:
        return
    if total > limit:
        raise _too_large(part.url, limit)
    free = shutil.disk_usage(part.path.parent).free
    if total - done > free:
        raise ResourceError(
            f"{total - done:,} bytes to come, {free:,} free",
            str(part.path.parent),
            "Free space or set PIXELGUIDE_HOME to another disk.",
        )


def _too_large(url: str, limit: int) -> SafetyError:
    return SafetyError(
        f"larger than it can be (more than {limit:,} bytes)", url, "Do not trust its source."
    )


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _retry_after(response: requests.Response) -> float | None:
    """Seconds a server asks to wait (RFC 9110, 10.2.3: a number or a date), None if it does not."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    with contextlib.suppress(ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    return None


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from None
