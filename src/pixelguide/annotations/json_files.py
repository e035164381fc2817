"""JSON from outside: limited in size, checked field by field."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from pixelguide.bounded_json import check_count
from pixelguide.errors import InputError, ResourceError

MAX_BYTES = 256 * 2**20
MAX_VALUES = 8_000_000
"""Numbers, most of them: as Python's objects they take 32 bytes each, in all models less."""

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
"""In pixels; a little outside the picture is usual, a million is a mistake."""

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model], hint: str = "") -> Model:
    """The content of a JSON file. Raises InputError naming the file and the first wrong field."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ResourceError("JSON larger than 256 MiB", path.name, "Split it.")
        return parse_json(path.read_bytes(), path.name, model, hint)
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", str(path), "Check the path.") from None


def parse_json(content: bytes, where: str, model: type[Model], hint: str = "") -> Model:
    """JSON, UTF-8 with or without byte order mark, checked field by field as `read_json` does."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        content.decode()
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", where, "Save it as UTF-8.") from None
    try:
        check_count(content, MAX_VALUES)
    except ValueError as error:
        raise ResourceError(str(error), where, "Split it.") from None
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise invalid(error, where, hint) from None


def invalid(error: ValidationError, where: str, hint: str = "") -> InputError:
    """Our error for the first thing pydantic found, in one line."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = _told(first)
    return InputError(f"{place}: {message}" if place else message, where, hint)


_NUMBERS = ("int_parsing", "int_type", "int_from_float", "float_type", "float_parsing")
_KINDS = {
    "missing": "is missing",
    "string_type": "must be text",
    "list_type": "must be a list",
    "model_type": "must be an object {…}",
    "dict_type": "must be an object {…}",
    "model_attributes_type": "must be an object {…}",
    "finite_number": "must be finite",
    **dict.fromkeys(_NUMBERS, "must be a number"),
}


def _told(found: Any) -> str:
    """What is wrong, in words of ours where the kind of mistake is one that tools make."""
    kind, context = found["type"], found.get("ctx", {})
    if kind == "too_short":
        return f"{context['actual_length']} entries, at least {context['min_length']} are needed"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"must be {'at least' if 'ge' in context else 'at most'} {bound:g}"
    return _KINDS.get(kind) or " ".join(str(found["msg"]).split())[:200]
