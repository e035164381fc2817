"""From the Studio's things to a project and back, under new ids."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import numpy as np

from pixelguide.errors import InputError
from pixelguide.images import decode_image, to_rgb
from pixelguide.photo.framing import Frame, Placement
from pixelguide.studio import photographs, uploads
from pixelguide.studio.jobs import Job
from pixelguide.studio.project import (
    Edit,
    EditRequest,
    PackRequest,
    Project,
    ProjectZip,
    Score,
    Version,
    member,
    write_zip,
)
from pixelguide.studio.provenance import Change, Origin, Part
from pixelguide.studio.services import Office
from pixelguide.studio.stored_files import Kind, picture_png, png
from pixelguide.studio.work import edit_result

_FOLDERS: dict[Kind, str] = {
    "picture": "pictures", "map": "maps", "roi": "rois", "photograph": "photographs",
}  # fmt: skip
_PHOTOGRAPHS = 8
"""In a project; each takes as long to check as an upload. The page's projects have one."""


def pack(wanted: PackRequest, office: Office) -> bytes:
    """The zip of a project. Raises Refusal (404) for unknown ids, InputError for a large state."""
    if len(json.dumps(wanted.state).encode()) > office.limits.state:
        raise InputError("more than 1 MiB", "state", "Keep less in it.")
    edits: dict[str, Edit] = {}
    versions = []
    for version in wanted.versions:
        job = office.job(version.job) if version.job else None
        if job is not None and job.kind == "edit" and job.state == "done":
            edits.setdefault(job.id, _edit(job))
            versions.append(version)
        else:  # nothing to tell about how it was made
            versions.append(version.model_copy(update={"job": None}))
    category = office.category
    origins = _origins(versions, edits, office)
    project = Project(
        version=2 if origins else 1,
        name=wanted.name,
        model={"name": category.name, "hash": category.hash},
        size=category.size,
        labels=category.described_labels(),
        versions=versions,
        edits=edits,
        origins=origins,
        state=wanted.state,
    )
    files = {
        member(_FOLDERS[kind], identity): office.items.read(identity, kind)
        for identity, kind in _files(project).items()
    }
    return write_zip(project, files)


def unpack(body: bytes, office: Office) -> dict[str, Any]:
    """Take a project's zip in: {"name", "versions", "state", "ids": old → new, "parts": new ids of
    pictures that are parts of a photograph}.

    Raises SafetyError and InputError as `ProjectZip`, and for pictures, maps and labels that are
    not of this category. Nothing is kept of a project that is refused.
    """
    archive = ProjectZip(body)
    project = archive.project()
    category = office.category
    if project.labels != category.described_labels() or project.size != category.size:
        raise InputError(
            "a project of another category", "project", f"This Studio edits '{category.name}'."
        )
    files = _files(project)
    contents = [
        (kind, _checked(archive.file(_FOLDERS[kind], identity), kind, office))
        for identity, kind in files.items()
    ]
    by_id = dict(zip(files, (content for _, content in contents), strict=True))
    _check_parts(project.origins, by_id, category.size)
    ids = dict(zip(files, office.items.add(*contents), strict=True))
    office.items.origins.remember(
        {ids[picture]: _renamed(origin, ids) for picture, origin in project.origins.items()}
    )
    for old, edit in project.edits.items():
        ids[old] = uuid.uuid4().hex
        request = edit.request.model_dump()
        for name in ("picture", "source", "target"):
            request[name] = ids[request[name]]
        pictures = [ids[picture] for picture in edit.pictures]
        scores = [score.model_dump() for score in edit.scores]
        result = edit_result(ids[old], pictures, scores, edit.best, ids[edit.roi], edit.report)
        office.jobs.add_done(ids[old], "edit", request, result)
    versions = [
        {
            **version.model_dump(),
            **{
                name: ids[value] if (value := getattr(version, name)) else None
                for name in ("picture", "source", "target", "job")
            },
        }
        for version in project.versions
    ]
    return {
        "name": project.name,
        "versions": versions,
        "state": project.state,
        "ids": ids,
        "parts": [ids[picture] for picture in project.origins],
    }


