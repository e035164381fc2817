"""An HTTP server on this machine that answers as badly as asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """How one request is answered.

    ranges: whether Range and If-Range are heeded. cut: bytes of this answer after which the
    connection ends, and stall: after which nothing more comes. length: the Content-Length told,
    None for the true one, -1 for none. shift: bytes by which Content-Range is wrong.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    cut: int | None = None
    stall: int | None = None
    length: int | None = None
    shift: int = 0


class FlakyServer(ThreadingHTTPServer):
    """replies: path (without query) → answers to its requests in turn, the last one for ever after.

    seen: headers of every request, with its method and path as `Method` and `Path`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: dict[str, list[Reply]] = {}
        self.seen: list[dict[str, str]] = []
        self.closing = threading.Event()

    def url(self, path: str = "/file") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: FlakyServer

    def do_GET(self) -> None:
        server = self.server
        server.seen.append({**self.headers, "Method": self.command, "Path": self.path})
        replies = server.replies.get(self.path.split("?")[0], [Reply(b"nothing", 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        status, content, headers = reply.status, reply.body, dict(reply.headers)
        if reply.etag:
            headers["ETag"] = reply.etag
        if reply.modified:
            headers["Last-Modified"] = reply.modified
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if status == 200 and reply.ranges and wanted and self._unchanged(reply):
            start, total = int(wanted[1]), len(content)
            status, content = (206, content[start:]) if start < total else (416, b"")
            first = start + reply.shift
            headers["Content-Range"] = f"bytes {first}-{first + len(content) - 1}/{total}"
        self.send_response(status)
        if reply.length != -1:
            headers.setdefault("Content-Length", str(reply.length or len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if reply.stall is not None:
            self.wfile.write(content[: reply.stall])
            server.closing.wait(60)
        else:
            self.wfile.write(content[: reply.cut])

    do_HEAD = do_GET  # noqa: N815

    def _unchanged(self, reply: Reply) -> bool:
        condition = self.headers.get("If-Range")
        return condition is None or condition in (reply.etag, reply.modified)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def flaky_server() -> Iterator[FlakyServer]:
    server = FlakyServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
