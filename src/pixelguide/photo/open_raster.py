"""OpenRaster files, which Krita and GIMP open: pictures as layers (specification 0.0.3)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.labels import LabelMap
from pixelguide.photo.png_file import PngEncoder

_THUMBNAIL = 256


@dataclass(frozen=True)
class Layer:
    """pixels: uint8 h×w×3 or h×w×4, from (left, top) on. opacity: 0 … 1."""

    title: str
    name: str
    pixels: NDArray[np.uint8]
    opacity: float = 1.0
    visible: bool = True
    left: int = 0
    top: int = 0


def edit_layers(
    original: NDArray[np.uint8],
    edited: NDArray[np.uint8],
    target: LabelMap,
    roi: NDArray[np.bool_],
    left: int = 0,
    top: int = 0,
) -> list[Layer]:
    """An edit as layers, from the highest to the lowest: ROI and map, both hidden, above the edited
    picture above the original (uint8 H×W×3 or H×W×4). The others, of one size, lie from (left, top)
    on. roi: bool."""
    mask = np.zeros((*roi.shape, 4), np.uint8)
    mask[roi] = 255
    return [
        Layer("Region that may change", "roi", mask, 0.5, False, left, top),
        Layer("Label map", "map", target.colour(), 0.5, False, left, top),
        Layer("Edited", "edited", edited, left=left, top=top),
        Layer("Original", "original", original),
    ]


def open_raster(layers: Sequence[Layer], merged: NDArray[np.uint8]) -> bytes:
    """The file. layers: from the highest to the lowest. merged: all of them as they are seen, uint8
    H×W×3 or H×W×4; its size is the picture's."""
    height, width = merged.shape[:2]
    image = ElementTree.Element("image", version="0.0.3", w=str(width), h=str(height))
    stack = ElementTree.SubElement(image, "stack")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # the first, so that the type can be read at a fixed place
        archive.writestr(_entry("mimetype"), b"image/openraster")
        for layer in layers:
            source = f"data/{layer.name}.png"
            archive.writestr(_entry(source), _png(layer.pixels))
            ElementTree.SubElement(
                stack,
                "layer",
                {"name": layer.title, "src": source, "x": str(layer.left), "y": str(layer.top)},
                opacity=str(layer.opacity),
                visibility="visible" if layer.visible else "hidden",
            )
        text = ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
        archive.writestr(_entry("stack.xml"), text)
        archive.writestr(_entry("mergedimage.png"), _png(merged))
        small = Image.fromarray(merged)
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        archive.writestr(_entry("Thumbnails/thumbnail.png"), _png(np.asarray(small)))
    return buffer.getvalue()


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG with an alpha channel, as the specification asks for."""
    if pixels.shape[2] == 3:
        opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        pixels = np.concatenate([pixels, opaque], axis=2)
    return b"".join(PngEncoder(pixels).encode())


def _entry(name: str) -> zipfile.ZipInfo:
    """A member, not compressed (PNGs are) and without the hour it was made: the same result gives
    the same bytes."""
    return zipfile.ZipInfo(name)
