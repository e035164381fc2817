"""Results of edits as files."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.strength import at_strength
from pixelguide.studio import photographs, uploads
from pixelguide.studio.exports import png_with_metadata
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.jobs import Job
from pixelguide.studio.provenance import Change
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.stored_files import FileStore, picture_png

router = APIRouter()


class _Strength(BaseModel):
    model_config = ConfigDict(extra="forbid")

    strength: float = Field(ge=0, le=1)


@router.get("/api/results/{identity}/{name}.png")
async def result_png(identity: str, name: str, services: CurrentServices) -> Response:
    """Candidate `name` with metadata that says how it was made; or "roi", white = may change."""
    content = await services.threads.short(_png, identity, name, services)
    return Response(content, media_type="image/png")


@router.get("/api/results/{identity}/{name}/photograph.png")
async def result_photograph(
    identity: str, name: str, services: CurrentServices, strength: str = "1"
) -> Response:
    """Candidate `name`, at a strength, put back into the photograph; `result_png` where there is
    none."""
    share = uploads.share(strength)
    content = await services.threads.heavy(_photograph, identity, name, share, "png", services)
    return Response(content, media_type="image/png")


@router.get("/api/results/{identity}/{name}/photograph.jpg")
async def result_photograph_jpeg(
    identity: str, name: str, services: CurrentServices, strength: str = "1"
) -> Response:
    """The same as a JPEG. 400 for a photograph with transparency."""
    share = uploads.share(strength)
    content = await services.threads.heavy(_photograph, identity, name, share, "jpeg", services)
    return Response(content, media_type="image/jpeg")


@router.post("/api/results/{identity}/{name}/pictures", status_code=201)
async def add_fainter(
    identity: str, name: str, request: Request, services: CurrentServices
) -> dict[str, Any]:
    """Keep candidate `name` at {"strength"}, 0 … 1, as a picture to go on with."""
    _candidate(_edit(identity, services), name)
    strength = uploads.json_body(await request.body(), _Strength).strength
    return {"picture": await services.threads.writing(_keep, identity, name, strength, services)}


@router.get("/api/results/{identity}.ora")
async def result_ora(
    identity: str, services: CurrentServices, candidate: str | None = None, strength: str = "1"
) -> Response:
    """An edit at a strength, with its layers, as OpenRaster; the best candidate unless another is
    named."""
    content = await services.threads.heavy(
        _ora, identity, candidate, uploads.share(strength), services
    )
    headers = {"Content-Disposition": 'attachment; filename="edit.ora"'}
    return Response(content, media_type="image/openraster", headers=headers)


def _png(identity: str, name: str, services: Services) -> bytes:
    job = _edit(identity, services)
    if name == "roi":
        return services.files.read(_result(job)["roi_id"], "roi")
    k = _candidate(job, name)
    pixels = services.files.picture(_result(job)["candidates"][k]["picture"])
    return png_with_metadata(pixels, _how(job, k, services.files))


def _photograph(
    identity: str, name: str, strength: float, kind: Literal["png", "jpeg"], services: Services
) -> bytes:
    job = _edit(identity, services)
    k = _candidate(job, name)
    candidate = _result(job)["candidates"][k]["picture"]
    after = _at_strength(job, candidate, strength, services)
    how = _how(job, k, services.files)
    if strength != 1:
        how["strength"] = strength
    full = photographs.full_size_of(services.files, candidate, strength)
    if full is None:
        if kind == "jpeg":
            return photographs.photograph_file(Photograph(after), kind)
        return png_with_metadata(after, how)
    how |= full.report()
    return photographs.photograph_file(full.photograph, kind, how, full.patch(after))


def _keep(identity: str, name: str, strength: float, services: Services) -> str:
    job, files = _edit(identity, services), services.files
    candidate = _result(job)["candidates"][_candidate(job, name)]["picture"]
    (picture,) = files.add(
        ("picture", picture_png(_at_strength(job, candidate, strength, services)))
    )
    if origin := files.provenance.of(candidate):
        if isinstance(origin, Change):
            origin = origin.fainter(strength)
        files.provenance.remember({picture: origin})
    return picture


def _at_strength(
    job: Job, candidate: str, strength: float, services: Services
) -> NDArray[np.uint8]:
    after = services.files.picture(candidate)
    if strength == 1:
        return after
    return at_strength(services.files.picture(job.request["picture"]), after, strength)


def _how(job: Job, k: int, files: FileStore) -> dict[str, Any]:
    """What the file says; map: the PNG that it was made to follow, base64."""
    candidate = _result(job)["candidates"][k]
    scores = {key: candidate[key] for key in candidate.keys() - {"picture", "url"}}
    return {
        "candidate": k,
        **dict(sorted(scores.items())),
        "report": _result(job)["report"],
        "map": base64.b64encode(files.read(job.request["target"], "map")).decode(),
    }


def _ora(identity: str, name: str | None, strength: float, services: Services) -> bytes:
    job = _edit(identity, services)
    files, result = services.files, _result(job)
    k = result["best"] if name is None else _candidate(job, name)
    candidate = result["candidates"][k]["picture"]
    edited = _at_strength(job, candidate, strength, services)
    target = files.label_map(job.request["target"])
    if full := photographs.full_size_of(files, candidate, strength):
        return full.open_raster(edited, target)
    original, roi = files.picture(job.request["picture"]), files.roi(result["roi_id"])
    return open_raster(edit_layers(original, edited, target, roi), edited)


def _edit(identity: str, services: Services) -> Job:
    job = services.job(identity)
    if job.kind != "edit" or job.state != "done":
        raise not_found("result")
    return job


def _result(job: Job) -> dict[str, Any]:
    return job.result or {}


def _candidate(job: Job, name: str) -> int:
    known = {str(k): k for k in range(len(_result(job)["candidates"]))}
    if name not in known:
        raise not_found("result")
    return known[name]
