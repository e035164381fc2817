"""The models there are, and which is in use."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from pixelguide.studio import uploads
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.models import Models, opening_content
from pixelguide.studio.services import CurrentServices

router = APIRouter()


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


@router.get("/api/models")
async def models(request: Request, services: CurrentServices) -> dict[str, Any]:
    """Built-in and pulled models: {"models": [{"name", "current", "opening"}]}; opening: null, or
    {"done", "total"} while the worker opens it."""
    known: Models | None = request.app.state.models
    if known is None:
        opening = opening_content(services)
        lone = {"name": services.category.name, "current": True, "opening": opening}
        return {"models": [lone]}
    return {"models": await services.threads.short(known.content)}


@router.post("/api/models")
async def switch(request: Request, services: CurrentServices) -> dict[str, Any]:
    """Edit with the model {"name"} from now on; its category. 404 for one that is not here."""
    name = uploads.json_body(await request.body(), _Model).name
    known: Models | None = request.app.state.models
    if known is None:
        raise not_found("model")
    loop = asyncio.get_running_loop()
    request.app.state.services = await services.threads.heavy(known.switch, name, loop)
    return request.app.state.services.category.content()  # type: ignore[no-any-return]
