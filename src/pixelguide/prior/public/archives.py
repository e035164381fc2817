"""Unpacking archives from outside: plain files, inside one folder, no more than expected."""

from __future__ import annotations

import gzip
import io
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Protocol

from pixelguide.errors import InputError, SafetyError
from pixelguide.files import from_os_error

MAX_MEMBERS = 50_000


def unpack(archive: Path, folder: Path, suffixes: Collection[str], limit: int) -> list[str]:
    """Unpack a .zip or .tar.gz into `folder` and give the names that were left out.

    suffixes: endings (".png") of files that are expected; others are left out. limit: bytes that
    all members may have together.

    Raises SafetyError for links, special files, names that leave the folder and more or larger
    members than allowed; InputError for a damaged archive. What was unpacked before stays: unpack
    into a folder that can be thrown away.
    """
    rules = _Rules(frozenset(suffixes), limit)
    try:
        if archive.suffix == ".zip":
            _unpack_zip(archive, folder, rules)
        else:
            _unpack_tar(archive, folder, rules)
    except (
        tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError,
        NotImplementedError, RuntimeError, UnicodeError,
    ) as error:  # fmt: skip
        raise InputError(
            f"damaged archive ({type(error).__name__})", archive.name, "Fetch it again."
        ) from None
    except OSError as error:
        raise from_os_error(error, folder) from None
    return rules.left_out


class _Rules:
    """What members an archive may have; counts those seen so far."""

    def __init__(self, suffixes: frozenset[str], limit: int) -> None:
        self.limit = limit
        self.left_out: list[str] = []
        self._suffixes = suffixes
        self._seen: set[str] = set()
        self._bytes = 0

    def admit(self, name: str, size: int, *, plain: bool, is_folder: bool) -> bool:
        """Whether a member is to be written; SafetyError if nothing of the archive is."""
        path = PurePosixPath(name)
        strange = not name.isprintable() or "\\" in name or ":" in name
        if strange or path.is_absolute() or ".." in path.parts:
            raise _refused("a path that leaves the folder", name)
        if not (plain or is_folder):
            raise _refused("a link or special file", name)
        key = str(path).casefold()
        if not is_folder and key in self._seen:
            raise _refused("the same file twice", name)
        self._seen.add(key)
        self._bytes += size
        if self._bytes > self.limit or size < 0:
            raise _refused(f"more than {self.limit:,} bytes", name)
        if len(self._seen) > MAX_MEMBERS:
            raise _refused(f"more than {MAX_MEMBERS:,} members", name)
        # Programs leave files of their own (.DS_Store, ._name) between those that are meant.
        wanted = not is_folder and path.suffix.lower() in self._suffixes
        if not wanted or path.name.startswith("."):
            if not is_folder:
                self.left_out.append(name)
            return False
        return True


def _unpack_tar(archive: Path, folder: Path, rules: _Rules) -> None:
    with (
        gzip.open(archive) as content,
        tarfile.open(fileobj=_Limited(content, rules.limit, archive.name), mode="r|") as tar,
    ):
        for member in tar:
            if rules.admit(
                member.name, member.size, plain=member.isreg(), is_folder=member.isdir()
            ):
                tar.extract(member, folder, set_attrs=False, filter="data")


def _unpack_zip(archive: Path, folder: Path, rules: _Rules) -> None:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            # Cut at a NUL, or with another separator: the name is not the one in the archive.
            if not member.filename or member.orig_filename != member.filename:
                raise _refused("a path that leaves the folder", member.orig_filename)
            kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where it was not made on Unix
            is_folder = member.is_dir()
            plain = kind in (0, stat.S_IFREG) and not is_folder
            if rules.admit(member.filename, member.file_size, plain=plain, is_folder=is_folder):
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                # Reads no more than the size that was admitted, and checks its CRC.
                with content.open(member) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than `limit` bytes and what an archive needs around them.

    Headers of a tar may be as large as files, and are read before their size can be looked at.
    """

    def __init__(self, stream: _Stream, limit: int, name: str) -> None:
        self._stream, self._left, self._name = stream, limit + MAX_MEMBERS * 2048, name

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size if size >= 0 else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise _refused("far more than expected", self._name)
        return content


def _refused(what: str, name: str) -> SafetyError:
    shown = name if name.isprintable() else repr(name)[1:-1]
    return SafetyError(f"{what} in an archive", shown[:200], "Do not trust its source.")
