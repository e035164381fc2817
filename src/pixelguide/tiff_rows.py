"""Large packed TIFFs some strips at a time: libtiff would map the whole file beside the pixels, and
Pillow reads 16-bit colours by dropping half of them.

Each time, some strips are made a small grey TIFF of their own, whose values are the bytes; what the
predictor did to them is undone here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from pixelguide.png_rows import Take, Values

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_OFFSETS, _ORIENTATION, _CHANNELS, _ROWS, _LENGTHS, _PLANAR = 273, 274, 277, 278, 279, 284
_PREDICTOR, _TILE_WIDTH, _SAMPLE_FORMAT = 317, 322, 339
"""Tags of TIFF 6.0."""
_PACKED = (5, 8, 32946, 32773)
"""LZW, deflate by both its numbers, PackBits: what they unpack to are the values, byte by byte."""
_HORIZONTAL = 2
"""The predictor: a value is told by what differs from the one before, channel by channel."""
_BAND_BYTES = 1 << 20
"""Unpacked, of what is read at once, unless one strip has more."""
_STRIP_BYTES = 16 << 20
"""Unpacked, of a strip that is read so at most."""
_DECODER = "pixelguide_tiff_rows"


@dataclass(frozen=True)
class _Strips:
    """Where packed rows lie. kind: of their values, in the order of the file's bytes."""

    width: int
    height: int
    channels: int
    kind: np.dtype[np.unsignedinteger[Any]]
    rows: int
    offsets: Sequence[int]
    lengths: Sequence[int]
    compression: int
    differences: bool

    @property
    def row_bytes(self) -> int:
        """Of a row, unpacked."""
        return self.width * self.channels * self.kind.itemsize

    def read(self, file: IO[bytes], first: int, stop: int) -> Values:
        """The rows of some strips, h×W×C. Raises OSError for a file that is too short, and what
        Pillow raises."""
        parts = []
        for offset, length in zip(self.offsets[first:stop], self.lengths[first:stop], strict=True):
            file.seek(offset)
            parts.append(file.read(length))
            if len(parts[-1]) < length:
                raise OSError("image file is truncated")
        height = min(stop * self.rows, self.height) - first * self.rows
        with Image.open(io.BytesIO(self._alone(parts, height)), formats=("TIFF",)) as image:
            values: Any = np.array(image).view(self.kind)
        values = values.reshape(height, self.width, self.channels)
        values = values.astype(self.kind.newbyteorder("="), copy=False)
        if self.differences:
            for channel in range(self.channels):
                part = values[..., channel]
                np.add.accumulate(part, axis=1, dtype=part.dtype, out=part)
        found: Values = values
        return found

    def _alone(self, parts: list[bytes], height: int) -> bytes:
        """A TIFF of these strips."""
        tags = TiffImagePlugin.ImageFileDirectory_v2(ifh=b"II*\0\0\0\0\0")
        tags[_WIDTH], tags[_HEIGHT], tags[_BITS] = self.row_bytes, height, 8
        tags[_COMPRESSION], tags[_PHOTOMETRIC], tags[_CHANNELS] = self.compression, 1, 1
        tags[_ROWS] = self.rows
        tags[_LENGTHS] = tuple(len(part) for part in parts)
        # from the first strip on; Pillow adds where that begins
        tags[_OFFSETS] = tuple(sum(tags[_LENGTHS][:number]) for number in range(len(parts)))
        return b"II*\0\x08\0\0\0" + tags.tobytes(8) + b"".join(parts)


def has_strips(image: ImageFile.ImageFile) -> bool:
    """Whether an opened picture is a packed TIFF that can be read by strips: colours, with alpha or
    not, of 8 or 16 bits."""
    return _strips_of(image) is not None


def values_in(image: ImageFile.ImageFile) -> tuple[int, type[np.unsignedinteger[Any]]]:
    """Channels and type, uint8 or uint16, of the values that `hand_out_strips` gives."""
    strips = _known(image)
    return strips.channels, np.uint8 if strips.kind.itemsize == 1 else np.uint16


def tiff_orientation(image: ImageFile.ImageFile) -> int:
    """EXIF's number, 1 … 8, for how a TIFF that is not loaded yet stores its pixels; what is loaded
    says 1, for Pillow turns it."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    found = tags.get(_ORIENTATION, 1)
    return int(found) if found in range(1, 9) else 1


def hand_out_strips(image: ImageFile.ImageFile, take: Take) -> None:
    """Let an opened TIFF (`has_strips`), once it is loaded, give its pixels to `take`, some rows at
    a time from the top, and keep but one itself."""
    strips = _known(image)
    image.im = Image.new(image.mode, (1, 1)).im  # else Pillow would make one of its size
    image.use_load_libtiff = False  # type: ignore[attr-defined]
    image.tile = [image.tile[0]._replace(codec_name=_DECODER, args=(strips, take))]


def _known(image: ImageFile.ImageFile) -> _Strips:
    strips = _strips_of(image)
    if strips is None:
        raise RuntimeError("no TIFF that is read by strips")
    return strips


def _strips_of(image: ImageFile.ImageFile) -> _Strips | None:
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or len(image.tile) != 1:
        return None
    tile, tags = image.tile[0], image.tag_v2
    kind = re.fullmatch(r"(RGBA?)(;16[NLB])?", str(tile.args[0])) if tile.args else None
    if tile.codec_name != "libtiff" or kind is None or tags.get(_COMPRESSION) not in _PACKED:
        return None
    channels, depth = len(kind[1]), 16 if kind[2] else 8
    width, height = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)  # as stored; Pillow's are upright
    predictor, rows = tags.get(_PREDICTOR, 1), min(tags.get(_ROWS, height), height)
    usual = (
        tags.get(_PHOTOMETRIC) == 2 and tags.get(_CHANNELS) == channels
        and set(tags.get(_BITS, ())) == {depth} and tags.get(_PLANAR, 1) == 1
        and tags.get(_FILL_ORDER, 1) == 1 and set(tags.get(_SAMPLE_FORMAT, (1,))) == {1}
        and _TILE_WIDTH not in tags and predictor in (1, _HORIZONTAL)
    )  # fmt: skip
    offsets, lengths = tags.get(_OFFSETS, ()), tags.get(_LENGTHS, ())
    if not usual or rows < 1 or {len(offsets), len(lengths)} != {-(-height // rows)}:
        return None
    order = "<" if tags.prefix == b"II" else ">"
    strips = _Strips(
        width, height, channels, np.dtype(f"{order}u{depth // 8}"), rows, offsets,
        lengths, int(tags[_COMPRESSION]), predictor == _HORIZONTAL,
    )  # fmt: skip
    # what packs well is never longer than a little over what it unpacks to
    bound = rows * strips.row_bytes
    return strips if bound <= _STRIP_BYTES and max(lengths) <= 2 * bound + 1024 else None


class _Decoder(ImageFile.PyDecoder):
    """Pillow hands the file to this."""

    _pulls_fd = True

    def setimage(self, im: Any, extents: Any = None) -> None:
        """The picture that Pillow would have filled stays as it is."""

    def decode(self, buffer: Any) -> tuple[int, int]:
        """Always the end; and that nothing was wrong."""
        strips, take = self.args
        step = max(1, _BAND_BYTES // (strips.rows * strips.row_bytes))
        for first in range(0, len(strips.offsets), step):
            values = strips.read(self.fd, first, min(first + step, len(strips.offsets)))
            take(slice(first * strips.rows, first * strips.rows + len(values)), values)
        return -1, 0


Image.register_decoder(_DECODER, _Decoder)
