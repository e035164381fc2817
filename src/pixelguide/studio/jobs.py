"""Jobs: accepted once, done in order, remembered."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pixelguide.errors import ResourceError
from pixelguide.studio.database import Database
from pixelguide.studio.error_content import ErrorContent, error_content
from pixelguide.studio.http_errors import busy
from pixelguide.studio.limits import Limits

FINAL = ("done", "failed", "cancelled")
_NEXT = "SELECT * FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1"
DAMAGED = error_content("damaged", "the database is damaged", "Ask for it again.")


@dataclass(frozen=True)
class Job:
    """One piece of work. number: place in the order of acceptance. attempts: times it was begun.

    state: queued, running, or one of `FINAL`. request: the checked body it came with.
    """

    number: int
    id: str
    kind: str
    state: str
    attempts: int
    request: dict[str, Any]
    result: dict[str, Any] | None = None
    error: ErrorContent | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL

    def content(self, position: int = 0, progress: dict[str, Any] | None = None) -> dict[str, Any]:
        """The job as the page sees it. position: jobs ahead of it."""
        return {
            "job": self.id,
            "kind": self.kind,
            "state": self.state,
            "position": position,
            "progress": progress if self.state == "running" else None,
            "result": self.result,
            "error": self.error,
        }


class JobStore:
    """The table of jobs. Safe to use from several threads."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database, self._limits = database, limits
        self._unwritten: set[str] = set()

    def submit(
        self, key: str, kind: str, request: dict[str, Any], uses: Sequence[str] = ()
    ) -> tuple[Job, bool]:
        """Accept a job, and whether it is new: the same key gives the same job.

        uses: ids of the files it needs, which so are not forgotten. Raises HttpError (503) when the
        queue is full.
        """
        with self._database.write() as connection:
            known = connection.execute("SELECT * FROM jobs WHERE key = ?", (key,)).fetchone()
            if known:
                return _job(known), False
            (waiting,) = connection.execute(
                "SELECT count(*) FROM jobs WHERE state = 'queued'"
            ).fetchone()
            if waiting >= self._limits.queue:
                raise busy(f"{waiting} jobs are waiting already", 5)
            identity = uuid.uuid4().hex
            _insert(connection, identity, key, kind, "queued", request)
            connection.executemany(
                "UPDATE items SET used = ? WHERE id = ?", [(time.time(), i) for i in uses]
            )
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (identity,)).fetchone()
        return _job(row), True

    def add_done(
        self, identity: str, kind: str, request: dict[str, Any], result: dict[str, Any]
    ) -> None:
        """Remember a job that was done elsewhere."""
        with self._database.write() as connection:
            _insert(connection, identity, None, kind, "done", request)
            connection.execute(
                "UPDATE jobs SET result = ? WHERE id = ?", (json.dumps(result), identity)
            )

    def get(self, identity: str) -> Job | None:
        """The job of that id, if there is one."""
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", (identity,))
        job = _job(rows[0]) if rows else None
        if job is not None and job.id in self._unwritten and not job.is_final:
            return replace(job, state="cancelled")
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs come before a queued one; 0 for any other."""
        if job.state != "queued":
            return 0
        query = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running') AND number < ?"
        return int(self._database.read(query, (job.number,))[0][0])

    def waiting(self) -> int:
        """How many jobs are queued."""
        query = "SELECT count(*) FROM jobs WHERE state = 'queued'"
        return int(self._database.read(query)[0][0])

    def next(self) -> Job | None:
        """The job that `take` would take; None when the queue is empty."""
        rows = self._database.read(_NEXT)
        return _job(rows[0]) if rows else None

    def take(self) -> Job | None:
        """The next job, from now on running; None when the queue is empty."""
        if not self._database.read(_NEXT):  # asked often, and reading is cheap
            return None
        with self._database.write() as connection:
            row = connection.execute(_NEXT).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE number = ?",
                (row["number"],),
            )
            row = connection.execute(
                "SELECT * FROM jobs WHERE number = ?", (row["number"],)
            ).fetchone()
        return _job(row)

    def finish(self, number: int, result: dict[str, Any]) -> None:
        """A running job is done; one that was cancelled meanwhile stays so."""
        self._end(number, "done", "result", result)

    def fail(self, number: int, error: ErrorContent) -> None:
        """A running job has failed; one that was cancelled meanwhile stays so."""
        self._end(number, "failed", "error", error)

    def fail_waiting(self, error: ErrorContent) -> list[Job]:
        """Every queued job has failed; these jobs."""
        with self._database.write() as connection:
            rows = connection.execute(
                "UPDATE jobs SET state = 'failed', error = ? WHERE state = 'queued' RETURNING *",
                (json.dumps(error),),
            ).fetchall()
        return [_job(row) for row in rows]

    def cancel(self, identity: str) -> Job | None:
        """The job of that id, cancelled unless it had ended; None if there is none.

        Also on a full disk: it is remembered here then, until `write_cancelled` can write it.
        """
        try:
            return self._cancel(identity)
        except ResourceError:
            self._unwritten.add(identity)
            return self.get(identity)

    def write_cancelled(self) -> None:
        """Write what was cancelled while the disk was full. Raises ResourceError if it still is."""
        for identity in [*self._unwritten]:
            self._cancel(identity)
            self._unwritten.discard(identity)

    def _cancel(self, identity: str) -> Job | None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled' "
                "WHERE id = ? AND state IN ('queued', 'running')",
                (identity,),
            )
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (identity,)).fetchone()
        return _job(row) if row else None

    def put_back(self, number: int, *, attempt_counts: bool) -> bool:
        """Queue a running job again, at its old place; False if it had all its attempts."""
        self.write_cancelled()
        back = 0 if attempt_counts else 1
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE jobs SET state = 'queued', attempts = attempts - ? "
                "WHERE number = ? AND state = 'running' AND attempts - ? < ?",
                (back, number, back, self._limits.attempts),
            )
        return changed.rowcount == 1

    def recover(self, error: ErrorContent) -> None:
        """After a start: what was running is queued again, or fails with `error`; so does what the
        database no longer says what it is."""
        for row in self._database.read("SELECT * FROM jobs WHERE state IN ('queued', 'running')"):
            if _content(row["request"]) is None:
                self._give_up(row["number"])
        for row in self._database.read("SELECT number FROM jobs WHERE state = 'running'"):
            if not self.put_back(row["number"], attempt_counts=True):
                self.fail(row["number"], error)

    def forget(self, before: float) -> None:
        """Remove jobs that ended and are older than `before` (seconds since the epoch)."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM jobs WHERE created < ? AND state NOT IN ('queued', 'running')",
                (before,),
            )

    def _give_up(self, number: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'failed', request = '{}', error = ? WHERE number = ?",
                (json.dumps(DAMAGED), number),
            )

    def _end(self, number: int, state: str, column: str, content: dict[str, Any]) -> None:
        self.write_cancelled()
        with self._database.write() as connection:
            connection.execute(
                f"UPDATE jobs SET state = ?, {column} = ? "  # noqa: S608 - our own column names
                "WHERE number = ? AND state = 'running'",
                (state, json.dumps(content), number),
            )


def _insert(
    connection: sqlite3.Connection,
    identity: str,
    key: str | None,
    kind: str,
    state: str,
    request: dict[str, Any],
) -> None:
    connection.execute(
        "INSERT INTO jobs (id, key, kind, state, created, request) VALUES (?, ?, ?, ?, ?, ?)",
        (identity, key, kind, state, time.time(), json.dumps(request)),
    )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        row["number"],
        row["id"],
        row["kind"],
        row["state"],
        row["attempts"],
        _content(row["request"]) or {},
        _content(row["result"]),
        _content(row["error"]),
    )


def _content(text: str | None) -> dict[str, Any] | None:
    """An object in a column; None where there is none, or no longer one."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
