"""Layers in: work that a paint program, or this Studio, saved as OpenRaster."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from pixelguide.photo.photograph import Photograph
from pixelguide.studio import photographs
from pixelguide.studio.layers import Layers
from pixelguide.studio.provenance import Part
from pixelguide.studio.routes.photographs import keep_part
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.stored_files import picture_png, png

router = APIRouter()


@router.post("/api/layers", status_code=201)
async def add_layers(request: Request, services: CurrentServices) -> dict[str, Any]:
    """Take an OpenRaster file with the layers `Original` and `Label map` as the raw body.

    "picture" is the original, or the part of it that has labels; "photograph" and "part" ({"x",
    "y", "size"}) say of what, and are null where there is no more to it. "map" is what is painted.
    """
    return await services.threads.heavy(_taken, await request.body(), services)


def _taken(body: bytes, services: Services) -> dict[str, Any]:
    category, files = services.category, services.files
    layers = Layers.read(body, category.labels, category.size)
    height, width = layers.original.shape[:2]
    (label_map,) = files.add(("map", png(layers.label_map.to_image())))
    answer = {
        "map": label_map,
        "size": category.size,
        "original_width": width,
        "original_height": height,
    }
    frame = layers.frame
    if frame is None:
        (picture,) = files.add(("picture", picture_png(layers.original[..., :3])))
        return answer | {"picture": picture, "photograph": None, "part": None}
    photograph = Photograph(layers.original)
    (identity,) = files.add(("photograph", photographs.photograph_file(photograph, "png")))
    files.decoded.put(identity, photograph)
    pixels = photographs.part_of(files, identity, frame, category.size, None)
    part = Part(photograph=identity, x=frame.x, y=frame.y, size=frame.size)
    picture = keep_part(part, pixels, services)
    square = {"x": frame.x, "y": frame.y, "size": frame.size}
    return answer | {"picture": picture, "photograph": identity, "part": square}
