"""A reader of PNG of our own: what is counted does not rest on the program that wrote it."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def read_png(content: bytes) -> NDArray[np.uint16]:
    """Pixels H×W×C of a PNG that is not interlaced, with 8 or 16 bits (W3C, PNG 3rd edition, 9.2);
    of a palette, its colours."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, palette, header = 8, b"", b"", (0,) * 7
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    width, height, depth, colour, _, _, interlaced = header
    assert interlaced == 0
    assert depth in (8, 16)
    channels = _CHANNELS[colour]
    step = channels * depth // 8
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * step)
    pixels = np.zeros((height, width * step), np.uint8)
    above = np.zeros(width * step, np.uint8)
    for y, row in enumerate(rows):
        above = pixels[y] = _unfiltered(int(row[0]), row[1:].copy(), above, step)
    values = pixels.view(">u2").astype(np.uint16) if depth == 16 else pixels.astype(np.uint16)
    shaped = values.reshape(height, width, channels)
    if colour == 3:
        colours = np.frombuffer(palette, np.uint8).reshape(-1, 3).astype(np.uint16)
        return np.asarray(colours[shaped[..., 0]])
    return np.asarray(shaped)


def _unfiltered(
    kind: int, row: NDArray[np.uint8], above: NDArray[np.uint8], step: int
) -> NDArray[np.uint8]:
    if kind == 0:
        return row
    if kind == 2:
        return row + above
    for x in range(len(row)):
        left = int(row[x - step]) if x >= step else 0
        up, corner = int(above[x]), int(above[x - step]) if x >= step else 0
        guess = {1: left, 3: (left + up) // 2, 4: _paeth(left, up, corner)}[kind]
        row[x] = (int(row[x]) + guess) & 255
    return row


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))
