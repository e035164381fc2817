"""Every error the server answers with: one shape, one place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pixelguide.errors import InputError, PixelguideError, ResourceError, SafetyError
from pixelguide.studio.error_content import described, fault

_log = logging.getLogger(__name__)
_STATUS = {InputError: 400, SafetyError: 400, ResourceError: 507}


@dataclass
class Refusal(Exception):  # noqa: N818 - an answer
    """An answer other than success: HTTP status and {"code", "message", "hint"}."""

    status: int
    code: str
    message: str
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        """The answer itself."""
        content = fault(self.code, self.message, self.hint)
        return JSONResponse(content, self.status, dict(self.headers))


def not_found(what: str = "page") -> Refusal:
    """For ids that are unknown, malformed, or of something else: nobody learns which."""
    return Refusal(404, "not_found", f"no such {what}")


def busy(what: str, seconds: int) -> Refusal:
    """For what would be accepted later."""
    headers = {"Retry-After": str(seconds)}
    return Refusal(503, "busy", what, f"Try again in {seconds} seconds.", headers)


def answer(error: Exception) -> JSONResponse:
    """The answer to any exception; what nobody expected is logged and not shown."""
    if isinstance(error, Refusal):
        return error.response()
    if isinstance(error, PixelguideError):
        return JSONResponse(described(error), _STATUS.get(type(error), 500))
    if isinstance(error, HTTPException):
        return _of_http(error).response()
    if isinstance(error, MemoryError):
        return busy("out of memory", 10).response()
    _log.error("unexpected error", exc_info=error)
    return Refusal(500, "internal", "the server made an error", "Its log says more.").response()


def _of_http(error: HTTPException) -> Refusal:
    """The framework's own refusals (unknown page, wrong method) in our shape."""
    if error.status_code == 404:
        return not_found()
    code = "wrong_method" if error.status_code == 405 else "bad_input"
    message = str(error.detail).lower()
    return Refusal(error.status_code, code, message, "", dict(error.headers or {}))
