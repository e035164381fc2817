"""Writing files in one piece: a reader sees the old content or the new, never a part."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from pixelguide.errors import InputError, PixelguideError, ResourceError
from pixelguide.leftovers import remove_leftovers, temporary_file

MAX_NESTED = 32
"""Folders in folders that are looked into."""

Content = bytes | Iterable[bytes | memoryview]
"""What a file is to hold: at once, or piece by piece where that would not fit into memory."""


def write_atomically(path: Path, content: Content) -> None:
    """Write `content` to `path` by a temporary file in the same folder, fsync and rename.

    Creates missing parent folders. Raises ResourceError when the disk is full or read-only and
    InputError when the place cannot be written to. Errors of an iterable `content` pass unchanged,
    except that an OSError counts as one of writing: content that reads files must handle its own.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary_file(path) as (handle, temporary):
            with os.fdopen(handle, "wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # mkstemp makes private files; results are ordinary ones
            os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise from_os_error(error, path) from None


def check_writable(folder: Path) -> None:
    """Raise InputError or ResourceError if results cannot go to `folder`, which need not exist yet.

    For long work: the user learns it before, not after. What killed work left there is removed.
    """
    remove_leftovers(folder)
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise InputError("cannot write (a file, not a folder)", str(existing), "Choose another.")
    try:
        with tempfile.TemporaryFile(
            dir=existing
        ):  # try it: permission bits tell nothing of quotas and read-only disks
            pass
    except OSError as error:
        raise from_os_error(error, folder) from None


def check_file_writable(path: Path) -> None:
    """Raise InputError if the file `path` cannot be written; as `check_writable` does."""
    if path.is_dir():
        raise InputError("cannot write (a folder, not a file)", str(path), "Name a file.")
    check_writable(path.parent)


def entries_below(folder: Path) -> Iterator[Path]:
    """Every file, folder and link below `folder`; links are not followed.

    Raises InputError for folders nested deeper than `MAX_NESTED`, where Python's own walk ends in a
    RecursionError. What cannot be listed is left out.
    """
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > MAX_NESTED:
            raise InputError(f"folders nested deeper than {MAX_NESTED}", str(folder), "Move it.")
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # as `Path.rglob` does
        for entry in entries:
            yield place / entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append((place / entry.name, depth + 1))


def is_hidden(name: str) -> bool:
    """Whether a file, by its relative name, is the system's own and no data: `._a.png`,
    `.git/config`, `__MACOSX/a.png`."""
    parts = PurePath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut (a no-op where folders cannot be opened)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def from_os_error(error: OSError, path: Path) -> PixelguideError:
    """Our error for a failed write: full or read-only disks are resources, the rest is input."""
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE):
        return ResourceError(
            f"cannot write ({reason})", str(path), "Free space or choose another folder."
        )
    return InputError(f"cannot write ({reason})", str(path), "Choose another place.")
