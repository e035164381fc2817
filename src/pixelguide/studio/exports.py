"""Results as files for other programs: PNG with metadata."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

METADATA = "pixelguide"
"""Keyword of the PNG text that says how a picture was made."""


def png_with_metadata(pixels: NDArray[np.uint8], how: dict[str, Any]) -> bytes:
    """uint8 H×W×3 as a PNG with an iTXt chunk `METADATA` of JSON."""
    info = PngInfo()
    info.add_itxt(METADATA, json.dumps(how, ensure_ascii=False))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
