"""The server's end of a model worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Literal

from pixelguide.studio.messages import OpenDesk, Stop, Task
from pixelguide.studio.worker import serve

StartMethod = Literal["spawn", "forkserver"]
"""How a worker begins: as a fresh interpreter, or, sooner, as the fork of one that has imported
everything. Torch hangs in a fork, so that is only for desks that do without."""


class Child:
    """One worker process."""

    def __init__(self, open_desk: OpenDesk, start_method: StartMethod = "spawn") -> None:
        context = SpawnContext() if start_method == "spawn" else ForkServerContext()
        self._line, far_end = context.Pipe()
        self._process = context.Process(
            target=serve, args=(far_end, open_desk), name="pixelguide-worker", daemon=True
        )
        self._process.start()
        far_end.close()  # so that the line ends when the worker does

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    @property
    def line(self) -> Connection:
        """To wait on; what it brings is for `receive`."""
        return self._line

    def send(self, message: Task | Stop) -> None:
        """Say something; a worker that has died is noticed by `receive`."""
        try:
            self._line.send(message)
        except OSError:
            return

    def receive(self) -> Any:
        """The next message. Raises EOFError when the worker has died."""
        try:
            return self._line.recv()
        except OSError:
            raise EOFError from None

    def end(self) -> None:
        """End the process, whatever it is doing; once is enough."""
        if self._line.closed:
            return
        self._line.close()
        self._process.kill()
        self._process.join()
        self._process.close()


@contextmanager
def started(open_desk: OpenDesk, start_method: StartMethod = "spawn") -> Iterator[Child]:
    """A worker that begins to open its model while this process gets ready; ended at the end."""
    child = Child(open_desk, start_method)
    try:
        yield child
    finally:
        child.end()
