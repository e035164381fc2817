"""Projects as zips: written, and read from strangers."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib

from pixelguide.errors import InputError, SafetyError
from pixelguide.studio import uploads
from pixelguide.studio.limits import Limits
from pixelguide.studio.project import Project

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


def write_zip(project: Project, files: dict[str, bytes]) -> bytes:
    """A project and its files by member name, as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed
        described = project.model_dump(exclude=set() if project.origins else {"origins"})
        text = json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False)
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
