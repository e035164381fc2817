"""Projects in: a zip checked and taken in, under new ids."""

from __future__ import annotations

import io
import uuid
from typing import Any

import numpy as np

from pixelguide.errors import InputError
from pixelguide.images import decode_image, to_rgb
from pixelguide.photo.framing import Frame, Placement
from pixelguide.studio import photographs, uploads
from pixelguide.studio.project import FOLDERS, Project, files_of
from pixelguide.studio.project_zip import ProjectZip
from pixelguide.studio.provenance import Change, Origin, Part
from pixelguide.studio.services import Services
from pixelguide.studio.stored_files import Kind, picture_png, png
from pixelguide.studio.tasks import edit_result


def unpack(body: bytes, services: Services) -> dict[str, Any]:
    """Take a project's zip in: {"name", "versions", "state", "ids": old → new, "parts": new ids of
    pictures that are parts of a photograph}.

    Raises SafetyError and InputError as `ProjectZip`, and for pictures, maps and labels that are
    not of this category. Nothing is kept of a project that is refused.
    """
    archive = ProjectZip(body)
    project = archive.project()
    category = services.category
    if project.labels != category.described_labels() or project.size != category.size:
        raise InputError(
            "a project of another category",
            "project",
            f"This Studio edits '{category.name}'; it was made with '{_name(project)}'.",
        )
    files = files_of(project)
    contents = [
        (kind, _checked(archive.file(FOLDERS[kind], identity), kind, services))
        for identity, kind in files.items()
    ]
    by_id = dict(zip(files, (content for _, content in contents), strict=True))
    _check_parts(project.origins, by_id, category.size)
    ids = dict(zip(files, services.files.add(*contents), strict=True))
    services.files.provenance.remember(
        {ids[picture]: _renamed(origin, ids) for picture, origin in project.origins.items()}
    )
    for old, edit in project.edits.items():
        ids[old] = uuid.uuid4().hex
        request = edit.request.model_dump()
        for name in ("picture", "source", "target", *(("region",) if "region" in request else ())):
            request[name] = ids[request[name]]
        pictures = [ids[picture] for picture in edit.pictures]
        scores = [score.model_dump() for score in edit.scores]
        result = edit_result(ids[old], pictures, scores, edit.best, ids[edit.roi], edit.report)
        services.jobs.add_done(ids[old], "edit", request, result)
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


def _name(project: Project) -> str:
    return project.model.get("name", "another model")[:80]


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
    names = ("photograph", "base") if isinstance(origin, Part) else ("parent", "roi")
    known = {name: getattr(origin, name) for name in names}
    renamed: dict[str, Any] = {name: ids[old] for name, old in known.items() if old}
    if isinstance(origin, Change) and (dyed := origin.dyed):
        maps = {"source": ids[dyed.source], "target": ids[dyed.target]}
        renamed["dyed"] = dyed.model_copy(update=maps)
    return origin.model_copy(update=renamed)


def _checked(content: bytes, kind: Kind, services: Services) -> bytes:
    """A PNG of a project decoded, checked and encoded anew; a photograph as it is."""
    size = services.category.size
    if kind == "photograph":
        return content
    if kind == "map":
        return png(uploads.label_map(content, services.category.labels, size).to_image())
    image = decode_image(io.BytesIO(content), kind, ("PNG",))
    if image.size != (size, size):
        raise InputError(f"{image.width}×{image.height} pixels", kind, f"Expected {size}×{size}.")
    pixels = to_rgb(image, kind)
    if kind == "roi":
        return picture_png((pixels[..., 0] > 127).astype(np.uint8) * 255)
    return picture_png(pixels)
