"""The page itself, what it has to know first, and the built-in portraits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from pixelguide.portraits import LABELS, portrait_at, render
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.services import CurrentServices, Services
from pixelguide.studio.stored_files import picture_png

router = APIRouter()
PORTRAITS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 10, 11)
"""Portraits of `_SEED`. The tenth wears glasses as number 9 does, of which the model warns."""
_SEED = 1000
"""Held out from the training of portraits-64, see `pixelguide.evaluate.portrait_edits`."""


@router.get("/")
async def index(request: Request) -> Response:
    """The page."""
    path = request.app.state.web / "index.html"
    if not path.is_file():
        raise not_found()
    return FileResponse(path, headers={"Cache-Control": "no-cache"})


@router.get("/api/category")
async def category(services: CurrentServices) -> dict[str, Any]:
    """Model, size, labels, defaults and starters."""
    return services.category.content()


@router.get("/api/health")
async def health(services: CurrentServices) -> dict[str, Any]:
    """The worker's state and the number of jobs that wait."""
    return {
        "state": services.supervisor.state,
        "queue": services.jobs.waiting(),
    }


@router.get("/api/portraits")
async def portraits(services: CurrentServices) -> dict[str, Any]:
    """Pictures to begin with: drawn portraits for the model of those, for others what their prior
    made, if its folder shows it."""
    return {
        "portraits": [
            {"index": k, "url": f"/api/portraits/{k}.png"} for k in range(portrait_count(services))
        ]
    }


@router.get("/api/portraits/{index}.png")
async def portrait(index: str, services: CurrentServices) -> Response:
    """One built-in portrait."""
    known = {str(k): k for k in range(portrait_count(services))}
    if index not in known:
        raise not_found("portrait")
    content = await services.threads.short(portrait_of, services, known[index])
    return Response(content, media_type="image/png")


def portrait_count(services: Services) -> int:
    """How many pictures there are to begin with."""
    if services.category.labels.names == LABELS.names:
        return len(PORTRAITS)
    return len(services.category.samples)


def portrait_of(services: Services, index: int) -> bytes:
    """One of them as a PNG: a drawn portrait for the model of those, else what the prior made."""
    category = services.category
    if category.labels.names == LABELS.names:
        return portrait_png(index, category.size)
    return category.samples[index]


@lru_cache(maxsize=2 * len(PORTRAITS))
def portrait_png(index: int, size: int) -> bytes:
    """A built-in portrait as a PNG."""
    return picture_png(render(portrait_at(_SEED, PORTRAITS[index]), size).image)
