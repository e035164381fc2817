"""Results as files for other programs: PNG with metadata, OpenRaster."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pixelguide.labels import LabelMap
from pixelguide.studio.items import picture_png

METADATA = "pixelguide"
"""Keyword of the PNG text that says how a picture was made."""
_THUMBNAIL = 256


def png_with_metadata(pixels: NDArray[np.uint8], how: dict[str, Any]) -> bytes:
    """uint8 H×W×3 as a PNG with an iTXt chunk `METADATA` of JSON."""
    info = PngInfo()
    info.add_itxt(METADATA, json.dumps(how, ensure_ascii=False))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def open_raster(
    original: NDArray[np.uint8],
    edited: NDArray[np.uint8],
    target: LabelMap,
    roi: NDArray[np.bool_],
) -> bytes:
    """An OpenRaster file (version 0.0.3 of the specification): map and ROI, both hidden, above
    the edited picture above the original. original, edited: uint8 H×W×3; roi: bool H×W."""
    mask = np.zeros((*roi.shape, 4), np.uint8)
    mask[roi] = 255
    layers = [
        ("Region that may change", "roi", mask, 0.5, False),
        ("Label map", "map", target.colour(), 0.5, False),
        ("Edited", "edited", edited, 1.0, True),
        ("Original", "original", original, 1.0, True),
    ]
    height, width = roi.shape
    image = ElementTree.Element("image", version="0.0.3", w=str(width), h=str(height))
    stack = ElementTree.SubElement(image, "stack")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # the first, so that the type can be read at a fixed place
        archive.writestr(_entry("mimetype"), b"image/openraster")
        for title, name, pixels, opacity, visible in layers:
            source = f"data/{name}.png"
            rgba = np.asarray(Image.fromarray(pixels).convert("RGBA"))
            archive.writestr(_entry(source), picture_png(rgba))
            ElementTree.SubElement(
                stack,
                "layer",
                {"name": title, "src": source, "x": "0", "y": "0", "opacity": str(opacity)},
                visibility="visible" if visible else "hidden",
            )
        text = ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
        archive.writestr(_entry("stack.xml"), text)
        rgba = np.asarray(Image.fromarray(edited).convert("RGBA"))
        archive.writestr(_entry("mergedimage.png"), picture_png(rgba))
        small = Image.fromarray(rgba)
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        archive.writestr(_entry("Thumbnails/thumbnail.png"), picture_png(np.asarray(small)))
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """A member, not compressed (PNGs are) and without the hour it was made: the same result gives
    the same bytes."""
    return zipfile.ZipInfo(name)
