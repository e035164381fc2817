"""Files that hold a label map: PNG with all that Pillow forgets of it, or a layer of OpenRaster."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from pixelguide.errors import InputError
from pixelguide.images import Prepare, decode_image, is_deep, open_image
from pixelguide.open_raster_layers import read_layer

_COMMENT = "Comment"
_ZIP = b"PK\3\4"


@dataclass(frozen=True)
class LabelFile:
    """A label map's file, decoded but not read yet.

    bits: of a grey value in the file; Pillow scales fewer than 8 to 0 … 255. unpainted: bool H×W,
    where a layer has no pixel, so no label. texts: what the file says beside, by keyword.
    """

    image: Image.Image
    where: str
    bits: int = 8
    unpainted: NDArray[np.bool_] | None = None
    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, layer: str | None = None) -> LabelFile:
        """Open a PNG, or `layer` of an OpenRaster file (see `read_layer`). Raises InputError for
        other formats and as `open_image` does."""
        if _is_zip(path):
            return cls._of_layer(path, path.name, layer)
        _refuse_layer(path.name, layer)
        seen: list[int] = []
        try:
            image = open_image(path, ("PNG",), _looking(seen))
        except InputError:
            if path.is_file() and path.suffix.lower() in (".jpg", ".jpeg", ".webp"):
                raise InputError(
                    "JPEG and WebP change labels", path.name, "Save the map as PNG."
                ) from None
            raise
        return cls(image, path.name, seen[0], texts=_texts(image))

    @classmethod
    def decode(cls, content: bytes, where: str, layer: str | None = None) -> LabelFile:
        """`open` for a file in memory; errors name it by `where`."""
        if content.startswith(_ZIP):
            return cls._of_layer(io.BytesIO(content), where, layer)
        _refuse_layer(where, layer)
        seen: list[int] = []
        image = decode_image(io.BytesIO(content), where, ("PNG",), _looking(seen))
        return cls(image, where, seen[0], texts=_texts(image))

    @classmethod
    def _of_layer(cls, file: Path | BinaryIO, where: str, layer: str | None) -> LabelFile:
        pixels = read_layer(file, where, layer)
        unpainted = pixels[..., 3] == 0
        return cls(Image.fromarray(pixels), where, unpainted=unpainted)

    def text(self, keyword: str) -> str | None:
        """What the file says under `keyword`: in a text chunk of its own, or in its comment."""
        for name, text in self.texts.items():
            if name.lower() == keyword.lower():
                return text
        for name, text in self.texts.items():
            if name.lower() == _COMMENT.lower() and text.startswith(f"{keyword} "):
                return text.removeprefix(f"{keyword} ")
        return None


def grey_bits(image: Image.Image) -> int:
    """Bits of a grey value in an opened file. 8 once it is decoded: nothing says more then."""
    if image.mode == "1":
        return 1
    modes = [str(tile.args) for tile in getattr(image, "tile", [])]
    return next((bits for bits in (2, 4) if f"L;{bits}" in modes), 8)


def png_texts(texts: Mapping[str, str]) -> PngInfo:
    """Text chunks of a PNG. Some programs drop iTXt, some keep nothing but the comment: both are
    tEXt, and the first text is the comment too."""
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    for keyword, text in list(texts.items())[:1]:
        info.add_text(_COMMENT, f"{keyword} {text}")
    return info


def _looking(seen: list[int]) -> Prepare:
    """What `open_image` calls before pixels are read: notes their bits, and refuses 16."""

    def look(image: ImageFile.ImageFile, where: str) -> None:
        if is_deep(image):
            raise InputError(
                "label map with 16 bits a pixel", where, "Save it with 8: ids end at 255."
            )
        seen.append(grey_bits(image))

    return look


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False  # what is wrong with it is said by who opens it as a picture


def _texts(image: Image.Image) -> dict[str, str]:
    return {str(k): str(v) for k, v in image.info.items() if isinstance(v, str)}


def _refuse_layer(where: str, layer: str | None) -> None:
    if layer is not None:
        raise InputError(f"no layer '{layer}'", where, "Only OpenRaster files have layers.")
