"""Every error the server answers with: one shape, one place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pixelguide.errors import InputError, PixelguideError, ResourceError, SafetyError
from pixelguide.studio.error_content import content_of, error_content

_log = logging.getLogger(__name__)
_STATUS = {InputError: 400, SafetyError: 400, ResourceError: 507}


@dataclass
class HttpError(Exception):
    """An answer other than success: HTTP status and {"code", "message", "hint"}."""

    status: int
    code: str
    message: str
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        """The answer itself."""
        content = error_content(self.code, self.message, self.hint)
        return JSONResponse(content, self.status, dict(self.headers))


def not_found(what: str = "page") -> HttpError:
    """For ids that are unknown, malformed, or of something else: nobody learns which."""
    return HttpError(404, "not_found", f"no such {what}")


def busy(what: str, seconds: int) -> HttpError:
    """For what would be accepted later."""
    headers = {"Retry-After": str(seconds)}
    return HttpError(503, "busy", what, f"Try again in {seconds} seconds.", headers)


def error_response(error: Exception) -> JSONResponse:
    """The answer to any exception; what nobody expected is logged and not shown."""
    if isinstance(error, HttpError):
        return error.response()
    if isinstance(error, PixelguideError):
        return JSONResponse(content_of(error), _STATUS.get(type(error), 500))
    if isinstance(error, HTTPException):
        return _of_http(error).response()
    if isinstance(error, MemoryError):
        return busy("out of memory", 10).response()
    _log.error("unexpected error", exc_info=error)
    return HttpError(500, "internal", "the server made an error", "Its log says more.").response()


def _of_http(error: HTTPException) -> HttpError:
    """The framework's own errors (unknown page, wrong method) in our shape."""
    if error.status_code == 404:
        return not_found()
    code = "wrong_method" if error.status_code == 405 else "bad_input"
    message = str(error.detail).lower()
    return HttpError(error.status_code, code, message, "", dict(error.headers or {}))
