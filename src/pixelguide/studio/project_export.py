"""Projects out: versions of the Studio, with the edits that made them, as a zip."""

from __future__ import annotations

import json
from typing import Literal

from pixelguide.errors import InputError
from pixelguide.studio.jobs import Job
from pixelguide.studio.project import (
    FOLDERS,
    Edit,
    EditRequest,
    PackRequest,
    Project,
    Score,
    Version,
    files_of,
)
from pixelguide.studio.project_zip import member, write_zip
from pixelguide.studio.provenance import Origin, Part
from pixelguide.studio.services import Services


def pack(wanted: PackRequest, services: Services) -> bytes:
    """The zip of a project.

    Raises HttpError (404) for unknown ids, InputError for a large state.
    """
    if len(json.dumps(wanted.state).encode()) > services.limits.state:
        raise InputError("more than 1 MiB", "state", "Keep less in it.")
    edits: dict[str, Edit] = {}
    versions = []
    for version in wanted.versions:
        job = services.job(version.job) if version.job else None
        if job is not None and job.kind == "edit" and job.state == "done":
            edits.setdefault(job.id, _edit(job))
            versions.append(version)
        else:  # nothing to tell about how it was made
            versions.append(version.model_copy(update={"job": None}))
    category = services.category
    origins = _origins(versions, edits, services)
    project = Project(
        version=_format_version(origins),
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
        member(FOLDERS[kind], identity): services.files.read(identity, kind)
        for identity, kind in files_of(project).items()
    }
    return write_zip(project, files)


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


def _format_version(origins: dict[str, Origin]) -> Literal[1, 2, 3]:
    for origin in origins.values():
        if origin.base if isinstance(origin, Part) else origin.dyed:
            return 3
    return 2 if origins else 1


def _origins(
    versions: list[Version], edits: dict[str, Edit], services: Services
) -> dict[str, Origin]:
    """Of all pictures that find back into a photograph, and of those they were made from."""
    found: dict[str, Origin] = {}
    candidates = [picture for edit in edits.values() for picture in edit.pictures]
    for picture in [*(version.picture for version in versions), *candidates]:
        if lineage := services.files.provenance.lineage(picture):
            found |= lineage.origins()
    return found
