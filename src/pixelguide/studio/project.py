"""Projects: versions, maps and how each was made, and which files belong to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from pixelguide.bounded_json import Items, Table
from pixelguide.errors import InputError
from pixelguide.studio.provenance import Origin, Part
from pixelguide.studio.stored_files import Kind

FOLDERS: dict[Kind, str] = {
    "picture": "pictures", "map": "maps", "roi": "rois", "photograph": "photographs",
}  # fmt: skip
_PHOTOGRAPHS = 8
"""In a project; each takes as long to check as an upload. The page's projects have one."""
_ENTRIES = 20_000
"""Edits, and pictures that come from somewhere; as many members a project's zip may have."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Version(_Strict):
    """A picture of the history: the maps before and after painting, and the job that made it."""

    picture: str
    source: str | None = None
    target: str | None = None
    job: str | None = None
    note: str = Field("", max_length=2000)


Versions = Annotated[Items[Version], Field(max_length=1000)]


class PackRequest(_Strict):
    """What the page sends to have a project packed. state: its own, opaque here."""

    name: str = Field("", max_length=200)
    versions: Versions
    state: dict[str, Any] = {}


class EditRequest(_Strict):
    """What an edit was asked for."""

    picture: str
    source: str
    target: str
    classes: Items[str] | None = Field(None, max_length=255)
    settings: dict[str, Any] = {}
    region: str | None = None

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Earlier builds know no region."""
        content: dict[str, Any] = handler(self)
        return {key: value for key, value in content.items() if key != "region" or value}


class Score(_Strict):
    """How good a candidate is."""

    roi_accuracy: float
    roi_loss: float
    changed_pixels_outside: int


class Edit(_Strict):
    """An edit that was done. pictures: of the candidates. roi: its file."""

    request: EditRequest
    pictures: Items[str] = Field(min_length=1, max_length=64)
    scores: Items[Score] = Field(max_length=64)
    best: int
    roi: str
    report: dict[str, Any]


class Project(_Strict):
    """The content of `project.json`. Ids are those of the files beside it.

    version: 2 where there are photographs, 3 where a part was taken out of an edited one, which
    earlier builds do not know. origins: of pictures
    that are parts of photographs, and of all they were made from.
    """

    format: Literal["pixelguide-project"] = "pixelguide-project"
    version: Literal[1, 2, 3] = 1
    name: str
    model: dict[str, str]
    size: int
    labels: dict[str, Any]
    versions: Versions
    edits: Table[str, Edit] = Field(max_length=_ENTRIES)
    origins: Table[str, Origin] = Field({}, max_length=_ENTRIES)
    state: dict[str, Any]


def files_of(project: Project) -> dict[str, Kind]:
    """Every id the project names, and its kind. Raises InputError when one is of two kinds, or
    an edit is named that is not there."""
    found: dict[str, Kind] = {}

    def note(kind: Kind, *identities: str | None) -> None:
        for identity in identities:
            if identity is not None and found.setdefault(identity, kind) != kind:
                raise InputError(f"'{identity[:32]}' is two things", "project", "Save it again.")

    for version in project.versions:
        note("picture", version.picture)
        note("map", version.source, version.target)
        if version.job is not None and version.job not in project.edits:
            raise InputError(f"edit '{version.job[:32]}' is missing", "project", "Save it again.")
    for identity, edit in project.edits.items():
        note("picture", edit.request.picture, *edit.pictures)
        note("map", edit.request.source, edit.request.target)
        note("roi", edit.roi, edit.request.region)
        if identity in found:
            raise InputError(f"'{identity[:32]}' is two things", "project", "Save it again.")
    for picture, origin in project.origins.items():
        note("picture", picture)
        if isinstance(origin, Part):
            note("photograph", origin.photograph)
            note("picture", origin.base)
        else:
            note("picture", origin.parent)
            note("roi", origin.roi)
            if origin.dyed:
                note("map", origin.dyed.source, origin.dyed.target)
    _check_origins(project.origins)
    return found


def _check_origins(origins: dict[str, Origin]) -> None:
    """Raise InputError unless every picture leads to a photograph, and not to too many of them."""
    photographs = {o.photograph for o in origins.values() if isinstance(o, Part)}
    if len(photographs) > _PHOTOGRAPHS:
        raise InputError(
            f"{len(photographs)} photographs", "project", f"At most {_PHOTOGRAPHS} in one."
        )
    following: dict[str, list[str]] = {}
    for picture, origin in origins.items():
        before = origin.base if isinstance(origin, Part) else origin.parent
        if before is not None:
            following.setdefault(before, []).append(picture)
    waiting = [p for p, o in origins.items() if isinstance(o, Part) and o.base is None]
    leading = set()
    while waiting:
        leading.add(picture := waiting.pop())
        waiting += following.get(picture, [])
    if lost := origins.keys() - leading:
        raise InputError(
            f"picture '{min(lost)[:32]}' leads to no photograph", "project", "Save it again."
        )
