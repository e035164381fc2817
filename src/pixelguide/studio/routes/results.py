"""Results of edits as files."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from fastapi import APIRouter, Response

from pixelguide.images import decode_image
from pixelguide.open_raster import edit_layers, open_raster
from pixelguide.studio.exports import png_with_metadata
from pixelguide.studio.jobs import Job
from pixelguide.studio.office import AtOffice, Office
from pixelguide.studio.refusals import not_found

router = APIRouter()


@router.get("/api/results/{identity}/{name}.png")
async def result_png(identity: str, name: str, office: AtOffice) -> Response:
    """Candidate `name` with metadata that says how it was made; or "roi", white = may change."""
    content = await office.bridge.short(_png, identity, name, office)
    return Response(content, media_type="image/png")


@router.get("/api/results/{identity}.ora")
async def result_ora(identity: str, office: AtOffice, candidate: str | None = None) -> Response:
    """An edit with its layers as OpenRaster; the best candidate unless another is named."""
    content = await office.bridge.heavy(_ora, identity, candidate, office)
    headers = {"Content-Disposition": 'attachment; filename="edit.ora"'}
    return Response(content, media_type="image/openraster", headers=headers)


def _png(identity: str, name: str, office: Office) -> bytes:
    job = _edit(identity, office)
    if name == "roi":
        return office.items.read(_result(job)["roi_id"], "roi")
    k = _candidate(job, name)
    candidate = _result(job)["candidates"][k]
    scores = {key: candidate[key] for key in candidate.keys() - {"picture", "url"}}
    how = {"candidate": k, **dict(sorted(scores.items())), "report": _result(job)["report"]}
    return png_with_metadata(office.items.picture(candidate["picture"]), how)


def _ora(identity: str, name: str | None, office: Office) -> bytes:
    job = _edit(identity, office)
    items, result = office.items, _result(job)
    k = result["best"] if name is None else _candidate(job, name)
    roi = decode_image(io.BytesIO(items.read(result["roi_id"], "roi")), "roi", ("PNG",))
    edited = items.picture(result["candidates"][k]["picture"])
    layers = edit_layers(
        items.picture(job.request["picture"]),
        edited,
        items.label_map(job.request["target"]),
        np.asarray(roi) > 0,
    )
    return open_raster(layers, edited)


def _edit(identity: str, office: Office) -> Job:
    job = office.job(identity)
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
