"""Temporary files and folders beside what they become; and what killed processes left of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".pgpart"
"""Of their names, which begin with a dot: nobody else's files are called so."""
_AGE = 10.0
"""Seconds untouched after which one may be a leftover: its maker has locked it long since."""
_UNLOCKED_AGE = 86_400.0
"""The same where there are no locks."""


@contextmanager
def temporary_file(path: Path) -> Iterator[tuple[int, str]]:
    """An empty file to become `path`: its handle, to be closed by the caller, and its name. Removed
    at the end if it is still there. It is locked while its maker lives."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX)
    _lock(handle)
    try:
        yield handle, name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """The same for a folder."""
    made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX))
    handle = os.open(made, os.O_RDONLY) if hasattr(os, "O_DIRECTORY") else None
    try:
        if handle is not None:
            _lock(handle)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def remove_leftovers(folder: Path, age: float = _AGE) -> None:
    """Remove what killed processes left directly in `folder`, as far as one can.

    age: seconds since it was last written to. What a living process holds stays.
    """
    try:
        names = [n for n in os.listdir(folder) if n.startswith(".") and n.endswith(SUFFIX)]
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            _remove(folder / name, age)


def _remove(path: Path, age: float) -> None:
    since = time.time() - os.lstat(path).st_mtime
    if path.is_symlink() or since < age:
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        locked = _lock(handle)
        if locked or (locked is None and since >= _UNLOCKED_AGE):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Lock an open file until it is closed; False if another process has, None without locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without them
        return None
    return True
