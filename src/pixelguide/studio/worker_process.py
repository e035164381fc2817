"""The server's handle of a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Literal

from pixelguide.studio.messages import OpenRunner, Stop, Task
from pixelguide.studio.worker import serve

StartMethod = Literal["spawn", "forkserver"]
"""How a worker begins: as a fresh interpreter, or, sooner, as the fork of one that has imported
everything. Torch hangs in a fork, so that is only for task runners that do without."""


class WorkerProcess:
    """One worker process: started, spoken to, ended."""

    def __init__(self, open_runner: OpenRunner, start_method: StartMethod = "spawn") -> None:
        context = SpawnContext() if start_method == "spawn" else ForkServerContext()
        self._connection, worker_end = context.Pipe()
        self._process = context.Process(
            target=serve, args=(worker_end, open_runner), name="pixelguide-worker", daemon=True
        )
        self._process.start()
        worker_end.close()  # so that the connection ends when the worker does

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    @property
    def connection(self) -> Connection:
        """To wait on; what it brings is for `receive`."""
        return self._connection

    def send(self, message: Task | Stop) -> None:
        """Say something; a worker that has died is noticed by `receive`."""
        try:
            self._connection.send(message)
        except OSError:
            return

    def receive(self) -> Any:
        """The next message. Raises EOFError when the worker has died."""
        try:
            return self._connection.recv()
        except OSError:
            raise EOFError from None

    def end(self) -> None:
        """End the process, whatever it is doing; once is enough."""
        if self._connection.closed:
            return
        self._connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()


@contextmanager
def started(
    open_runner: OpenRunner, start_method: StartMethod = "spawn"
) -> Iterator[WorkerProcess]:
    """A worker that begins to open its model while this process gets ready; ended at the end."""
    worker = WorkerProcess(open_runner, start_method)
    try:
        yield worker
    finally:
        worker.end()