def _edit(job: Job) -> Edit:
    result = job.result or {}
    candidates = result["candidates"]
    scores = [Score(**{name: c[name] for name in Score.model_fields}) for c in candidates]
    return Edit(
        request=EditRequest(**job.request),
        pictures=[c["picture"] for c in candidates],
        scores=scores,
        best=result["best"],
        roi=result["roi_id"],
        report=result["report"],
    )


def _files(project: Project) -> dict[str, Kind]:
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
        note("roi", edit.roi)
        if identity in found:
            raise InputError(f"'{identity[:32]}' is two things", "project", "Save it again.")
    for picture, origin in project.origins.items():
        note("picture", picture)
        if isinstance(origin, Part):
            note("photograph", origin.photograph)
        else:
            note("picture", origin.parent)
            note("roi", origin.roi)
    _check_origins(project.origins)
    return found


def _origins(versions: list[Version], edits: dict[str, Edit], office: Office) -> dict[str, Origin]:
    """Of all pictures that find back into a photograph, and of those they were made from."""
    found: dict[str, Origin] = {}
    candidates = [picture for edit in edits.values() for picture in edit.pictures]
    for picture in [*(version.picture for version in versions), *candidates]:
        if lineage := office.items.origins.lineage(picture):
            found |= {lineage.first: lineage.part, **dict(lineage.changes)}
    return found


def _check_origins(origins: dict[str, Origin]) -> None:
    """Raise InputError unless every picture leads to a photograph, and not to too many of them."""
    photographs = {o.photograph for o in origins.values() if isinstance(o, Part)}
    if len(photographs) > _PHOTOGRAPHS:
        raise InputError(
            f"{len(photographs)} photographs", "project", f"At most {_PHOTOGRAPHS} in one."
        )
    edits: dict[str, list[str]] = {}
    for picture, origin in origins.items():
        if isinstance(origin, Change):
            edits.setdefault(origin.parent, []).append(picture)
    waiting = [picture for picture, origin in origins.items() if isinstance(origin, Part)]
    leading = set()
    while waiting:
        leading.add(picture := waiting.pop())
        waiting += edits.get(picture, [])
    if lost := origins.keys() - leading:
        raise InputError(
            f"picture '{min(lost)[:32]}' leads to no photograph", "project", "Save it again."
        )


def _check_parts(origins: dict[str, Origin], files: dict[str, bytes], size: int) -> None:
    """Raise InputError unless the photographs can be read and have these parts."""
    parts: dict[str, list[Part]] = {}
    for origin in origins.values():
        if isinstance(origin, Part):
            parts.setdefault(origin.photograph, []).append(origin)
    for identity, of_it in parts.items():
        photograph = photographs.decoded(files[identity])
        for part in of_it:
            Placement(photograph, Frame(part.x, part.y, part.size), size)


def _renamed(origin: Origin, ids: dict[str, str]) -> Origin:
    names = ("photograph",) if isinstance(origin, Part) else ("parent", "roi")
    return origin.model_copy(update={name: ids[getattr(origin, name)] for name in names})


def _checked(content: bytes, kind: Kind, office: Office) -> bytes:
    """A PNG of a project decoded, checked and encoded anew; a photograph as it is."""
    size = office.category.size
    if kind == "photograph":
        return content
    if kind == "map":
        return png(uploads.label_map(content, office.category.labels, size).to_image())
    image = decode_image(io.BytesIO(content), kind, ("PNG",))
    if image.size != (size, size):
        raise InputError(f"{image.width}×{image.height} pixels", kind, f"Expected {size}×{size}.")
    pixels = to_rgb(image, kind)
    if kind == "roi":
        return picture_png((pixels[..., 0] > 127).astype(np.uint8) * 255)
    return picture_png(pixels)
