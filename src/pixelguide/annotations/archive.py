"""Zip files from strangers: read member by member in memory, never unpacked by their names."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from pixelguide.annotations.folders import relative_path
from pixelguide.errors import InputError, SafetyError

MAX_MEMBERS = 200_000
MAX_BYTES = 256 * 2**20
"""Of one member, unpacked: a picture of 40 megapixels fits."""

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError),
)


class Archive:
    """A zip file's members by name.

    Raises SafetyError for names that lead out of it and for members that unpack to more than 256
    MiB; InputError for damaged, encrypted and ambiguous archives.
    """

    def __init__(self, file: Path | BinaryIO, where: str = "") -> None:
        """file: a path, or an open file that errors call `where`."""
        if isinstance(file, Path):
            if not file.is_file():  # also not a pipe, which would be waited for
                raise InputError("no such file", str(file), "Check the path.")
            where = file.name
        self.where = where
        try:
            self._zip = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise self._damaged(error) from None
        members = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise SafetyError(f"{len(members)} members", where, f"At most {MAX_MEMBERS}.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in members:
            name = str(relative_path(info.filename, where))
            if name in self._members:
                raise InputError(f"two members called {name[:80]!r}", where, "Export again.")
            self._members[name] = info
        self.names = tuple(sorted(self._members))

    def read(self, name: str) -> bytes:
        """The unpacked content of a member that exists."""
        info = self._members[name]
        if info.file_size > MAX_BYTES:
            raise SafetyError("member unpacks to more than 256 MiB", f"{self.where}/{name}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # what others need to unpack is for the file to say, up to gigabytes
            raise InputError("unusual compression", f"{self.where}/{name}", "Use deflate.")
        try:
            return self._zip.read(info)  # no more than the size it states, and with the right sum
        except _DAMAGE as error:
            raise self._damaged(error) from None

    def text(self, name: str) -> str:
        """A member as text, UTF-8 with or without byte order mark."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("not UTF-8 text", f"{self.where}/{name}") from None

    def _damaged(self, error: Exception) -> InputError:
        reason = " ".join(str(error).split()) or "truncated"
        return InputError(f"damaged zip ({reason[:120]})", self.where, "Export it again.")
