"""Jobs: submit, ask, cancel, listen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, StreamingResponse

from pixelguide.bounded_json import Items
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.studio import uploads
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.job_events import encode
from pixelguide.studio.jobs import Job
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.supervisor import opening_progress

router = APIRouter()
_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}")


class JobRequest(BaseModel):
    """The body of a submission; all but kind and picture is for edits only. region: the id of a
    mask, of what may change before dilation, instead of what the settings find."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["segment", "edit"]
    picture: str
    source: str | None = None
    target: str | None = None
    classes: Items[str] | None = Field(None, max_length=255)
    settings: dict[str, Any] = {}
    region: str | None = None

    def check(self, services: Services) -> list[str]:
        """The ids it uses. Raises InputError, and HttpError (404) for unknown ids. Blocks."""
        used = [self.picture]
        services.files.check(self.picture, "picture")
        if self.kind == "edit":
            for name, value in (("source", self.source), ("target", self.target)):
                if value is None:
                    raise InputError(f"an edit without {name}", "request", "Name both maps.")
                services.files.check(value, "map")
                used.append(value)
            if self.region is not None:
                services.files.check(self.region, "roi")
                used.append(self.region)
            services.category.labels.ids(self.classes or [])
            settings: EditSettings = EditSettings.check("settings", self.settings)
            services.category.labels.ids(settings.colours)
        elif self.model_fields_set - {"kind", "picture"}:
            raise InputError("more than a picture to segment", "request", "Give the picture only.")
        return used


@router.post("/api/jobs", status_code=202)
async def submit(request: Request, services: CurrentServices) -> Response:
    """Accept a job: 202, or 200 where this key was accepted before."""
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise InputError("no usable Idempotency-Key", "header", "Send a fresh UUID with each job.")
    wanted = uploads.json_body(await request.body(), JobRequest)
    job, is_new = await services.threads.writing(_submit, key, wanted, services)
    services.supervisor.wake()
    return JSONResponse({"job": job.id}, 202 if is_new else 200)


@router.get("/api/jobs/{identity}")
async def status(identity: str, services: CurrentServices) -> dict[str, Any]:
    """How a job is doing."""
    return _content(identity, services)


@router.delete("/api/jobs/{identity}")
async def cancel(identity: str, services: CurrentServices) -> dict[str, Any]:
    """Cancel a job; one that has ended stays as it is."""
    return await services.threads.writing(_cancel, identity, services)


@router.get("/api/jobs/{identity}/events")
async def events(identity: str, services: CurrentServices) -> Response:
    """Server-sent events until the job has ended."""
    services.job(identity)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(identity, services), media_type="text/event-stream", headers=headers
    )


async def _events(identity: str, services: Services) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async with aclosing(
        services.events.subscribe(identity, services.limits.heartbeat_seconds)
    ) as heard:
        await anext(heard)  # subscribed from here on: asking for the state only now misses no event
        content = _content(identity, services)
        if content["state"] in ("done", "failed", "cancelled"):
            yield encode(content["state"], content)
            return
        job, opening = services.job(identity), services.supervisor.opening
        if content["state"] == "queued" and opening and not content["position"]:
            yield encode("progress", opening_progress(job, opening))
        elif content["state"] == "queued":
            yield encode(
                "progress",
                {
                    "job": identity,
                    "stage": "queued",
                    "done": 0,
                    "total": 1,
                    "t": None,
                    "previews": [],
                    "position": content["position"],
                },
            )
        async for message in heard:
            yield message or b": still here\n\n"


def _submit(key: str, wanted: JobRequest, services: Services) -> tuple[Job, bool]:
    uses = wanted.check(services)
    services.files.provenance.touch(wanted.picture)
    return services.jobs.submit(key, wanted.kind, wanted.model_dump(exclude={"kind"}), uses)


def _content(identity: str, services: Services) -> dict[str, Any]:
    job = services.job(identity)
    return job.content(services.jobs.ahead(job), services.events.progress(job.id))


def _cancel(identity: str, services: Services) -> dict[str, Any]:
    before = services.job(identity)
    job = services.jobs.cancel(identity)
    if job is None:
        raise not_found("job")
    if not before.is_final:
        services.supervisor.cancel(job)
        services.events.publish(job.id, job.state, job.content())
    return job.content()
