"""Pictures and label maps in and out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from pixelguide.errors import InputError
from pixelguide.studio import photographs, uploads
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.provenance import Part
from pixelguide.studio.routes.pages import portrait_count, portrait_png
from pixelguide.studio.routes.photographs import FOREVER, keep_part
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.stored_files import Kind, picture_png, png

router = APIRouter()


class _Portrait(BaseModel):
    model_config = ConfigDict(extra="forbid")

    portrait: int


@router.post("/api/pictures", status_code=201)
async def add_picture(request: Request, services: CurrentServices) -> dict[str, Any]:
    """Take a picture as the raw body, or a built-in portrait by {"portrait": k}.

    Of a picture of another size than the model's, the middle square is taken; "photograph" is then
    the id under which the whole is kept, to take another part.
    """
    body = await request.body()
    size = services.category.size
    if _content_type(request) == "application/json":
        index = uploads.json_body(body, _Portrait).portrait
        if not 0 <= index < portrait_count(services):
            raise not_found("portrait")
        content = await services.threads.short(portrait_png, index, size)
        (identity,) = await services.threads.writing(services.files.add, ("picture", content))
        own, photograph = (size, size), None
    else:
        _check_is_image(request, "picture")
        upload = await services.threads.heavy(photographs.received, body, size)
        identity, photograph = await services.threads.writing(_keep, body, upload, services)
        own = (upload.width, upload.height)
    return {
        "picture": identity,
        "photograph": photograph,
        "size": size,
        "cropped": own != (size, size),
        "original_width": own[0],
        "original_height": own[1],
    }


@router.get("/api/pictures/{identity}.png")
async def picture(identity: str, services: CurrentServices) -> Response:
    """A picture, without metadata."""
    return await _item(identity, "picture", services)


@router.post("/api/maps", status_code=201)
async def add_map(request: Request, services: CurrentServices) -> dict[str, str]:
    """Take a label map as a raw PNG: ids, or the palette's colours."""
    _check_is_image(request, "label map")
    body = await request.body()
    category = services.category
    read = await services.threads.heavy(uploads.label_map, body, category.labels, category.size)
    (identity,) = await services.threads.writing(services.files.add, ("map", png(read.to_image())))
    return {"map": identity}


@router.get("/api/maps/{identity}.png")
async def label_map(identity: str, services: CurrentServices) -> Response:
    """A label map as a palette PNG: values are ids."""
    return await _item(identity, "map", services)


async def _item(identity: str, kind: Kind, services: Services) -> Response:
    content = await services.threads.short(services.files.read, identity, kind)
    return Response(content, media_type="image/png", headers=FOREVER)


def _keep(body: bytes, upload: photographs.Upload, services: Services) -> tuple[str, str | None]:
    """The ids of the picture and of the photograph it is a part of, if it is."""
    if upload.placement is None:
        (identity,) = services.files.add(("picture", picture_png(upload.pixels)))
        return identity, None
    (photograph,) = services.files.add(("photograph", body))
    services.files.decoded.put(photograph, upload.placement.photograph)
    frame = upload.placement.frame
    part = Part(photograph=photograph, x=frame.x, y=frame.y, size=frame.size)
    return keep_part(part, upload.pixels, services), photograph


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_is_image(request: Request, where: str) -> None:
    """A file whose type the browser does not know has none; what it is, is seen on decoding."""
    found = _content_type(request)
    if found and not found.startswith("image/") and found != "application/octet-stream":
        raise InputError(
            f"not a {where} but content of type {found[:80]}", where, "Send the picture itself."
        )
