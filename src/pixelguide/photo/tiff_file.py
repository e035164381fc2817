"""TIFF files of 8 and 16 bits; Pillow writes no colours of 16."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pixelguide.photo.photograph import Pixels

_STRIP_BYTES = 1 << 20
_THREADS = 2
_DEFLATE, _HORIZONTAL, _UNASSOCIATED = 8, 2, 2
_BLACK_IS_ZERO, _RGB = 1, 2
_POINTERS = (0x8769, 0x8825)  # to the EXIF and GPS directories


def encode_tiff(
    pixels: Pixels,
    icc: bytes | None = None,
    exif: Image.Exif | None = None,
) -> list[bytes]:
    """uint8 or uint16 H×W×C (1 grey, 2 grey and alpha, 3 RGB, 4 RGBA) as a TIFF, in pieces.

    Deflate with the horizontal predictor (TIFF 6.0, sec. 14). exif: tags to write beside those that
    describe the pixels, which win.
    """
    height, width, channels = pixels.shape
    rows = max(1, _STRIP_BYTES // (width * channels * pixels.itemsize))

    def strip(first: int) -> bytes:
        part = pixels[first : first + rows]
        differences = part.copy()
        differences[:, 1:] -= part[:, :-1]
        little = differences.astype(pixels.dtype.newbyteorder("<"), copy=False)
        return zlib.compress(little.tobytes(), 1)

    with ThreadPoolExecutor(_THREADS) as threads:
        strips = list(threads.map(strip, range(0, height, rows)))
    lengths = [len(each) for each in strips]
    tags = ImageFileDirectory_v2(ifh=b"II*\0\0\0\0\0")
    for tag, value in (exif or {}).items():
        tags[tag] = exif.get_ifd(tag) if exif and tag in _POINTERS else value
    tags[256], tags[257] = width, height
    tags[258] = (8 * pixels.itemsize,) * channels
    tags[259] = _DEFLATE
    tags[262] = _RGB if channels > 2 else _BLACK_IS_ZERO
    tags[273] = tuple(int(start) for start in np.cumsum([0, *lengths[:-1]]))  # Pillow moves them
    tags[277] = channels
    tags[278] = rows
    tags[279] = tuple(lengths)
    tags[284] = 1  # channels beside each other
    tags[317] = _HORIZONTAL
    if channels in (2, 4):
        tags[338] = _UNASSOCIATED
    if icc:
        tags.tagtype[34675] = 7  # undefined bytes
        tags[34675] = icc
    return [struct.pack("<2sHL", b"II", 42, 8), tags.tobytes(8), *strips]
