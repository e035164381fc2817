"""Errors as the content of an answer or of a failed job."""

from __future__ import annotations

from pathlib import PurePath

from pixelguide.errors import (
    InputError,
    PixelguideError,
    ResourceError,
    SafetyError,
    is_out_of_memory,
)

ErrorContent = dict[str, str]
"""{"code", "message", "hint"}"""

_CODES = {InputError: "bad_input", SafetyError: "refused", ResourceError: "out_of_resource"}


def error_content(code: str, message: str, hint: str = "") -> ErrorContent:
    """The content of an error."""
    return {"code": code, "message": message, "hint": hint}


def content_of(error: PixelguideError) -> ErrorContent:
    """An error of ours, without the folders of this machine, and naming no upload twice."""
    where = PurePath(error.where).name if PurePath(error.where).is_absolute() else error.where
    message = error.what if where in error.what else f"{where}: {error.what}"
    return error_content(_CODES.get(type(error), "failed"), message, error.hint)


def job_error(error: BaseException) -> ErrorContent | None:
    """What a job fails with for `error`; None for an error nobody expected."""
    if isinstance(error, PixelguideError):
        return content_of(error)
    if is_out_of_memory(error):
        return error_content("out_of_memory", "out of memory", "Ask for fewer candidates.")
    return None
