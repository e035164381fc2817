"""PNG files byte by byte, in the forms that programs write and Pillow does not."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(
    values: NDArray[np.uint8],
    kind: int,
    bits: int = 8,
    palette: Sequence[Colour] = (),
    transparency: bytes = b"",
    texts: Sequence[tuple[bytes, bytes]] = (),
    texts_last: bool = False,
) -> bytes:
    """values: H×W or H×W×C samples of so many bits. texts: (type, data) of chunks, before the
    pixels or behind them."""
    height, width = values.shape[:2]
    rows = values.reshape(height, -1)
    if bits < 8:
        spread = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
        rows = np.packbits(spread.reshape(height, -1).astype(np.uint8), axis=1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    said = b"".join(chunk(*text) for text in texts)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)),
            chunk(b"PLTE", bytes(np.array(palette, np.uint8))) if palette else b"",
            chunk(b"tRNS", transparency) if transparency else b"",
            b"" if texts_last else said,
            chunk(b"IDAT", zlib.compress(lines)),
            said if texts_last else b"",
            chunk(b"IEND", b""),
        )
    )


def reindexed(pixels: NDArray[np.uint8], palette: Sequence[Colour]) -> NDArray[np.uint8]:
    """The index in `palette` of each colour of a picture, uint8 H×W×3; the first of two alike."""
    places: dict[Colour, int] = {}
    for index, colour in enumerate(palette):
        places.setdefault(tuple(colour), index)
    flat = [places[tuple(int(v) for v in pixel)] for pixel in pixels.reshape(-1, 3)]
    return np.array(flat, np.uint8).reshape(pixels.shape[:2])


def by_first_occurrence(pixels: NDArray[np.uint8]) -> list[Colour]:
    """The colours of a picture in the order in which they come."""
    flat = [tuple(int(v) for v in pixel) for pixel in pixels.reshape(-1, 3)]
    return [(r, g, b) for r, g, b in dict.fromkeys(flat)]


def brightness(colour: Colour) -> float:
    r, g, b = colour
    return 0.299 * r + 0.587 * g + 0.114 * b
