"""What clients send, decoded and checked at the border."""

from __future__ import annotations

import io
import json
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError
from pixelguide.images import decode_image
from pixelguide.label_files import LabelFile
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.studio.layers import part_drawn, reduced_to

M = TypeVar("M", bound=BaseModel)


def json_body(body: bytes, model: type[M], where: str = "request") -> M:
    """JSON from outside as `model`. Raises InputError naming `where` and the first bad field, and
    for what `load_json` refuses."""
    try:
        content = load_json(body)
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8
    except ValueError:
        raise InputError("not valid JSON", where, "Send JSON in UTF-8.") from None
    try:
        return model.model_validate(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])[:80] or "content"
        raise InputError(f"{place}: {first['msg'].lower()}", where) from None


def label_map(body: bytes, labels: LabelSet, size: int) -> LabelMap:
    """An uploaded map: a PNG, or the layer of an OpenRaster file, which may be as large as a
    photograph. Raises InputError for a PNG of another size, and naming illegal ids and colours."""
    file = LabelFile.decode(body, "label map")
    if file.unpainted is not None and file.image.size != (size, size):
        drawn = LabelMap.from_file(file, labels)
        return reduced_to(drawn, part_drawn(drawn), size)
    if file.image.size != (size, size):
        width, height = file.image.size
        raise InputError(
            f"{width}×{height} pixels", "label map", f"It must have {size}×{size}, as the picture."
        )
    return LabelMap.from_file(file, labels)


def mask(body: bytes, size: int) -> NDArray[np.bool_]:
    """An uploaded mask, light = chosen: bool S×S. Raises InputError for another size, and for one
    in which nothing is chosen."""
    image = decode_image(io.BytesIO(body), "region", ("PNG",))
    if image.size != (size, size):
        raise InputError(f"{image.width}×{image.height} pixels", "region", f"Give {size}×{size}.")
    chosen: NDArray[np.bool_] = np.asarray(image.convert("L")) > 127
    if not chosen.any():
        raise InputError("nothing is chosen", "region", "Take something in.")
    return chosen


def share(text: str) -> float:
    """A strength out of a query. Raises InputError unless it is 0 … 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"strength {text[:40]!r}", "query", "Give a number from 0 to 1.")
    return value
