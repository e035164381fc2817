"""Pictures and label maps in and out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from pixelguide.errors import InputError
from pixelguide.studio import uploads
from pixelguide.studio.items import Kind, picture_png, png
from pixelguide.studio.office import AtOffice, Office
from pixelguide.studio.refusals import not_found
from pixelguide.studio.routes.pages import portrait_count, portrait_png

router = APIRouter()


class _Portrait(BaseModel):
    model_config = ConfigDict(extra="forbid")

    portrait: int


@router.post("/api/pictures", status_code=201)
async def add_picture(request: Request, office: AtOffice) -> dict[str, Any]:
    """Take a picture as the raw body, or a built-in portrait by {"portrait": k}."""
    body = await request.body()
    size = office.category.size
    if _content_type(request) == "application/json":
        index = uploads.json_body(body, _Portrait).portrait
        if not 0 <= index < portrait_count(office):
            raise not_found("portrait")
        content = await office.bridge.short(portrait_png, index, size)
        own = (size, size)
    else:
        _check_is_image(request, "picture")
        content, own = await office.bridge.heavy(_decoded, body, size)
    (identity,) = await office.bridge.writing(office.items.add, ("picture", content))
    return {
        "picture": identity,
        "size": size,
        "cropped": own != (size, size),
        "original_width": own[0],
        "original_height": own[1],
    }


@router.get("/api/pictures/{identity}.png")
async def picture(identity: str, office: AtOffice) -> Response:
    """A picture, without metadata."""
    return await _item(identity, "picture", office)


@router.post("/api/maps", status_code=201)
async def add_map(request: Request, office: AtOffice) -> dict[str, str]:
    """Take a label map as a raw PNG: ids, or the palette's colours."""
    _check_is_image(request, "label map")
    body = await request.body()
    category = office.category
    read = await office.bridge.heavy(uploads.label_map, body, category.labels, category.size)
    (identity,) = await office.bridge.writing(office.items.add, ("map", png(read.to_image())))
    return {"map": identity}


@router.get("/api/maps/{identity}.png")
async def label_map(identity: str, office: AtOffice) -> Response:
    """A label map as a palette PNG: values are ids."""
    return await _item(identity, "map", office)


async def _item(identity: str, kind: Kind, office: Office) -> Response:
    content = await office.bridge.short(office.items.read, identity, kind)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}  # ids are never reused
    return Response(content, media_type="image/png", headers=headers)


def _decoded(body: bytes, size: int) -> tuple[bytes, tuple[int, int]]:
    pixels, own = uploads.picture(body, size)
    return picture_png(pixels), own


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_is_image(request: Request, where: str) -> None:
    """A file whose type the browser does not know has none; what it is, is seen on decoding."""
    found = _content_type(request)
    if found and not found.startswith("image/") and found != "application/octet-stream":
        raise InputError(f"content of type {found[:80]}", where, "Send the picture itself.")
