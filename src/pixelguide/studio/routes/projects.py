"""Projects out and in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from pixelguide.studio import uploads
from pixelguide.studio.project import PackRequest
from pixelguide.studio.project_export import pack
from pixelguide.studio.project_import import unpack
from pixelguide.studio.services import CurrentServices

router = APIRouter()


@router.post("/api/projects/pack")
async def pack_project(request: Request, services: CurrentServices) -> Response:
    """Versions, maps and settings as a zip."""
    wanted = uploads.json_body(await request.body(), PackRequest)
    content = await services.threads.heavy(pack, wanted, services)
    headers = {"Content-Disposition": 'attachment; filename="project.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


@router.post("/api/projects/unpack")
async def unpack_project(request: Request, services: CurrentServices) -> dict[str, Any]:
    """Take a zip in; its versions under new ids."""
    return await services.threads.heavy(unpack, await request.body(), services)
