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

Fault = dict[str, str]
"""{"code", "message", "hint"}"""

_CODES = {InputError: "bad_input", SafetyError: "refused", ResourceError: "out_of_resource"}


def fault(code: str, message: str, hint: str = "") -> Fault:
    """The content of an error."""
    return {"code": code, "message": message, "hint": hint}


def described(error: PixelguideError) -> Fault:
    """An error of ours, without the folders of this machine, and naming no upload twice."""
    where = PurePath(error.where).name if PurePath(error.where).is_absolute() else error.where
    message = error.what if where in error.what else f"{where}: {error.what}"
    return fault(_CODES.get(type(error), "failed"), message, error.hint)


def of_a_job(error: BaseException) -> Fault | None:
    """What a job fails with for `error`; None for an error nobody expected."""
    if isinstance(error, PixelguideError):
        return described(error)
    if is_out_of_memory(error):
        return fault("out_of_memory", "out of memory", "Ask for fewer candidates.")
    return None
