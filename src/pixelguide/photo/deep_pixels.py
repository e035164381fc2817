"""16-bit colours, all bits of them, and pixels of decoded pictures."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pixelguide.errors import InputError
from pixelguide.images import Prepare, is_deep
from pixelguide.picture_rows import ImageRows, as_stored, bands, upright_shape
from pixelguide.png_rows import Values


class DeepReader:
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

    def pixels(
        self,
        image: Image.Image,
        orientation: int,
        read: Callable[[Prepare], Image.Image],
        where: str,
    ) -> NDArray[np.uint16]:
        """All bits of `image`, which was read with `prepare` and is used up: uint16 H×W×C, upright
        if told the orientation. read: reads the file again."""
        if self._pairs:
            found = array_of(ImageRows(image), image.mode)(orientation)
            return found.view(">u2").astype(np.uint16)
        pixels: NDArray[np.uint16]
        pixels = array_of(ImageRows(image), image.mode, np.uint16)(orientation)
        pixels <<= 8
        size, bands_of_it = image.size, image.getbands()
        image.im = Image.new(image.mode, (1, 1)).im
        low = read(_swap)
        if (low.size, low.getbands()) != (size, bands_of_it):
            raise InputError("changed while it was read", where, "Try again.")
        rows, stored = ImageRows(low), as_stored(pixels, orientation)
        for band in bands(rows.shape):
            stored[band] |= rows[band]
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


def array_of(
    rows: ImageRows, mode: str, kind: type[np.unsignedinteger[Any]] | None = None
) -> Callable[[int], Values]:
    """What reads the pixels of a decoded picture, H×W×C, upright if told its orientation; in parts,
    for Pillow would copy them twice."""
    deep = mode.startswith("I;16")

    def read(orientation: int) -> Values:
        shape = *upright_shape(rows.image, orientation), Image.getmodebands(mode)
        pixels = np.empty(shape, kind or (np.uint16 if deep else np.uint8))
        stored = as_stored(pixels, orientation)
        for band in bands(rows.shape):
            part = rows[band]
            stored[band] = part.reshape(*part.shape[:2], -1)
        return pixels

    return read
