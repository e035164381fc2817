"""Colours where Pillow decodes them: it takes four bytes a pixel, which are moved together in place
instead of copied."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

from pixelguide.picture_rows import bands

_FORMATS = ("JPEG", "MPO", "BMP", "TIFF")
"""Whose decoders fill the memory they find. The others bring their own."""
_MODES = {"RGB": "RGBX", "RGBA": "RGBA"}
"""What Pillow calls four bytes a pixel of its modes."""


class PillowMemory:
    """Memory of ours that Pillow decodes a picture into, and that holds its pixels in the end."""

    def __init__(self, image: ImageFile.ImageFile) -> None:
        """Lend it to an opened picture (`fits`) that is not decoded yet."""
        self._height, self._width = image.height, image.width
        self._channels = len(image.getbands())
        self._bytes = np.empty(4 * image.height * image.width, np.uint8)
        mode = _MODES[image.mode]
        self._core = Image.frombuffer(mode, image.size, self._bytes, "raw", mode, 0, 1).im
        image.im = self._core

    @staticmethod
    def fits(image: ImageFile.ImageFile) -> bool:
        """Whether a picture's colours are decoded so. A TIFF that is turned is not: Pillow makes
        another one, upright."""
        tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
        turned = tags.get(ExifTags.Base.Orientation, 1) != 1
        return image.mode in _MODES and image.format in _FORMATS and not turned

    def pixels(
        self,
        image: Image.Image,
        channels: int | None,
        convert: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None,
    ) -> NDArray[np.uint8]:
        """The picture's pixels, uint8 H×W×C, once it is decoded; it loses its own.

        convert: what makes so many channels of a band (uint8 h×W×C); None: it has them.
        """
        if image.im is not self._core:
            raise RuntimeError("Pillow decoded it into memory of its own")
        channels = channels or self._channels
        self._pack(channels, convert)
        del self._core
        image.im = Image.new(image.mode, (1, 1)).im
        self._bytes.resize(channels * self._height * self._width, refcheck=False)  # the rest back
        return self._bytes.reshape(self._height, self._width, channels)

    def _pack(
        self, channels: int, convert: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None
    ) -> None:
        shape = self._height, self._width
        if convert is None and channels == 4:
            return
        wide = self._bytes.reshape(*shape, 4)
        packed = self._bytes[: channels * wide[..., 0].size].reshape(*shape, channels)
        for rows in bands(shape):
            band = wide[rows, :, : self._channels]
            # NumPy sees where they overlap, and copies first
            packed[rows] = band if convert is None else convert(np.ascontiguousarray(band))
