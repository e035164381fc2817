"""The files of a model folder and its manifest: listed, hashed, checked, written last."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError, SafetyError
from pixelguide.files import Content, entries_below, write_atomically
from pixelguide.leftovers import remove_leftovers
from pixelguide.prior.foreign_numbers import check_numbers
from pixelguide.prior.safe import AGAIN, refuse_disguised_pickle

MANIFEST = "manifest.json"
TRAINING_LOG = "training.log"
NO_PARTS = ("training.safetensors", TRAINING_LOG)
"""Files of a training: they grow, and are no part of the model."""

_UNBOUNDED = re.compile(r'("lambda_min_clipped":\s*)-Infinity')
"""How diffusers writes a DPM solver that clips no log-SNR; none is below -1000."""


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Content of `folder`/`name`; InputError if it is missing, not a JSON object, or has numbers
    that no model has."""
    try:
        text = (folder / name).read_text("utf-8")
        content = load_json(_UNBOUNDED.sub(r"\1-1000", text))
    except FileNotFoundError:
        raise InputError("part of the model is missing", name, AGAIN) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not readable as JSON ({error})", name, "Fetch it again.") from None
    if not isinstance(content, dict):
        raise InputError("not a JSON object", name, AGAIN)
    try:
        check_numbers(content)
    except ValueError as error:
        raise InputError(f"configuration cannot be used ({error})", name, AGAIN) from None
    return content


def write_parts(folder: Path, parts: Mapping[str, Content]) -> None:
    """Write files of a model, each in one piece, and the manifest of all its files last.

    Killed half-way, the folder either still loads as before or is refused by its manifest.
    """
    new: dict[str, str] = {}
    for place in {(folder / name).parent for name in parts}:
        remove_leftovers(place)
    for name, content in parts.items():
        digest = hashlib.sha256()
        write_atomically(folder / name, _hashing(content, digest.update))
        new[name] = digest.hexdigest()
    previous: dict[str, str] = {}
    if (folder / MANIFEST).exists():
        previous = _listed_hashes(folder)
    _write_manifest(folder, {**previous, **new})


def write_manifest(folder: Path) -> None:
    """Write the manifest of a model's files as they are, written by other means."""
    _write_manifest(folder, {n: sha256(folder / n) for n in file_names(folder) if n != MANIFEST})


def _write_manifest(folder: Path, hashes: Mapping[str, str]) -> None:
    manifest = {"format": 1, "sha256": dict(sorted(hashes.items()))}
    write_atomically(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())


def check_manifest(folder: Path, hashes: Mapping[str, str]) -> None:
    """Every file the manifest names must be there, inside the folder, and unchanged."""
    for name, expected in _listed_hashes(folder).items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise SafetyError("a path that leaves the model folder", name, "Do not use this model.")
        if name not in hashes:
            raise InputError("part of the model is missing", name, AGAIN)
        if hashes[name] != expected:
            if name.endswith(".safetensors"):
                refuse_disguised_pickle(folder / name)  # unsafe, which matters more than damaged
            raise InputError("file does not match its hash in the manifest", name, AGAIN)


def _listed_hashes(folder: Path) -> dict[str, str]:
    listed = read_json(folder, MANIFEST).get("sha256")
    if not isinstance(listed, dict):
        raise InputError("manifest without hashes", MANIFEST, AGAIN)
    return listed


def file_names(folder: Path) -> list[str]:
    """Relative names of all files but hidden ones, which are no part of a model: temporary ones
    come and go. Anything but folders and plain files is refused."""
    names = []
    for path in entries_below(folder):
        relative = path.relative_to(folder).as_posix()
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(mode) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise SafetyError(
                "a link or special file in a model folder", relative, "Replace it by a plain file."
            )
        hidden = relative.startswith(".") or "/." in relative
        if stat.S_ISREG(mode) and not hidden and path.name not in NO_PARTS:
            names.append(relative)
    return names


def _hashing(
    content: Content, update: Callable[[bytes | memoryview], None]
) -> Iterator[bytes | memoryview]:
    """The pieces of `content`, each given to `update` on its way."""
    for piece in [content] if isinstance(content, bytes) else content:
        update(piece)
        yield piece


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
