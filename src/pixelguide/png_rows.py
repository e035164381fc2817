"""Large PNGs a band of rows at a time, so that no copy of them lies in Pillow's memory.

The first row that Pillow is given of each band is the last one of the band before: so it undoes
what the rows were filtered by.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

Values = NDArray[np.unsignedinteger[Any]]
"""uint8 or uint16 h×W×C, as they lie in the file."""
Take = Callable[[slice, Values], None]
"""Is given the rows of a band, and their values."""
BAND = 1 << 17
"""Pixels of a band, unless one row has more."""
_BLOCK = 0xFFFF
"""Bytes of a block of deflate that is not packed, at most."""
_DECODER = "pixelguide_png_rows"
_MORE, _END, _BROKEN = 0, -1, -2
"""What Pillow's decoders say."""


@dataclass(frozen=True)
class _Kind:
    """Channels, and bits of a value."""

    channels: int
    depth: int


_KINDS = {
    "RGB": _Kind(3, 8), "RGBA": _Kind(4, 8), "LA": _Kind(2, 8),
    "RGB;16B": _Kind(3, 16), "RGBA;16B": _Kind(4, 16), "LA;16B": _Kind(2, 16),
}  # fmt: skip
"""By what Pillow calls the values in a file. Of the other kinds, Pillow's copy is small."""


def has_rows(image: ImageFile.ImageFile) -> bool:
    """Whether an opened picture is a PNG that can be read by bands: several bytes a pixel, not
    interlaced."""
    return (
        image.format == "PNG"
        and len(image.tile) == 1
        and image.tile[0].args in _KINDS
        and not image.info.get("interlace")
    )


def values_of(image: ImageFile.ImageFile) -> tuple[int, type[np.unsignedinteger[Any]]]:
    """Channels and type, uint8 or uint16, of the values that `hand_out` gives."""
    kind = _KINDS[str(image.tile[0].args)]
    return kind.channels, np.uint16 if kind.depth == 16 else np.uint8


def hand_out(image: ImageFile.ImageFile, take: Take) -> None:
    """Let an opened PNG (`has_rows`), once it is loaded, give its pixels to `take`, band by band
    from the top, and keep but one itself."""
    tile = image.tile[0]
    rows = _Rows(image.width, image.height, _KINDS[str(tile.args)], take)
    image.im = Image.new(image.mode, (1, 1)).im  # else Pillow would make one of its size
    image.tile = [tile._replace(codec_name=_DECODER, args=(rows,))]


class _Rows:
    """Makes bands of what is unpacked."""

    def __init__(self, width: int, height: int, kind: _Kind, take: Take) -> None:
        self._width, self._height, self._kind, self._take = width, height, kind, take
        self._bytes = width * kind.channels * kind.depth // 8
        self._last = bytes(self._bytes)
        self._step, self._y = max(1, BAND // width), 0
        self._packed, self._band = zlib.decompressobj(), bytearray()

    def feed(self, data: bytes) -> int:
        """Take more of the packed rows: what a decoder says of it."""
        while True:
            rows = min(self._step, self._height - self._y)
            wanted = rows * (1 + self._bytes)
            try:
                self._band += self._packed.decompress(data, wanted - len(self._band))
            except zlib.error:
                return _BROKEN
            data = self._packed.unconsumed_tail
            if len(self._band) < wanted:
                return _BROKEN if self._packed.eof else _MORE
            try:
                values = self._deep(rows) if self._kind.depth == 16 else self._plain(rows)
            except ValueError:  # filtered by none of PNG's filters
                return _BROKEN
            self._take(slice(self._y, self._y + rows), values)
            self._last = values[-1].astype(values.dtype.newbyteorder(">"), copy=False).tobytes()
            self._band = bytearray()
            self._y += rows
            if self._y == self._height:
                return _END

    def _plain(self, rows: int) -> Values:
        mode = {2: "LA", 3: "RGB", 4: "RGBA"}[self._kind.channels]
        image = Image.new(mode, (self._width, rows + 1))
        image.frombytes(_stored([b"\0", self._last, self._band]), "zip", mode, 0)
        values: Values = np.asarray(image)[1:]
        return values

    def _deep(self, rows: int) -> Values:
        """Of 16-bit colours, Pillow keeps a byte each; of 16-bit grey, both. A filter knows nothing
        of other channels: each is a grey picture here, one below the other."""
        width, count = self._width, self._kind.channels
        row = 1 + self._bytes
        band = np.frombuffer(self._band, np.uint8).reshape(rows, row)
        grey = np.zeros((count, rows + 1, 1 + 2 * width), np.uint8)
        grey[:, 1:, 0] = band[:, 0]
        grey[:, 0, 1:].reshape(count, width, 2)[:] = (
            np.frombuffer(self._last, np.uint8).reshape(width, count, 2).swapaxes(0, 1)
        )
        # two bytes at a time, channel by channel: 14 times as fast as all axes at once
        mixed = np.ndarray((rows, width, count), np.uint16, self._band, 1, (row, 2 * count, 2))
        apart = np.ndarray(
            (count, rows + 1, width), np.uint16, grey.data, 1, (*grey.strides[:2], 2)
        )
        for channel in range(count):
            apart[channel, 1:] = mixed[..., channel]
        planes = np.empty((count, rows + 1, width), np.uint16)
        size = width, count * (rows + 1)
        image = Image.frombuffer("I;16", size, planes, "raw", "I;16", 0, 1)
        image.frombytes(_stored([grey.tobytes()]), "zip", "I;16B", 0)
        return planes[:, 1:].transpose(1, 2, 0)


def _stored(rows: list[bytes | bytearray]) -> bytes:
    """Deflated, in blocks that are not packed (RFC 1951, 3.2.4); without a check at the end, for
    Pillow ends with its last row."""
    view = memoryview(b"".join(rows))
    parts: list[bytes | memoryview] = [b"\x78\x01"]
    for at in range(0, len(view), _BLOCK):
        part = view[at : at + _BLOCK]
        last = at + _BLOCK >= len(view)
        parts += [struct.pack("<BHH", last, len(part), len(part) ^ 0xFFFF), part]
    return b"".join(parts)


class _Decoder(ImageFile.PyDecoder):
    """Pillow reads the file's chunks and hands their content to this."""

    def setimage(self, im: Any, extents: Any = None) -> None:
        """The picture that Pillow would have filled stays as it is."""

    def decode(self, buffer: Any) -> tuple[int, int]:
        """How much was taken, or -1 at the end; and what was wrong."""
        said = self.args[0].feed(bytes(buffer))
        return (len(buffer), 0) if said == _MORE else (-1, 0 if said == _END else said)


Image.register_decoder(_DECODER, _Decoder)
