"""Large pictures read with little more memory than their pixels take in the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from pixelguide.errors import InputError
from pixelguide.picture_rows import as_stored, bands, upright_shape
from pixelguide.pillow_memory import PillowMemory
from pixelguide.png_rows import Values, hand_out, has_rows, values_of
from pixelguide.tiff_rows import hand_out_strips, has_strips, tiff_orientation, values_in

LARGE = 8_000_000
"""Pixels from which on a second copy of them matters."""
MEMORY = 256 << 20
"""Bytes that a picture may take while it is read."""
_BANDS = 12 << 20
"""Of these, for bands and decoders."""
_DEEP_PNG = 220_000_000
"""Bytes of 16-bit values in a PNG: the slowest of its filters takes nearly 2 s of CPU for them."""
_DECODERS = {"WEBP": 12, "AVIF": 3, "HEIF": 2, "JXL": 6}
"""Bytes a pixel that what reads these formats takes beside Pillow's and ours, as measured."""
_ROWS_PER_STRIP, _STRIP_BYTES, _TILE_WIDTH, _TILE_LENGTH, _TILE_BYTES = 278, 279, 322, 323, 325
"""Tags of TIFF."""


Convert = Callable[[Any], Values]


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a picture. channels: how many; those of the file if None. convert: what
    makes them of values as they lie in the file, h×W×C; None where they are wanted as they are."""

    channels: int | None = None
    convert: Convert | None = None


class LargePixels:
    """The pixels of a large picture, without Pillow's copy: `prepare` is called before it is
    decoded, `pixels` after that."""

    def __init__(self) -> None:
        self._wanted = Wanted()
        self._memory: PillowMemory | None = None
        self._upright: NDArray[Any] | None = None
        self._stored: NDArray[Any] | None = None
        """The same as they lie in the file."""
        self._orientation, self._clear = 1, False

    def prepare(
        self, image: ImageFile.ImageFile, wanted: Wanted, orientation: int, deep: bool = False
    ) -> bool:
        """Let an opened picture be decoded so, if it is large and of a kind for which that can be
        done: whether it is.

        orientation: EXIF's number, 1 … 8, as far as it is known yet. deep: 16 bits a value.
        """
        if image.width * image.height < LARGE:
            return False
        self._wanted, self._orientation = wanted, orientation
        self._clear = "transparency" in image.info
        if has_rows(image):
            shape = upright_shape(image, orientation)
            stored = self._make(shape, values_of(image), orientation)
            hand_out(image, partial(_take, stored, wanted.convert))
        elif has_strips(image):
            shape = image.height, image.width  # upright already, of a TIFF
            stored = self._make(shape, values_in(image), tiff_orientation(image))
            self._orientation = 1
            hand_out_strips(image, partial(_take, stored, wanted.convert))
        elif PillowMemory.fits(image) and not deep:
            self._memory = PillowMemory(image)
        return self.taken

    def _make(
        self,
        upright: tuple[int, int],
        values: tuple[int, type[np.unsignedinteger[Any]]],
        orientation: int,
    ) -> NDArray[Any]:
        """Memory for the pixels, height and width `upright`, as a file of that orientation stores
        them."""
        channels, kind = values
        self._upright = np.empty((*upright, self._wanted.channels or channels), kind)
        self._stored = as_stored(self._upright, orientation)
        return self._stored

    @property
    def taken(self) -> bool:
        """Whether a picture was prepared, and has its pixels here."""
        return self._memory is not None or self._stored is not None

    def pixels(self, image: Image.Image, orientation: int, where: str) -> NDArray[Any]:
        """The upright pixels, H×W×C, of the decoded picture; to be called once, if it was taken.

        Raises InputError naming `where` if what follows the pixels changes what they mean.
        """
        wanted = self._wanted
        if self._clear != ("transparency" in image.info):
            raise InputError("a transparent colour after the pixels", where, "Save it again.")
        if self._memory is not None:
            self._stored = self._memory.pixels(image, wanted.channels, wanted.convert)
            self._memory, self._orientation, self._upright = None, 1, self._stored
        upright, self._upright = self._upright, None
        stored, self._stored = self._stored, None
        if stored is None or upright is None:
            raise RuntimeError("no picture was taken, or its pixels were")
        if orientation == self._orientation:
            return upright
        if 2 * stored.nbytes > MEMORY:
            raise InputError("turned by what follows the pixels", where, "Save it upright.")
        height, width = stored.shape[:2]
        shape = (width, height) if orientation > 4 else (height, width)
        pixels = np.empty((*shape, stored.shape[2]), stored.dtype)
        view = as_stored(pixels, orientation)
        for rows in bands(stored.shape):
            view[rows] = stored[rows]
        return pixels


def _take(stored: NDArray[Any], convert: Convert | None, rows: slice, values: Values) -> None:
    if convert is not None:
        values = convert(values)
    if values.flags.c_contiguous:
        stored[rows] = values
        return
    for channel in range(values.shape[2]):  # planes, one by one several times as fast
        stored[rows, :, channel] = values[..., channel]


def refuse_what_takes_too_much(image: ImageFile.ImageFile, deep: bool, where: str) -> None:
    """Raise InputError for an opened picture that would take more than `MEMORY`, or too long, while
    it is read.

    deep: whether it has 16 bits a value.
    """
    pixels = image.width * image.height
    if pixels < LARGE:
        return
    needed, hint = _bytes_a_pixel(image, deep)
    at_most = int((MEMORY - _BANDS) / needed)
    if deep and image.format == "PNG":
        # what is not read by bands is read twice
        values = values_of(image)[0] if has_rows(image) else 2 * len(image.getbands())
        at_most = min(at_most, _DEEP_PNG // (2 * values))
    if pixels > at_most:
        kind = f"16-bit {image.format}" if deep else image.format
        raise InputError(
            f"{image.width}×{image.height} pixels are too many for such a {kind}",
            where,
            f"The limit is {at_most // 1_000_000} megapixels; {hint}.",
        )


def _bytes_a_pixel(image: ImageFile.ImageFile, deep: bool) -> tuple[float, str]:
    """What reading takes at most, and what to do where that is too much."""
    clear = "transparency" in image.info or image.mode in ("RGBA", "PA")
    ours = 2 * len(image.getbands()) if deep else 4 if clear else 3
    own: float = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    if has_rows(image):
        channels, kind = values_of(image)
        ours = 4 if clear and channels == 3 else channels * np.dtype(kind).itemsize
        return max(ours, 3), "save it with 8 bits, or reduce it"
    if image.format == "PNG":
        return own + ours, "save it without interlacing, or reduce it"
    if isinstance(image, JpegImagePlugin.JpegImageFile) and "progressive" in image.info:
        areas = [across * down for _, across, down, _ in image.layer]
        return max(own + 2 * sum(areas) / max(areas), own + ours), (  # two bytes a coefficient
            "save it as PNG or as a JPEG that is not progressive, or reduce it"
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        piece = _strip(image) / (image.width * image.height)
        if has_strips(image):  # a copy more of what is unpacked, and of what is packed
            channels, kind = values_in(image)
            return channels * np.dtype(kind).itemsize + 2 * piece, "save it as PNG, or reduce it"
        own += piece + _mapped(image) / (image.width * image.height)
    in_place = PillowMemory.fits(image) and not deep
    own += 0 if in_place else ours + _DECODERS.get(str(image.format), 0)
    return own, "save it as PNG, or reduce it"


def _mapped(image: TiffImagePlugin.TiffImageFile) -> int:
    """Bytes of the file that libtiff, where it unpacks, has in memory."""
    if image.fp is None or (image.tile and image.tile[0].codec_name == "raw"):
        return 0
    try:
        return os.fstat(image.fp.fileno()).st_size
    except OSError:  # a file in memory, which is there already
        return 0


def _strip(image: TiffImagePlugin.TiffImageFile) -> int:
    """Bytes of the largest piece that is unpacked at once, packed and not."""
    if image.tile and image.tile[0].codec_name == "raw":
        return 0
    tags = image.tag_v2
    rows = min(int(tags.get(_ROWS_PER_STRIP, image.height)), image.height)
    area = rows * image.width
    if _TILE_WIDTH in tags:
        area = int(tags[_TILE_WIDTH]) * int(tags[_TILE_LENGTH])
    packed = max(map(int, tags.get(_TILE_BYTES) or tags.get(_STRIP_BYTES) or (0,)))
    return area * sum(tags.get(TiffImagePlugin.BITSPERSAMPLE, (8,))) // 8 + packed
