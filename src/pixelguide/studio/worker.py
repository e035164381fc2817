"""The model worker: a process of its own that holds the model and does one task at a time.

Kept apart so that a crash, a hang or an empty memory ends a job and not the server.
"""

from __future__ import annotations

import base64
import io
import logging
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import PixelguideError, is_out_of_memory
from pixelguide.studio.error_content import content_of, error_content, job_error
from pixelguide.studio.messages import (
    Broken,
    Cancelled,
    Done,
    Failed,
    Opening,
    OpenRunner,
    Progress,
    Ready,
    Report,
    Stop,
    Task,
    TaskRunner,
)

_log = logging.getLogger(__name__)
_INTERNAL = error_content(
    "internal", "the model worker made an error", "The server's log says more."
)
_PREVIEWS_APART = 0.1
"""Seconds between previews: more than a person sees would only fill the connection."""
_IDLE = 1.0
"""Seconds without a task after which spare work begins: the page may still be on its way to it."""


def serve(connection: Connection, open_runner: OpenRunner) -> None:
    """Main function of the process: open the model, then perform tasks until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    try:
        if (runner := _opened(connection, open_runner)) is not None:
            spare = runner.spare_work()
            while _perform(connection, runner, _next_task(connection, spare)):
                pass
    except (EOFError, OSError):
        pass  # the server is gone
    finally:
        connection.close()


def _opened(connection: Connection, open_runner: OpenRunner) -> TaskRunner | None:
    try:
        runner = open_runner(_opening_reporter(connection))
    except _ConnectionClosed:
        return None
    except PixelguideError as error:
        connection.send(Broken(content_of(error)))
    except Exception as error:
        _log.exception("the model cannot be opened")
        connection.send(Broken(job_error(error) or _INTERNAL))
    else:
        connection.send(Ready())
        return runner
    return None


def _opening_reporter(connection: Connection) -> Report:
    def report(state: dict[str, Any]) -> None:
        try:
            connection.send(Opening(state["done"], state["total"]))
        except OSError:
            raise _ConnectionClosed from None

    return report


def _next_task(connection: Connection, spare: Iterator[None]) -> Task:
    pause = _IDLE
    while not connection.poll(pause) and _piece_of(spare):
        pause = 0
    while isinstance(message := connection.recv(), Stop):
        pass  # came too late: that task has ended
    task: Task = message
    return task


def _piece_of(spare: Iterator[None]) -> bool:
    """Do a piece of spare work. False when there is none left."""
    try:
        next(spare)
    except StopIteration:
        return False
    except Exception:  # the task that needs it will say what is wrong
        _log.exception("spare work failed")
        return False
    return True


def _perform(connection: Connection, runner: TaskRunner, task: Task) -> bool:
    """Do a task and answer. False when this process should not do another."""
    reply: Done | Failed
    healthy = True
    try:
        reply = Done(task.number, runner.perform(task, _Reporter(connection, task.number)))
    except Cancelled:
        reply = Failed(task.number, None)
    except _ConnectionClosed:
        return False
    except Exception as error:
        known = job_error(error)
        if known is None:
            _log.exception("a task failed")
        reply = Failed(task.number, known or _INTERNAL)
        healthy = not is_out_of_memory(error)  # a fresh process has its memory back
    connection.send(reply)
    return healthy


class _ConnectionClosed(Exception):  # noqa: N818 - nothing went wrong
    """The server is gone."""


class _Reporter:
    """Sends progress, with previews as data URLs, and looks whether the task is still wanted."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection, self._number = connection, number
        self._last = -float("inf")

    def __call__(self, state: dict[str, Any]) -> None:
        try:
            while self._connection.poll():
                message = self._connection.recv()
                if isinstance(message, Stop) and message.number == self._number:
                    raise Cancelled
            now = time.monotonic()
            if now - self._last >= _PREVIEWS_APART or state["done"] == state["total"]:
                self._last = now
                self._connection.send(Progress(self._number, _content(state)))
        except (EOFError, OSError):
            raise _ConnectionClosed from None


def _content(state: dict[str, Any]) -> dict[str, Any]:
    preview = state.get("preview")
    return {
        "stage": state["stage"],
        "done": state["done"],
        "total": state["total"],
        "t": state.get("t"),
        "previews": [] if preview is None else [data_url(pixels) for pixels in preview],
    }


def data_url(pixels: NDArray[np.uint8]) -> str:
    """uint8 H×W×3 as a PNG in a data: address."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
