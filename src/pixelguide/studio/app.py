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

from pixelguide.studio.access import Gate, GateKeeper
from pixelguide.studio.http_errors import answer
from pixelguide.studio.request_body import Bodies
from pixelguide.studio.routes import jobs, pages, pictures, projects, results
from pixelguide.studio.services import Office

WEB = Path(__file__).parent / "web"


def create_app(office: Office, gate: Gate, web: Path = WEB) -> FastAPI:
    """The application of an open office. web: folder of the page."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        office.hub.attach(asyncio.get_running_loop())
        yield

    app = FastAPI(
        lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.office, app.state.web = office, web
    for routes in (pages, pictures, jobs, results, projects):
        app.include_router(routes.router)
    app.mount("/web", StaticFiles(directory=web, check_dir=False), name="web")
    app.add_exception_handler(HTTPException, _answered)
    # the last is the outermost
    app.add_middleware(Errors)
    app.add_middleware(Bodies, limits=office.limits)
    app.add_middleware(GateKeeper, gate=gate)
    return app


class Errors:
    """Pure ASGI middleware around the routes: every exception becomes an answer of our shape."""

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
            await answer(error)(scope, receive, send)


async def _answered(request: Request, error: Exception) -> Response:
    return answer(error)
