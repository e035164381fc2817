"""Projects: versions, maps and how each was made, in one zip to keep and to open elsewhere."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pixelguide.errors import InputError, SafetyError
from pixelguide.studio import uploads
from pixelguide.studio.limits import Limits
from pixelguide.studio.provenance import Origin

PROJECT = "project.json"
_MEMBER = re.compile(
    r"project\.json|(pictures|maps|rois)/[0-9a-f]{32}\.png|photographs/[0-9a-f]{32}\.bin"
)
_MEMBERS = 20_000
_PROJECT_BYTES = 16 * 2**20
_PNG_BYTES = 2**20
"""Of one picture, unpacked: 256² pixels of four bytes have 256 KiB."""
_PHOTOGRAPH_BYTES = Limits.picture
_ALL_BYTES = 256 * 2**20
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError),
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Version(_Strict):
    """A picture of the history: the maps before and after painting, and the job that made it."""

    picture: str
    source: str | None = None
    target: str | None = None
    job: str | None = None
    note: str = Field("", max_length=2000)


class PackRequest(_Strict):
    """What the page sends to have a project packed. state: its own, opaque here."""

    name: str = Field("", max_length=200)
    versions: list[Version] = Field(max_length=1000)
    state: dict[str, Any] = {}


class EditRequest(_Strict):
    """What an edit was asked for."""

    picture: str
    source: str
    target: str
    classes: list[str] | None = None
    settings: dict[str, Any] = {}


class Score(_Strict):
    """How good a candidate is."""

    roi_accuracy: float
    roi_loss: float
    changed_pixels_outside: int


class Edit(_Strict):
    """An edit that was done. pictures: of the candidates. roi: its file."""

    request: EditRequest
    pictures: list[str] = Field(min_length=1, max_length=64)
    scores: list[Score]
    best: int
    roi: str
    report: dict[str, Any]


class Project(_Strict):
    """The content of `project.json`. Ids are those of the files beside it.

    version: 2 where there are photographs, which earlier builds do not know. origins: of pictures
    that are parts of photographs, and of all they were made from.
    """

    format: Literal["pixelguide-project"] = "pixelguide-project"
    version: Literal[1, 2] = 1
    name: str
    model: dict[str, str]
    size: int
    labels: dict[str, Any]
    versions: list[Version]
    edits: dict[str, Edit]
    origins: dict[str, Origin] = {}
    state: dict[str, Any]


def write_zip(project: Project, files: dict[str, bytes]) -> bytes:
    """A project and its files by member name, as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed
        described = project.model_dump(exclude=set() if project.origins else {"origins"})
        text = json.dumps(described, indent=1, ensure_ascii=False)
        archive.writestr(PROJECT, text, zipfile.ZIP_DEFLATED)
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def member(folder: str, identity: str) -> str:
    """The name of a file in a project."""
    return f"{folder}/{identity}.{'bin' if folder == 'photographs' else 'png'}"


class ProjectZip:
    """A project's zip from a stranger: read in memory, member by member, never unpacked.

    Raises SafetyError for members that do not belong (names that lead out of it among them) and
    for those that unpack to too much; InputError for damaged, encrypted and ambiguous ones.
    """

    def __init__(self, body: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
            members = self._zip.infolist()
        except _DAMAGE as error:
            raise _damaged(error) from None
        if len(members) > _MEMBERS:
            raise SafetyError(f"{len(members)} members", "project", f"At most {_MEMBERS}.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in members:
            self._check(info)
            self._members[info.filename] = info
        if sum(info.file_size for info in members) > _ALL_BYTES:
            raise SafetyError("the project unpacks to more than 256 MiB", "project")
        if PROJECT not in self._members:
            raise InputError(f"no {PROJECT}", "project", "Choose a project saved by the Studio.")

    def project(self) -> Project:
        """Its description. Raises InputError for anything else."""
        project = uploads.json_body(self._read(PROJECT), Project, PROJECT)
        for edit in project.edits.values():
            if len(edit.scores) != len(edit.pictures) or not 0 <= edit.best < len(edit.pictures):
                raise InputError("an edit whose candidates do not fit together", PROJECT)
        return project

    def file(self, folder: str, identity: str) -> bytes:
        """One of its pictures, maps, rois or photographs. Raises InputError if it is not there."""
        name = member(folder, identity)
        if name not in self._members:
            raise InputError(
                f"{folder[:-1]} {identity[:32]!r} is missing", "project", "Save it again."
            )
        return self._read(name)

    def _check(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if not _MEMBER.fullmatch(name):
            raise SafetyError(f"unexpected member {name[:80]!r}", "project")
        if name in self._members:
            raise InputError(f"two members called {name!r}", "project", "Save it again.")
        if info.flag_bits & 1:
            raise InputError("encrypted", "project", "Save it without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError("unusual compression", f"project/{name}", "Use deflate.")
        limits = {PROJECT: _PROJECT_BYTES, "photographs": _PHOTOGRAPH_BYTES}
        if info.file_size > limits.get(name.partition("/")[0], _PNG_BYTES):
            raise SafetyError("member unpacks to too much", f"project/{name}")

    def _read(self, name: str) -> bytes:
        try:
            return self._zip.read(self._members[name])  # no more than the size that was checked
        except _DAMAGE as error:
            raise _damaged(error) from None


def _damaged(error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or "truncated"
    return InputError(f"damaged zip ({reason[:120]})", "project", "Save it again.")
