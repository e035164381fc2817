"""Photographs of any size, with what a file carries beside its pixels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin

from pixelguide.damage import DAMAGE
from pixelguide.errors import InputError
from pixelguide.images import (
    Prepare,
    announced_orientation,
    band_of,
    converted,
    decode_image,
    is_deep,
    open_image,
    refuse_deep,
)
from pixelguide.large_pictures import LargePixels, Wanted
from pixelguide.photo.deep_pixels import DeepReader, array_of
from pixelguide.picture_rows import ImageRows, as_upright
from pixelguide.png_rows import Values

Pixels = Values
"""uint8 or uint16."""
FileFormat = Literal["PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "HEIF", "JXL"]

ORIENTATION = 0x0112
UPRIGHT = 1
_KEPT_OF_TIFF = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825)
"""Description, make, model, software, date, artist, copyright, EXIF and GPS; the rest of a TIFF's
tags says where its pixels lie."""


@dataclass(frozen=True)
class Jpeg:
    """How a JPEG was compressed: quantization tables, chroma subsampling (as Pillow numbers it)."""

    tables: dict[int, list[int]]
    subsampling: int


@dataclass(frozen=True)
class Photograph:
    """A picture of any size.

    pixels: uint8 or uint16 H×W×C, upright; C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. format: of
    the file it came from. icc: its colour profile. exif: its EXIF block, without the orientation,
    and without the preview, which would show the picture before the edit. orientation: EXIF's
    number, 1 … 8, for how the file stored the pixels. jpeg: how a JPEG was compressed.
    """

    pixels: Pixels
    format: FileFormat = "PNG"
    icc: bytes | None = None
    exif: bytes | None = None
    orientation: int = UPRIGHT
    jpeg: Jpeg | None = None

    def __repr__(self) -> str:
        width, height = self.size
        bits = 8 * self.pixels.itemsize
        return f"Photograph({width}×{height}×{self.pixels.shape[2]}, {bits} bits, {self.format})"

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or not 1 <= shape[2] <= 4 or kind not in (np.uint8, np.uint16):
            raise InputError(
                f"array of shape {shape} and type {kind}",
                "image",
                "Give uint8 or uint16 of shape H×W×C with C = 1, 2, 3 or 4.",
            )

    @classmethod
    def open(cls, path: str | Path) -> Photograph:
        """Read a picture of one of `FORMATS`: 8 bits, or 16 (PNG, TIFF); grey or RGB, alpha or not.

        Palettes become RGB(A). Raises InputError as `open_image` does, and for pixels of another
        type.
        """
        return cls._read(lambda prepare: open_image(path, prepare=prepare), Path(path).name)

    @classmethod
    def decode(cls, file: BinaryIO, where: str) -> Photograph:
        """`open` for an open file of 8 bits, which may lie in memory; errors name it by `where`."""

        def read(prepare: Prepare) -> Image.Image:
            def refuse(image: ImageFile.ImageFile, where: str) -> None:
                refuse_deep(image, where)
                prepare(image, where)

            return decode_image(file, where, prepare=refuse)

        return cls._read(read, where)

    @classmethod
    def _read(cls, read: Callable[[Prepare], Image.Image], where: str) -> Photograph:
        deep, large = DeepReader(), LargePixels()

        def prepare(image: ImageFile.ImageFile, where: str) -> None:
            orientation, wanted = announced_orientation(image), _wanted(image, where)
            if not large.prepare(image, wanted, orientation, is_deep(image)):
                deep.prepare(image, where)

        image = read(prepare)
        if large.taken:
            told = _told(image, "RGBA" if "transparency" in image.info else image.mode, where)
            return cls._of(told, lambda orientation: large.pixels(image, orientation, where))
        if not deep.deep:
            return cls.of_image(image, where)
        if "transparency" in image.info:
            raise InputError("16-bit pixels with a transparent colour", where, "Save it as RGBA.")
        return cls._of(image, lambda orientation: deep.pixels(image, orientation, read, where))

    @classmethod
    def of_image(cls, image: Image.Image, where: str = "image") -> Photograph:
        """A decoded picture of 8 bits. Raises InputError naming `where` for another pixel type."""
        wanted = image.mode
        if image.mode == "1":
            wanted = "L"
        elif image.mode in ("P", "PA") or "transparency" in image.info:
            clear = image.mode == "PA" or "transparency" in image.info
            wanted = ("LA" if clear else "L") if image.mode == "L" else "RGBA" if clear else "RGB"
        told = _told(image, wanted, where)
        if wanted not in ("L", "LA", "RGB", "RGBA", "I;16", "I;16L", "I;16B"):
            raise InputError(
                f"pixels of type {wanted}", where, "Convert the picture to RGB or grey first."
            )
        rows = ImageRows(image, lambda band: converted(band, wanted, where))
        return cls._of(told, array_of(rows, wanted))

    @classmethod
    def _of(cls, image: Image.Image, read: Callable[[int], Pixels]) -> Photograph:
        """read: gives the pixels, upright if told the orientation."""
        exif, orientation = _exif(image)
        kind: FileFormat = "JPEG" if image.format == "MPO" else image.format or "PNG"  # type: ignore[assignment]
        return cls(
            read(orientation), kind, image.info.get("icc_profile"), exif, orientation,
            _compression(image),
        )  # fmt: skip

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel says how opaque a pixel is."""
        return self.pixels.shape[2] in (2, 4)

    def rgb(self, rows: slice = slice(None), columns: slice = slice(None)) -> NDArray[np.uint8]:
        """A part of the picture as the model sees it: uint8 h×w×3, transparency over white."""
        part = self.pixels[rows, columns]
        values = to_eight_bits(part)
        if self.has_alpha:
            alpha = values[..., -1:].astype(np.uint16)
            over = values[..., :-1] * alpha + 255 * (255 - alpha)
            values = ((over + 127) // 255).astype(np.uint8)
        return np.broadcast_to(values, (*values.shape[:2], 3))


def to_eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    """uint16 [0, 65535] as uint8 [0, 255], rounded; uint8 as it is."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels (H×W×…) stored in EXIF's `orientation`, 1 … 8, as they are to be seen."""
    return np.ascontiguousarray(as_upright(pixels, orientation))


def turned_back(pixels: Pixels, orientation: int) -> Pixels:
    """Upright pixels (H×W×…) as a file of EXIF's `orientation` stores them."""
    return turned(pixels, {6: 8, 8: 6}.get(orientation, orientation))


def _wanted(image: ImageFile.ImageFile, where: str) -> Wanted:
    """What is kept of a large picture: its values; a transparent colour becomes alpha."""
    transparency = image.info.get("transparency")
    if transparency is None or is_deep(image):
        return Wanted()
    return Wanted(4, lambda band: np.asarray(converted(band_of(band, transparency), "RGBA", where)))


def _told(image: Image.Image, wanted: str, where: str) -> Image.Image:
    """What tells all of a decoded picture but its pixels: one pixel shows what conversion to the
    mode `wanted` leaves of the rest. Its format is that of the file, which Pillow forgets."""
    if wanted == image.mode:
        return image
    told = converted(image.crop((0, 0, 1, 1)), wanted, where)
    told.format = image.format
    told.info.pop("transparency", None)
    return told


def _exif(image: Image.Image) -> tuple[bytes | None, int]:
    """The EXIF block to carry on, if there is one that can be read, and the orientation."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged block: what can be read of it is kept
            found = image.getexif()
            orientation = int(found.get(ORIENTATION, UPRIGHT))
            if image.format == "TIFF":
                for tag in set(found) - set(_KEPT_OF_TIFF):
                    del found[tag]
            found.pop(ORIENTATION, None)
            block = found.tobytes() if found else None
    except DAMAGE:
        return None, UPRIGHT
    return block, orientation if 1 <= orientation <= 8 else UPRIGHT


def _compression(image: Image.Image) -> Jpeg | None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    return Jpeg(image.quantization, JpegImagePlugin.get_sampling(image))
