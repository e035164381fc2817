"""JSON from outside: limited in size, checked field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from pixelguide.errors import InputError, ResourceError

MAX_BYTES = 256 * 2**20

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
"""In pixels; a little outside the picture is usual, a million is a mistake."""

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model], hint: str = "") -> Model:
    """The content of a JSON file. Raises InputError naming the file and the first wrong field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ResourceError("JSON larger than 256 MiB", path.name, "Split it.")
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise invalid(error, path.name, hint) from None
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", str(path), "Check the path.") from None


def invalid(error: ValidationError, where: str, hint: str = "") -> InputError:
    """Our error for the first thing pydantic found, in one line."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = " ".join(str(first["msg"]).split())[:200]
    return InputError(f"{place}: {message}" if place else message, where, hint)
