"""Names and places of files: nothing outside the folder is read, nothing half written stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from pixelguide.errors import InputError, SafetyError
from pixelguide.files import from_os_error, sync_folder
from pixelguide.images import SUFFIXES
from pixelguide.leftovers import remove_leftovers, temporary_folder

LABELS_JSON = "labels.json"


def files(folder: Path, *suffixes: str) -> list[Path]:
    """The ordinary files directly in `folder` with one of `suffixes`, in order of their names."""
    if not folder.is_dir():
        return []
    try:
        found = (p for p in folder.iterdir() if p.suffix.lower() in suffixes)
        # what starts with a dot is the system's own, such as macOS's `._NAME.png`
        return sorted(p for p in found if not p.name.startswith(".") and p.is_file())
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", str(folder), "Check it.") from None


def pictures_by_stem(folder: Path) -> dict[str, Path]:
    """The pictures directly in `folder`; of equal stems the one of the first suffix."""
    found = sorted(files(folder, *SUFFIXES), key=lambda p: SUFFIXES.index(p.suffix.lower()))
    return dict(sorted({path.stem: path for path in reversed(found)}.items()))


def relative_path(text: str, where: str) -> PurePosixPath:
    """A path that stays below where it starts. SafetyError, naming `where`, for any other."""
    path = PurePosixPath(text.replace("\\", "/"))
    drive = PureWindowsPath(text).drive
    if path.is_absolute() or ".." in path.parts or drive or "\0" in text:
        raise SafetyError(
            f"path {text[:80]!r} leads out of the data set", where, "Give relative paths inside it."
        )
    if not path.parts or max(map(len, path.parts)) > 200 or len(text) > 1000:
        raise InputError(f"not a file name: {text[:80]!r}", where)
    return path


def inside(folder: Path, text: str, where: str) -> Path:
    """The file below `folder` that `text` from outside names. SafetyError if it lies elsewhere,
    be it by a link."""
    path = folder / relative_path(text, where)
    try:
        safe = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself
        safe = False
    if not safe:
        raise SafetyError(f"a link leads out of the data set ({text[:80]!r})", where)
    return path


def flat_name(text: str, where: str) -> str:
    """The one word that a picture is called by whose path, less its suffix, is `text`."""
    name = "_".join(relative_path(text, where).parts)
    if not name.isprintable() or name.startswith(".") or len(name.encode()) > 200:
        raise InputError(f"not a name for a picture: {text[:80]!r}", where, "Rename the file.")
    return name


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that takes its place at `path` when all went well, and else is removed.

    Raises InputError if there is something at `path` already, but for an empty folder.
    """
    try:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise InputError("something is there already", str(path), "Choose another place.")
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        with temporary_folder(path) as partial:
            yield partial
            os.chmod(partial, 0o755)  # noqa: S103  (mkdtemp makes private ones; results are not)
            if path.is_dir():
                path.rmdir()
            os.replace(partial, path)
        sync_folder(path.parent)
    except OSError as error:
        raise from_os_error(error, path) from None


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Like `new_folder` for a single file, which the body creates at the path it is given."""
    try:
        if path.exists():
            raise InputError("something is there already", str(path), "Choose another place.")
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        with temporary_folder(path) as folder:
            partial = folder / path.name
            yield partial
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(partial, path)
        sync_folder(path.parent)
    except OSError as error:
        raise from_os_error(error, path) from None
