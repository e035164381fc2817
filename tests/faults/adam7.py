"""Interlaced PNGs: Pillow reads them, and writes none."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from faults.large_pictures import chunk

PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
"""First column, first row, and steps of both, of Adam7's passes (W3C, PNG 3rd edition, 8.2)."""


def interlaced_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG in Adam7's order of pixels, H×W×4 of RGBA."""
    rows = b""
    for x, y, across, down in PASSES:
        part = pixels[y::down, x::across]
        if part.size:  # no row of nothing has a filter
            rows += b"".join(b"\0" + row.tobytes() for row in part)
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip
