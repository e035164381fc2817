"""Trust on first use: what the first pull of each model gave, and whether later ones give it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from pixelguide.errors import InputError, SafetyError
from pixelguide.files import write_atomically

SINCE = ("model_index.json", "domain.json")
"""What the first versions did not fetch: their records do not have it."""


class Fingerprint(BaseModel):
    """What a pull gave. sha256: file name → 64 hex digits. revision: commit, of a repository."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    sha256: dict[str, str]
    revision: str = ""

    @classmethod
    def of(cls, source: str, folder: Path, names: Iterable[str], revision: str = "") -> Fingerprint:
        """The fingerprint of files of `folder`."""
        hashes = {}
        for name in sorted(names):
            with (folder / name).open("rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(source=source, sha256=hashes, revision=revision)


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int = 1
    known: dict[str, Fingerprint] = {}


class KnownHashes:
    """Fingerprints by name, in a JSON file that every pull of this user shares."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, name: str) -> Fingerprint | None:
        """What the first pull of `name` gave, None if there was none."""
        return self._read().known.get(name)

    def check(self, name: str, found: Fingerprint) -> None:
        """Raise SafetyError, naming the first file that differs, unless `found` is what is known.

        Nothing is known before the first pull, so that anything is right then.
        """
        known = self.get(name)
        if known is None:
            return
        for file in sorted({*known.sha256, *found.sha256}):
            before, now = known.sha256.get(file, "nothing"), found.sha256.get(file, "nothing")
            if before == "nothing" and file in SINCE:
                continue
            if before != now:
                raise SafetyError(
                    f"{file} has SHA-256 {now[:12]}…, the first pull had {before[:12]}…",
                    found.source,
                    "It was changed at its source or on the way: pull again, or take the new one "
                    "deliberately with --accept-new.",
                )

    def record(self, name: str, found: Fingerprint) -> None:
        """Remember `found` as what `name` is from now on."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            content = self._read()
            content.known[name] = found
            write_atomically(self.path, (content.model_dump_json(indent=2) + "\n").encode())

    def _read(self) -> _Content:
        try:
            return _Content.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _Content()
        except (OSError, ValidationError):
            raise InputError(
                "the record of known hashes cannot be read",
                str(self.path),
                "Restore it, or delete it to trust what comes next.",
            ) from None
