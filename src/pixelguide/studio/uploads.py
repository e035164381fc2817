"""What clients send, decoded and checked at the border."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pixelguide.errors import InputError
from pixelguide.label_files import LabelFile
from pixelguide.labels import LabelMap, LabelSet

M = TypeVar("M", bound=BaseModel)


def json_body(body: bytes, model: type[M], where: str = "request") -> M:
    """JSON from outside as `model`. Raises InputError naming `where` and the first bad field."""
    try:
        content = json.loads(body, parse_constant=_refuse)
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8
    except (ValueError, RecursionError):
        raise InputError("not valid JSON", where, "Send JSON in UTF-8.") from None
    try:
        return model.model_validate(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])[:80] or "content"
        raise InputError(f"{place}: {first['msg'].lower()}", where) from None


def label_map(body: bytes, labels: LabelSet, size: int) -> LabelMap:
    """An uploaded map, PNG or OpenRaster. Raises InputError for another size, and naming illegal
    ids and colours."""
    file = LabelFile.decode(body, "label map")
    if file.image.size != (size, size):
        width, height = file.image.size
        raise InputError(
            f"{width}×{height} pixels", "label map", f"It must have {size}×{size}, as the picture."
        )
    return LabelMap.from_file(file, labels)


def share(text: str) -> float:
    """A strength out of a query. Raises InputError unless it is 0 … 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"strength {text[:40]!r}", "query", "Give a number from 0 to 1.")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)
