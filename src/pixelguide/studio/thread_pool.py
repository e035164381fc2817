"""Threads for work that blocks the event loop: files, writing to SQLite, decoding pictures.

To read a few rows of SQLite by their index is not among it: in WAL mode that takes microseconds and
waits for no writer, while handing it to a thread and back takes milliseconds on busy cores.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
from anyio import to_thread

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """Runs functions in threads, so that the event loop never waits.

    Three kinds are kept apart: short calls; those that write, and would keep readers waiting while
    they wait for the disk and for each other; and heavy ones (decoding an upload of 40 megapixels,
    a zip) of which only `heavy` run at a time, so that large uploads cannot take all memory.
    """

    def __init__(self, short: int = 8, writing: int = 4, heavy: int = 2) -> None:
        self._short, self._writing = anyio.CapacityLimiter(short), anyio.CapacityLimiter(writing)
        self._heavy = anyio.CapacityLimiter(heavy)

    async def short(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that takes milliseconds."""
        return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._short)

    async def writing(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that waits for the disk."""
        return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._writing)

    async def heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a call that takes long or much memory."""
        return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._heavy)
