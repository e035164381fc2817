"""The web application: its parts put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelguide.studio.access import AccessMiddleware, AccessPolicy
from pixelguide.studio.http_errors import error_response
from pixelguide.studio.models import Models
from pixelguide.studio.request_body import RequestBodyMiddleware
from pixelguide.studio.routes import (
    jobs,
    layers,
    models,
    pages,
    photographs,
    pictures,
    projects,
    results,
)
from pixelguide.studio.services import Services

WEB = Path(__file__).parent / "web"


def create_app(
    services: Services, policy: AccessPolicy, web: Path = WEB, switch: Models | None = None
) -> FastAPI:
    """The application over a Studio's services. web: folder of the page. switch: the way to other
    models, where there is one."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services.events.attach(asyncio.get_running_loop())
        yield

    app = FastAPI(
        lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.services, app.state.web, app.state.models = services, web, switch
    for routes in (pages, models, photographs, pictures, layers, jobs, results, projects):
        app.include_router(routes.router)
    app.mount("/web", StaticFiles(directory=web, check_dir=False), name="web")
    app.add_exception_handler(HTTPException, _to_response)
    # the last is the outermost
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(RequestBodyMiddleware, limits=services.limits)
    app.add_middleware(AccessMiddleware, policy=policy)
    return app


class ErrorMiddleware:
    """Pure ASGI middleware around the routes: every exception becomes {"code",
    "message", "hint"} with its status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and answer what goes wrong before an answer has begun."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await error_response(error)(scope, receive, send)


async def _to_response(request: Request, error: Exception) -> Response:
    return error_response(error)
