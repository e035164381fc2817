"""Results as folders that are there wholly or not at all, and one run at a time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pixelguide.errors import InputError
from pixelguide.files import check_writable, from_os_error, sync_folder, write_atomically

RESULTS, LOCK, LOG, RUN = "edits", ".lock", "log.jsonl", "run.json"


class ResultStore:
    """A run's folder: `edits`/KEY for each result, and `log.jsonl`, which tells when each came.

    A result appears by the rename of its folder, so whoever finds it finds all of it. Use within
    `with`: the folder is then held for this process.
    """

    def __init__(self, folder: Path) -> None:
        """Raises InputError or ResourceError when nothing can be written there."""
        check_writable(folder)
        self.folder, self._results = folder, folder / RESULTS
        self._lock = FileLock(folder / LOCK)

    def __enter__(self) -> ResultStore:
        """Hold the folder. Raises InputError when another run does."""
        try:
            self._results.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                "another run works here", str(self.folder), "Wait for it, or take another folder."
            ) from None
        except OSError as error:
            raise from_os_error(error, self.folder) from None
        for entry in os.scandir(self._results):
            if entry.name.startswith("."):  # what a run that was killed had not finished
                shutil.rmtree(entry.path, ignore_errors=True)
        _cut_torn_line(self.folder / LOG)
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def place(self, key: str) -> Path:
        """Where a result lies, or will."""
        return self._results / key

    def __contains__(self, key: str) -> bool:
        return self.place(key).is_dir()

    def keep(self, key: str, files: Mapping[str, bytes], note: Mapping[str, Any]) -> bool:
        """Write a result, files by name, and a line of the log; False if it was there already.

        Raises ResourceError or InputError when that fails.
        """
        place = self.place(key)
        if place.is_dir():
            return False
        try:
            unfinished = Path(tempfile.mkdtemp(dir=self._results, prefix=f".{key}."))
            try:
                for name, content in files.items():
                    _write(unfinished / name, content)
                unfinished.chmod(0o755)  # mkdtemp makes private folders
                sync_folder(unfinished)
                unfinished.rename(place)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
            sync_folder(self._results)
            with (self.folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps({"key": key, **note}) + "\n")
        except OSError as error:
            raise from_os_error(error, place) from None
        return True

    def keys(self) -> Iterator[str]:
        """Of all results that are there."""
        return (entry.name for entry in os.scandir(self._results) if entry.name[0] != ".")


def check_run(path: Path, settings: Mapping[str, Any]) -> None:
    """Write what all results of a folder share to the JSON file `path`, or compare it with what is
    there. Raises InputError when another run had other settings, or the file cannot be read."""
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        write_atomically(path, (json.dumps(wanted, indent=1) + "\n").encode())
        return
    known = read_object(path)
    for name in sorted({*known, *wanted}):
        if known.get(name) != wanted.get(name):
            raise InputError(
                f"the folder holds a run with {name} {known.get(name)}, not {wanted.get(name)}",
                str(path),
                "Choose another folder, or repeat the settings.",
            )


def read_object(path: Path) -> dict[str, Any]:
    """The content of a JSON file that a run left. Raises InputError if it is not readable."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not readable ({error})", str(path), "Delete it to go on.") from None
    return content


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _cut_torn_line(path: Path) -> None:
    """Remove the end of a log that a kill left without its end of line."""
    with contextlib.suppress(FileNotFoundError), path.open("rb+") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
