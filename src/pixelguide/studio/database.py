"""The SQLite file behind the Studio."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixelguide.errors import InputError, ResourceError

_VERSION = 2
_SCHEMA = """
CREATE TABLE items (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    used REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    key TEXT UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    request TEXT NOT NULL,
    result TEXT,
    error TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, number);
"""
_ORIGINS = """
CREATE TABLE origins (
    picture TEXT PRIMARY KEY,
    content TEXT NOT NULL
) WITHOUT ROWID;
"""
"""Came with version 2."""
_COLUMNS = {
    "items": "id, kind, used",
    "jobs": "number, id, key, kind, state, attempts, created, request, result, error",
    "origins": "picture, content",
}


class Database:
    """One writer and one reader, each behind a lock: in WAL mode reading never waits for writing.

    Every committed transaction survives the end of the process and of the machine
    (`synchronous=FULL`).
    """

    def __init__(self, path: Path) -> None:
        """Opens or creates the file. Raises InputError if it is something else or of a newer
        version."""
        self._path = path
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        try:
            self._writer = self._connected()
            try:
                self._prepare()
                self._reader = self._connected()
            except BaseException:
                self._writer.close()
                raise
        except sqlite3.Error as error:
            raise InputError(
                f"cannot be used ({error})", path.name, "Choose another folder with --data."
            ) from None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing. Raises ResourceError when it cannot be written."""
        with self._write_lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                except BaseException:
                    self._writer.execute("ROLLBACK")
                    raise
                self._writer.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise ResourceError(
                    f"cannot write ({error})", self._path.name, "Free space."
                ) from None
            except sqlite3.IntegrityError:
                raise  # ours
            except sqlite3.DatabaseError as error:
                raise self._damaged(error) from None

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query. Raises InputError where the file is damaged."""
        with self._read_lock:
            try:
                return self._reader.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._damaged(error) from None

    def _damaged(self, error: sqlite3.Error) -> InputError:
        return InputError(f"damaged ({error})", self._path.name, "Choose another --data.")

    def close(self) -> None:
        """Close both connections."""
        with self._read_lock:
            self._reader.close()
        with self._write_lock:
            self._writer.close()

    def _check(self) -> None:
        """Raise InputError unless the file is whole and its tables are ours."""
        found = self._writer.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self._damaged(sqlite3.DatabaseError(str(found).splitlines()[0][:120]))
        for table, columns in _COLUMNS.items():
            self._writer.execute(f"SELECT {columns} FROM {table} LIMIT 1")  # noqa: S608 - ours

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=10, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        return connection

    def _prepare(self) -> None:
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.execute("PRAGMA synchronous=FULL")
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version in (0, 1):
            schema = _ORIGINS if version else _SCHEMA + _ORIGINS
            self._writer.executescript(
                f"BEGIN IMMEDIATE; {schema} PRAGMA user_version={_VERSION}; COMMIT;"
            )
        elif version == _VERSION:
            self._check()
        else:
            raise InputError(
                f"made by another version ({version})", self._path.name, "Choose another --data."
            )
