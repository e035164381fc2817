"""Writing photographs: PNG, JPEG, WebP, TIFF, with what the original carried."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.phone_formats import KINDS
from pixelguide.photo.photograph import (
    ORIENTATION,
    UPRIGHT,
    FileFormat,
    Photograph,
    Pixels,
    turned_back,
)
from pixelguide.photo.png_file import Chunk, PngEncoder
from pixelguide.photo.tiff_file import encode_tiff

OutputFormat = Literal["png", "same", "jpeg", "webp", "tiff"]
SUFFIX: dict[FileFormat, str] = {
    "PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp",
}  # fmt: skip
_JPEG_QUALITY = 95


class PhotographWriter:
    """Encodes variants of a photograph that differ from it in a rectangle.

    output: "png" (the default), "jpeg", "webp" (lossless), "tiff", or "same" for the original's
    own. Files are upright and say so, but for a JPEG made from a JPEG: it keeps the stored layout
    and its EXIF orientation, so that the blocks lie where they were, and the original's
    quantization tables and subsampling, so that unchanged blocks come out nearly unchanged. texts:
    what else a PNG says, by keyword (iTXt).

    Raises InputError for formats that cannot hold the picture: alpha in JPEG, 16 bits in JPEG,
    WebP or BMP.
    """

    def __init__(
        self,
        photograph: Photograph,
        output: OutputFormat = "png",
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self.photograph, self._texts = photograph, texts or {}
        kind: FileFormat = photograph.format if output == "same" else output.upper()  # type: ignore[assignment]
        self.format: FileFormat = kind
        if kind in KINDS:
            raise InputError(f"{kind} is read, not written", "format", "Take png, jpeg or tiff.")
        if kind not in SUFFIX:
            raise InputError(f"format '{output}'", hint="Use png, same, jpeg, webp or tiff.")
        if kind == "JPEG" and photograph.has_alpha:
            raise InputError("JPEG has no transparency", "format", "Take png, webp or tiff.")
        if kind not in ("PNG", "TIFF") and photograph.pixels.dtype == np.uint16:
            raise InputError(f"{kind} has no 16 bits", "format", "Take png or tiff.")
        if kind == "WEBP" and max(photograph.size) > 16383:
            raise InputError("WebP ends at 16383 pixels", "format", "Take png or tiff.")
        self._png: PngEncoder | None = None

    @property
    def lossless(self) -> bool:
        """Whether the files hold every pixel as it is."""
        return self.format != "JPEG"

    @property
    def suffix(self) -> str:
        """Of the files' names."""
        return SUFFIX[self.format]

    def encode(self, patch: Pixels | None = None, left: int = 0, top: int = 0) -> list[bytes]:
        """The file in pieces: the photograph with `patch` (h×w×C) from (left, top) on."""
        if self.format == "PNG":
            self._png = self._png or PngEncoder(self.photograph.pixels, self._chunks())
            return self._png.encode(patch, left, top)
        pixels = self.photograph.pixels
        if patch is not None:
            pixels = pixels.copy()
            pixels[top : top + len(patch), left : left + patch.shape[1]] = patch
        if self.format == "TIFF":
            return encode_tiff(pixels, self.photograph.icc, self._exif(UPRIGHT))
        return [self._by_pillow(pixels)]

    def _by_pillow(self, pixels: Pixels) -> bytes:
        original, orientation = self.photograph, UPRIGHT
        options: dict[str, object] = {}
        if self.format == "JPEG":
            options = {"quality": _JPEG_QUALITY, "subsampling": 0}
            if original.jpeg:
                orientation = original.orientation
                options = {"qtables": original.jpeg.tables}
                if original.jpeg.subsampling >= 0:
                    options["subsampling"] = original.jpeg.subsampling
        elif self.format == "WEBP":
            options = {"lossless": True, "exact": True, "quality": 0, "method": 0}
        if original.icc:
            options["icc_profile"] = original.icc
        exif = self._exif(orientation)
        if exif is not None and self.format != "BMP":
            options["exif"] = exif.tobytes()
        stored = turned_back(pixels, orientation)
        if self.format == "WEBP" and stored.shape[2] < 3:  # WebP knows colours only
            stored = stored[..., [0, 0, 0, 1] if stored.shape[2] == 2 else [0, 0, 0]]
        stored = stored[..., 0] if stored.shape[2] == 1 else stored
        buffer = io.BytesIO()
        Image.fromarray(stored).save(buffer, self.format, **options)
        return buffer.getvalue()

    def _exif(self, orientation: int) -> Image.Exif | None:
        """The EXIF block with this orientation; none where the original had none to say."""
        if self.photograph.exif is None and orientation == UPRIGHT:
            return None
        exif = Image.Exif()
        exif.load(self.photograph.exif or b"")
        exif[ORIENTATION] = orientation
        return exif

    def _chunks(self) -> list[Chunk]:
        chunks = []
        if self.photograph.icc:
            named = b"ICC Profile\0\0" + zlib.compress(self.photograph.icc)
            chunks.append((b"iCCP", named))
        if (exif := self._exif(UPRIGHT)) is not None:
            chunks.append((b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
        for keyword, text in self._texts.items():
            chunks.append((b"iTXt", keyword.encode("latin-1") + bytes(5) + text.encode()))
        return chunks
