"""Where annotations lie: a folder, a zip file, or one file among others, read by relative names."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from pixelguide.annotations.archive import MAX_MEMBERS, Archive
from pixelguide.annotations.folders import inside
from pixelguide.annotations.json_files import MAX_BYTES as MAX_JSON
from pixelguide.annotations.json_files import MAX_VALUES, Model, parse_json
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.bounded_json import check_count
from pixelguide.errors import InputError, PixelguideError, ResourceError
from pixelguide.files import is_hidden

_NESTED = 2
"""A zip in a zip is what a browser or a server made of it; deeper ones are not looked into."""


@dataclass(frozen=True)
class Source:
    """Files by their names, relative and with "/"; those whose names start with a dot are no data.

    path: what the user named. prefix: the folder in it that names are relative to, "" or "…/".
    chosen: the one annotation file to read, where the user named a file and not a folder.
    """

    path: Path
    root: Path
    prefix: str
    chosen: str | None
    _list: Callable[[], Iterable[str]]
    _open: Callable[[str], BinaryIO]
    _in_archive: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        kept = (name for name in self._list() if not is_hidden(name))
        return tuple(sorted(n[len(self.prefix) :] for n in kept if n.startswith(self.prefix)))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    @cached_property
    def by_base_name(self) -> dict[str, list[str]]:
        """The names whose last part is the key."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(name.rpartition("/")[2], []).append(name)
        return found

    def ending(self, *suffixes: str) -> tuple[str, ...]:
        """The names that end in one of `suffixes`, in upper or lower case; if the user named one
        file, no other."""
        names = self.names if self.chosen is None else (self.chosen,)
        return tuple(name for name in names if name.lower().endswith(suffixes))

    def below(self, prefix: str) -> Source:
        """The same seen from a folder in it ("" or "…/")."""
        chosen = self.chosen
        if chosen is not None:
            chosen = chosen.removeprefix(prefix) if chosen.startswith(prefix) else None
        return replace(self, prefix=self.prefix + prefix, chosen=chosen)

    def where(self, name: str) -> str:
        """What errors call a file: its name, and that of the zip it lies in."""
        if self._in_archive is not None:
            return f"{self._in_archive}/{self.prefix}{name}"
        return name.rpartition("/")[2]

    def open(self, name: str) -> BinaryIO:
        """An open file; InputError or SafetyError if it cannot be read."""
        return self._open(self.prefix + name)

    def read(self, name: str, limit: int = MAX_JSON) -> bytes:
        """The content of a file of at most `limit` bytes."""
        with self.open(name) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ResourceError("file larger than 256 MiB", self.where(name), "Split it.")
        return content

    def text(self, name: str) -> str:
        """A file as text, UTF-8 with or without byte order mark."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("not UTF-8 text", self.where(name), "Save it as UTF-8.") from None

    def json(self, name: str, model: type[Model], hint: str = "") -> Model:
        """A JSON file, checked; InputError that names the first wrong field."""
        return parse_json(self.read(name), self.where(name), model, hint)

    def has_fields(self, name: str, *fields: str) -> bool:
        """Whether a JSON file is an object with all of `fields`, or, for none, a list. A file is
        parsed for it once, however many formats ask."""
        if name not in self._fields:
            try:
                text = self.read(name).decode("utf-8-sig")
                check_count(text, MAX_VALUES)
                content = json.loads(text)
            except (PixelguideError, ValueError, RecursionError):
                content = None
            own = frozenset(content) if isinstance(content, dict) else None
            self._fields[name] = frozenset() if isinstance(content, list) else own
        found = self._fields[name]
        return found is not None and (found.issuperset(fields) if fields else not found)

    @cached_property
    def _fields(self) -> dict[str, frozenset[str] | None]:
        return {}

    def picture(self, name: str) -> PictureFile:
        """A picture, to be read when it is called."""
        return PictureFile(lambda: self.open(name), self.where(name))


def open_source(path: Path) -> Source:
    """What lies at `path`: a folder, a zip file (also one with a zip file as its only content, or
    the only one of a folder), or a file with what lies around it."""
    if path.is_dir():
        source = _folder(path)
        return _unwrapped(source) if len(os.listdir(path)) <= 8 else source
    if path.is_file() and zipfile.is_zipfile(path):
        return _unwrapped(_archive(Archive(path), path))
    # pictures lie in its folder, or in that above one that holds nothing but annotations
    root = path.parent
    if root.name.lower() in ("annotations", "json", "jsons", "ann", "labels"):
        root = root.parent
    name = path.relative_to(root).as_posix()
    return replace(_folder(root, depth=4), path=path, chosen=name)


def marked(source: Source, marker: str) -> Source | None:
    """`source` seen from the one folder in it that holds a file called `marker`; None if there is
    none. InputError if there are several."""
    found = source.by_base_name.get(marker, [])
    if len(found) > 1:
        raise InputError(f"{len(found)} files {marker}", str(source.path), "Name one's folder.")
    return source.below(found[0][: -len(marker)]) if found else None


def _folder(path: Path, depth: int = 12) -> Source:
    def names() -> Iterable[str]:
        count = 0
        for folder, folders, own in os.walk(path):
            relative = Path(folder).relative_to(path)
            folders[:] = (
                [f for f in folders if not is_hidden(f)] if len(relative.parts) < depth else []
            )
            count += len(own)
            if count > MAX_MEMBERS:
                raise InputError(f"more than {MAX_MEMBERS} files", str(path), "Name a part of it.")
            yield from ((relative / name).as_posix() for name in own if not is_hidden(name))

    def open_file(name: str) -> BinaryIO:
        file = inside(path, name, path.name)
        try:
            if not file.is_file():  # also not a pipe, which would be waited for
                raise InputError("no such file", name, "Check the path.")
            return file.open("rb")
        except OSError as error:
            reason = error.strerror or "unreadable"
            raise InputError(f"cannot read ({reason})", name, "Check it.") from None

    return Source(path, path, "", None, names, open_file)


def _archive(archive: Archive, path: Path) -> Source:
    def open_member(name: str) -> BinaryIO:
        return io.BytesIO(archive.read(name))

    return Source(path, path, "", None, lambda: archive.names, open_member, archive.where)


def _unwrapped(source: Source) -> Source:
    for _ in range(_NESTED):
        names = source.names
        if len(names) != 1 or not names[0].lower().endswith(".zip"):
            break
        if source._in_archive is None:
            path = inside(source.root, names[0], source.root.name)
            if not zipfile.is_zipfile(path):
                break
            archive = Archive(path)
        else:
            archive = Archive(io.BytesIO(source.read(names[0])), source.where(names[0]))
        source = _archive(archive, source.path)
    return source
