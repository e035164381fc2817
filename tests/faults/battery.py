"""How the battery counts: a tenth of every test runs with the suite, all of it by its marker."""

from __future__ import annotations

import ctypes
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pixelguide.errors import PixelguideError
from pixelguide.studio.http_errors import HttpError

SHARES = [
    pytest.param(10, id="tenth"),
    pytest.param(1, id="whole", marks=pytest.mark.faults),
]
"""Parameters of a test: it makes its number of cases divided by this."""

SECONDS = 2.0
"""Of CPU that one file may take."""
MEBIBYTES = 256.0
"""Above the start that one file may take."""
HANGS = 20.0
"""Seconds of CPU after which a call is ended."""


_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc."""


class Hung(BaseException):
    """A call took too long; no `except Exception` holds it up."""


@dataclass
class Figures:
    """What came of many calls. tracebacks, slow, large: which inputs did that."""

    name: str
    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    tracebacks: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    large: list[str] = field(default_factory=list)
    longest: float = 0.0
    largest: float = 0.0

    def run(self, what: str, call: Callable[[], object]) -> None:
        """Count one call: read, refused in one line, or a traceback; its CPU time and memory."""
        self.calls += 1
        before = memory(peak=False)
        reset_peak()
        began = time.process_time()
        try:
            with bounded(HANGS):
                call()
            self.outcomes["taken"] += 1
        except PixelguideError as error:
            self.outcomes["refused"] += 1
            if not str(error).isprintable():
                self.tracebacks.append(f"{what}: not one line: {error!r:.200}")
        except HttpError:
            self.outcomes["refused"] += 1
        except Hung:
            self.tracebacks.append(f"{what}: hung")
        except Exception as error:
            self.tracebacks.append(f"{what}: {type(error).__name__}: {error!s:.200}")
        seconds, used = time.process_time() - began, memory(peak=True) - before
        self.longest, self.largest = max(self.longest, seconds), max(self.largest, used)
        if seconds > SECONDS:
            self.slow.append(f"{what}: {seconds:.1f} s")
        if used > MEBIBYTES:
            self.large.append(f"{what}: {used:.0f} MiB")

    def check(self, record: Callable[[str, object], None]) -> None:
        """Write the figures down; fail unless all calls were within bounds."""
        record(
            self.name,
            f"{self.calls} calls: {dict(sorted(self.outcomes.items()))}, tracebacks "
            f"{len(self.tracebacks)}, "
            f"over 2 s CPU {len(self.slow)} (longest {self.longest:.2f} s), "
            f"over 256 MiB {len(self.large)} (most {self.largest:.0f} MiB)",
        )
        assert self.calls > 0
        assert self.tracebacks == []
        assert self.slow == []
        assert self.large == []


def give_back() -> None:
    """Let go of memory that is free already: what the last call had would hide what the next one
    takes."""
    if _TRIM is not None:
        _TRIM(0)


def memory(peak: bool) -> float:
    """MiB that this process has resident, now or at most since `reset_peak`."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(wanted):
                return int(line.split()[1]) / 1024
    except OSError:  # no Linux: the highest ever, which bounds nothing
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if peak else 0.0
    return 0.0


def reset_peak() -> None:
    """Let `memory` count its peak from now on."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise Hung in what takes more CPU than that."""

    def end(*_: Any) -> None:
        raise Hung

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
