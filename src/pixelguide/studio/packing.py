"""From the Studio's things to a project and back, under new ids."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import numpy as np

from pixelguide.errors import InputError
from pixelguide.images import decode_image, to_rgb
from pixelguide.studio import uploads
from pixelguide.studio.items import Kind, picture_png, png
from pixelguide.studio.jobs import Job
from pixelguide.studio.office import Office
from pixelguide.studio.project import (
    Edit,
    EditRequest,
    PackRequest,
    Project,
    ProjectZip,
    Score,
    write_zip,
)
from pixelguide.studio.work import edit_result

_FOLDERS: dict[Kind, str] = {"picture": "pictures", "map": "maps", "roi": "rois"}


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
    project = Project(
        name=wanted.name,
        model={"name": category.name, "hash": category.hash},
        size=category.size,
        labels=category.described_labels(),
        versions=versions,
        edits=edits,
        state=wanted.state,
    )
    files = {
        f"{_FOLDERS[kind]}/{identity}.png": office.items.read(identity, kind)
        for identity, kind in _files(project).items()
    }
    return write_zip(project, files)


def unpack(body: bytes, office: Office) -> dict[str, Any]:
    """Take a project's zip in: {"name", "versions", "state", "ids": old → new}.

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
        (kind, _checked(archive.png(_FOLDERS[kind], identity), kind, office))
        for identity, kind in files.items()
    ]
    ids = dict(zip(files, office.items.add(*contents), strict=True))
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
    return {"name": project.name, "versions": versions, "state": project.state, "ids": ids}


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
    return found


def _checked(content: bytes, kind: Kind, office: Office) -> bytes:
    """A PNG of a project decoded, checked and encoded anew."""
    size = office.category.size
    if kind == "map":
        return png(uploads.label_map(content, office.category.labels, size).to_image())
    image = decode_image(io.BytesIO(content), kind, ("PNG",))
    if image.size != (size, size):
        raise InputError(f"{image.width}×{image.height} pixels", kind, f"Expected {size}×{size}.")
    pixels = to_rgb(image, kind)
    if kind == "roi":
        return picture_png((pixels[..., 0] > 127).astype(np.uint8) * 255)
    return picture_png(pixels)
