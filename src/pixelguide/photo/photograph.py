"""Photographs of any size, with what a file carries beside its pixels."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin

from pixelguide.errors import InputError
from pixelguide.images import DAMAGE, Prepare, converted, is_deep, open_image
from pixelguide.picture_rows import ImageRows, as_stored, bands, upright_shape

Pixels = NDArray[np.unsignedinteger[Any]]
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
        reader = _Reader()
        image = open_image(path, prepare=reader.prepare)
        where = Path(path).name
        if not reader.deep:
            return cls.of_image(image, where)
        if "transparency" in image.info:
            raise InputError("16-bit pixels with a transparent colour", where, "Save it as RGBA.")
        pixels = reader.deep_pixels(image, lambda again: open_image(path, prepare=again), where)
        return cls._of(image, lambda orientation: turned(pixels, orientation))

    @classmethod
    def of_image(cls, image: Image.Image, where: str = "image") -> Photograph:
        """A decoded picture of 8 bits. Raises InputError naming `where` for another pixel type."""
        wanted = image.mode
        if image.mode == "1":
            wanted = "L"
        elif image.mode in ("P", "PA") or "transparency" in image.info:
            clear = image.mode == "PA" or "transparency" in image.info
            wanted = ("LA" if clear else "L") if image.mode == "L" else "RGBA" if clear else "RGB"
        # one pixel tells what conversion leaves of the rest of the file
        one = image.crop((0, 0, 1, 1))
        told = image if wanted == image.mode else _like(converted(one, wanted, where), image)
        if wanted not in ("L", "LA", "RGB", "RGBA", "I;16", "I;16L", "I;16B"):
            raise InputError(
                f"pixels of type {wanted}", where, "Convert the picture to RGB or grey first."
            )
        rows = ImageRows(image, lambda band: converted(band, wanted, where))
        return cls._of(told, _array(rows, wanted))

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
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def turned_back(pixels: Pixels, orientation: int) -> Pixels:
    """Upright pixels (H×W×…) as a file of EXIF's `orientation` stores them."""
    return turned(pixels, {6: 8, 8: 6}.get(orientation, orientation))


class _Reader:
    """Reads 16-bit colours with Pillow, which keeps one byte of each value: by reading twice.

    Told that a value's other byte comes first, Pillow keeps that one.
    """

    def __init__(self) -> None:
        self.deep, self._pairs = False, False

    def prepare(self, image: ImageFile.ImageFile, where: str) -> None:
        """Note what kind of pixels it has; four bytes of grey and alpha are read as they are."""
        one_channel = image.mode.startswith("I;16")
        if one_channel and any(";12" in str(tile.args) for tile in image.tile):
            raise InputError("12-bit pixels", where, "Save it with 16 bits.")
        self.deep = is_deep(image) and not one_channel
        if not self.deep:
            return
        if image.mode not in ("RGB", "RGBA") or not all(_other_bytes(t.args) for t in image.tile):
            if [tile.args for tile in image.tile] != ["LA;16B"]:
                raise InputError("16-bit pixels of this kind", where, "Save it as RGB or grey.")
            image._mode = "RGBA"
            image.tile = [tile._replace(args="RGBA") for tile in image.tile]
            self._pairs = True

    def deep_pixels(
        self, image: Image.Image, reopen: Callable[[Prepare], Image.Image], where: str
    ) -> NDArray[np.uint16]:
        """All bits of `image`, which was read with `prepare`: uint16 H×W×C."""
        if self._pairs:
            return _array(ImageRows(image), image.mode)(UPRIGHT).view(">u2").astype(np.uint16)
        pixels = _array(ImageRows(image), image.mode, np.uint16)(UPRIGHT)
        pixels <<= 8
        low = reopen(_swap)
        if (low.height, low.width, len(low.getbands())) != pixels.shape:
            raise InputError("changed while it was read", where, "Try again.")
        rows = ImageRows(low)
        for band in bands(rows.shape):
            pixels[band] |= rows[band]
        return pixels


def _swap(image: ImageFile.ImageFile, where: str) -> None:
    image.tile = [tile._replace(args=_other_bytes(tile.args)) for tile in image.tile]


def _other_bytes(args: Any) -> Any:
    """Arguments of a decoder for the other byte of each 16-bit colour; None if it has no such."""
    if isinstance(args, tuple):
        first = _other_bytes(args[0])
        return first and (first, *args[1:])
    if not isinstance(args, str) or not re.fullmatch(r"RGBA?;16[BLN]", args):
        return None
    native = "L" if sys.byteorder == "little" else "B"
    order = args[-1].replace("N", native)
    return args[:-1] + ("L" if order == "B" else "B")


def _array(
    rows: ImageRows, mode: str, kind: type[np.unsignedinteger[Any]] | None = None
) -> Callable[[int], Pixels]:
    """What reads the pixels of a decoded picture, H×W×C, upright if told its orientation; in parts,
    for Pillow would copy them twice."""
    deep = mode.startswith("I;16")

    def read(orientation: int) -> Pixels:
        shape = *upright_shape(rows.image, orientation), Image.getmodebands(mode)
        pixels = np.empty(shape, kind or (np.uint16 if deep else np.uint8))
        stored = as_stored(pixels, orientation)
        for band in bands(rows.shape):
            part = rows[band]
            stored[band] = part.reshape(*part.shape[:2], -1)
        return pixels

    return read


def _like(image: Image.Image, model: Image.Image) -> Image.Image:
    """`image` with the file format of `model`, which Pillow forgets when it converts."""
    image.format = model.format
    image.info.pop("transparency", None)
    return image


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
