"""What the server accepts before it refuses."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    queue: int = 16  # jobs waiting; at some 10 s a job the last waits a few minutes
    attempts: int = 2  # a job that ended its worker twice would end the third as well
    job_seconds: float = 1800  # four candidates of a 256² model take minutes on a CPU
    cancel_seconds: float = 10  # a worker that has not stopped by then is ended
    body: int = 64 * 1024  # a JSON body
    picture: int = 32 * _MIB
    map: int = 8 * _MIB  # a 256² map as RGBA without compression has 256 KiB
    project: int = 64 * _MIB
    state: int = _MIB  # what the page keeps in a project
    bodies: int = 256 * _MIB  # all bodies being received at one time
    body_seconds: float = 60
    heartbeat_seconds: float = 10
    keep_days: float = 90  # unused pictures, maps and jobs are forgotten at a start after that
