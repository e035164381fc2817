"""Photographs, their parts, and what edits changed in them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from pixelguide.photo.framing import Frame
from pixelguide.photo.paste_back import Patch
from pixelguide.photo.strength import at_strength
from pixelguide.studio import photographs, uploads
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.provenance import Change, Part
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.stored_files import picture_png

router = APIRouter()
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # ids are never reused


class _Square(BaseModel):
    """A square of a photograph, in its pixels. base: a picture, with all edits up to it."""

    model_config = ConfigDict(extra="forbid")

    x: float
    y: float
    size: float
    base: str | None = None


@router.get("/api/photographs/{identity}.jpg")
async def photograph(identity: str, services: CurrentServices) -> Response:
    """A photograph made small, to choose a part in."""
    shown = await services.threads.heavy(_preview, identity, services)
    return Response(shown, media_type="image/jpeg", headers=FOREVER)


@router.get("/api/photographs/{identity}/shown")
async def shown(identity: str, services: CurrentServices) -> Response:
    """A photograph at its own size, in a format that browsers show."""
    content, kind = await services.threads.heavy(photographs.shown, services.files, identity)
    return Response(content, media_type=kind, headers=FOREVER)


@router.post("/api/photographs/{identity}/parts", status_code=201)
async def add_part(identity: str, request: Request, services: CurrentServices) -> dict[str, Any]:
    """Take the part {"x", "y", "size"} of a photograph as a picture; with {"base"}, a picture, of
    the photograph as edits up to it left it. 400 for one that is too small or lies too far
    outside."""
    services.files.check(identity, "photograph")
    wanted = uploads.json_body(await request.body(), _Square)
    frame = Frame(wanted.x, wanted.y, wanted.size)
    size = services.category.size
    pixels = await services.threads.heavy(
        photographs.part_of, services.files, identity, frame, size, wanted.base
    )
    part = Part(photograph=identity, **wanted.model_dump())
    picture = await services.threads.writing(keep_part, part, pixels, services)
    return {"picture": picture, "photograph": identity, "size": size}


@router.get("/api/photographs/{identity}/faces")
async def faces(identity: str, services: CurrentServices) -> dict[str, Any]:
    """The faces in a photograph, the largest first, with the part {"x", "y", "size"} to take for
    each. "faces" is null where none can be looked for: the extra [faces] is missing, or the
    category has no eyes. 400 if there are some and none can be edited."""
    services.files.check(identity, "photograph")
    category = services.category
    found = await services.threads.heavy(
        photographs.faces_in, services.files, identity, category.eyes, category.size
    )
    return {"faces": found}


@router.get("/api/pictures/{identity}/photograph.png")
async def full_size(identity: str, services: CurrentServices) -> Response:
    """The photograph that a picture is a part of, with what edits changed up to it; 404 for a
    picture that is none."""
    content = await services.threads.heavy(_full_size, identity, "png", services)
    return Response(content, media_type="image/png")


@router.get("/api/pictures/{identity}/photograph.jpg")
async def full_size_jpeg(identity: str, services: CurrentServices) -> Response:
    """The same as a JPEG. 400 for a photograph with transparency."""
    content = await services.threads.heavy(_full_size, identity, "jpeg", services)
    return Response(content, media_type="image/jpeg")


@router.get("/api/pictures/{identity}/placement")
async def placement(identity: str, services: CurrentServices) -> dict[str, Any]:
    """Where a picture lies in its photograph: {"photograph", "width", "height", "x", "y", "size"},
    and "edits": the pictures, the oldest first, whose patches lie on it. 404 for a picture that is
    no part of one."""
    return await services.threads.heavy(_placement, identity, services)


@router.get("/api/pictures/{identity}/patch.png")
async def patch(identity: str, services: CurrentServices, strength: str = "1") -> Response:
    """What an edit that gave this picture changes in the photograph, at a strength: the window of
    it as it would be saved, from (`Patch-Left`, `Patch-Top`) on. 404 for other pictures."""
    found = await services.threads.heavy(_patch, identity, uploads.share(strength), services)
    headers = {"Patch-Left": str(found.left), "Patch-Top": str(found.top), **FOREVER}
    content = await services.threads.heavy(photographs.patch_png, found)
    return Response(content, media_type="image/png", headers=headers)


def keep_part(part: Part, pixels: NDArray[np.uint8], services: Services) -> str:
    """Keep the pixels of a part (uint8 S×S×3) as a picture; its id."""
    (identity,) = services.files.add(("picture", picture_png(pixels)))
    services.files.provenance.remember({identity: part})
    return identity


def _preview(identity: str, services: Services) -> bytes:
    return photographs.preview(photographs.opened(services.files, identity))


def _full_size(identity: str, kind: Literal["png", "jpeg"], services: Services) -> bytes:
    services.files.check(identity, "picture")
    found = photographs.photograph_of(services.files, identity)
    if found is None:
        raise not_found("photograph")
    return photographs.photograph_file(found.photograph, kind)


def _placement(identity: str, services: Services) -> dict[str, Any]:
    services.files.check(identity, "picture")
    lineage = services.files.provenance.lineage(identity)
    if lineage is None:
        raise not_found("photograph")
    part = lineage.part
    width, height = photographs.opened(services.files, part.photograph).size
    return {
        "photograph": part.photograph,
        "width": width,
        "height": height,
        "x": part.x,
        "y": part.y,
        "size": part.size,
        "edits": lineage.edits(),
    }


def _patch(identity: str, strength: float, services: Services) -> Patch:
    files = services.files
    files.check(identity, "picture")
    change, full = (
        files.provenance.of(identity),
        photographs.full_size_of(files, identity, strength),
    )
    if full is None or not isinstance(change, Change):
        raise not_found("patch")
    after = files.picture(identity)
    if strength != 1:
        after = at_strength(files.picture(change.parent), after, strength)
    return full.patch(after)
