"""Which picture an annotation means: tools write paths of their own machine, server or export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from pixelguide.annotations.folders import flat_name, relative_path
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.source import Source, open_source
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import SUFFIXES

_UPLOAD = re.compile(r"[0-9a-f]{4,16}-")
"""What Label Studio puts before the name of an upload."""


class Pictures:
    """The pictures of a data set, and those of `--images`, found by what annotations call them.

    Only files that are in the set (or in `--images`) are ever opened: of a path that leads
    elsewhere no more than its last part is used, to find the one picture of that name.
    """

    def __init__(self, source: Source, how: Interpretation) -> None:
        self._sources = [source] if how.images is None else [open_source(how.images), source]
        self.used: set[str] = set()

    def find(self, text: str, where: str, near: Sequence[str] = ()) -> PictureFile | None:
        """The picture that `text` means; None if it is not there.

        near: folders ("" or "…/") in which it is looked for first. Raises InputError if several
        could be meant, SafetyError for a path that leads out of the data set and has no
        counterpart in it.
        """
        path = _cleaned(text)
        for source in self._sources:
            name = _exact(source, path, near) or _by_end(source, path, where, near)
            if name is not None:
                self.used.add(name)
                return source.picture(name)
        if text.startswith(("http://", "https://")):
            return None
        try:
            relative_path(text, where)
        except SafetyError as error:
            hint = "Name the folder that holds both, or that of the pictures (--images)."
            raise SafetyError(error.what, where, hint) from None
        return None

    def of_stem(self, stem: str, folders: Sequence[str]) -> PictureFile | None:
        """The picture `stem` with any suffix, in the first of `folders` that has it, or directly
        in `--images`."""
        for source in self._sources:
            for folder in folders if source is self._sources[-1] else [""]:
                for suffix in SUFFIXES:
                    for ending in (suffix, suffix.upper()):
                        if (name := f"{folder}{stem}{ending}") in source:
                            self.used.add(name)
                            return source.picture(name)
        return None

    def others(self) -> tuple[str, ...]:
        """Short names of the pictures of the set that nothing has asked for."""
        own = self._sources[-1].ending(*SUFFIXES)
        return tuple(
            flat_name(name.rpartition(".")[0], name) for name in own if name not in self.used
        )


def picture_name(text: str, where: str) -> str:
    """What a picture is called in our words whose file an annotation calls `text`."""
    path = _cleaned(text)
    try:
        return flat_name(str(relative_path(path, where).with_suffix("")), where)
    except SafetyError:  # a path of another machine: its last part is what can be meant
        return flat_name(PurePosixPath(path).stem, where)


def picture_names(texts: Sequence[str], where: str) -> list[str]:
    """`picture_name` of each, but only the last part of the path if that is unique among them."""
    stems = [PurePosixPath(_cleaned(text)).stem for text in texts]
    unique = len({stem.lower() for stem in stems}) == len(stems)
    return [
        flat_name(stem, where) if unique else picture_name(text, where)
        for stem, text in zip(stems, texts, strict=True)
    ]


def _cleaned(text: str) -> str:
    """A path with "/", as it is after a server's address and encoding are taken off."""
    if "://" in text or "?d=" in text:
        parts = urlsplit(text)
        text = unquote((parse_qs(parts.query).get("d") or [parts.path])[0])
    return text.replace("\\", "/")


def _exact(source: Source, path: str, near: Sequence[str]) -> str | None:
    for folder in (*near, ""):
        name = _normal(folder + path)
        if name is not None and name in source:
            return name
    return None


def _normal(path: str) -> str | None:
    """`a/../b` as `b`; None for what leads out."""
    parts: list[str] = []
    if path.startswith("/"):
        return None
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _by_end(source: Source, path: str, where: str, near: Sequence[str]) -> str | None:
    """The one file whose path ends as `path` does, in as many parts as it takes."""
    base = path.rpartition("/")[2]
    plain = _UPLOAD.sub("", base, count=1) if _UPLOAD.match(base) else base
    found = source.by_base_name.get(base) or source.by_base_name.get(plain)
    if not found and not _UPLOAD.match(base):
        found = [
            name
            for other, names in source.by_base_name.items()
            if (match := _UPLOAD.match(other)) and other[match.end() :] == base
            for name in names
        ]
    if not found:
        return None
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        end = "/" + "/".join(parts[-length:])
        fitting = [name for name in found if f"/{name}".endswith(end)] if length > 1 else found
        if len(fitting) > 1:
            fitting = [n for n in fitting if n.startswith(tuple(f for f in near if f))] or fitting
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            break
    raise InputError(
        f"{len(found)} pictures are called {base[:80]!r}", where, "Name their folder (--images)."
    )
