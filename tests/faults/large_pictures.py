"""Pictures and maps of many megapixels, most as PNGs of a few kilobytes: each row adds the same to
the one above, so that little has to be written."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.photo.tiff_file import encode_tiff

SIZES = {24: (6000, 4000), 40: (8000, 5000)}
"""Width and height by megapixels."""
_UP = b"\2"
"""PNG's filter: a row is told by what differs from the one above."""
_PAETH = 4
"""Another: by what fits best of left, above, and above left."""
TURNED = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
"""An EXIF block that says: turn it by 90°."""
JPEGS: dict[str, dict[str, Any]] = {
    "plain": {}, "turned": {"exif": b"Exif\0\0" + TURNED}, "progressive": {"progressive": True},
    "4:4:4": {"subsampling": 0}, "progressive, 4:4:4": {"progressive": True, "subsampling": 0},
}  # fmt: skip
"""What Pillow is told for each kind."""
SUFFIXES = {b"\xff\xd8": "jpg", b"II": "tif", b"\x89P": "png"}
"""By how a file begins."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_rows(
    first: NDArray[np.uint8],
    height: int,
    more: NDArray[np.uint8] | None = None,
    colour: int = 2,
    extra: bytes = b"",
    depth: int = 8,
) -> bytes:
    """A PNG of 8 bits a value: its first row (uint8 W×C, or W), what each further row adds to it
    (0 by default), its type of colour, and chunks before the pixels. With a depth of 16, each two
    numbers are a value."""
    added = _UP + (np.zeros_like(first) if more is None else more).tobytes()
    packer = zlib.compressobj(1)
    parts = [packer.compress(b"\0" + first.tobytes())]
    parts += [packer.compress(added) for _ in range(height - 1)]
    assert first.size == len(first) * _CHANNELS[colour] * depth // 8
    header = struct.pack(">IIBBBBB", len(first), height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        + chunk(b"IDAT", b"".join(parts) + packer.flush()) + chunk(b"IEND", b"")
    )  # fmt: skip


def png_of_noise(width: int, height: int, channels: int, depth: int) -> bytes:
    """A PNG, not packed, of noise by PNG's slowest filter: no row helps to tell the next one."""
    rng = np.random.default_rng(25)
    rows = rng.integers(0, 256, (50, 1 + width * channels * depth // 8), np.uint8)
    rows[:, 0] = _PAETH
    packer, some = zlib.compressobj(0), rows.tobytes()
    packed = b"".join([packer.compress(some) for _ in range(height // 50)] + [packer.flush()])
    colour = next(kind for kind, number in _CHANNELS.items() if number == channels and kind != 3)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )  # fmt: skip


def packed_tiffs(width: int, height: int) -> Iterator[tuple[str, bytes]]:
    """TIFFs of noise, which packing makes longer: by LZW, as it is and turned, and of 16 bits."""
    rng = np.random.default_rng(26)
    image = Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
    for name, options in (("LZW", {}), ("LZW, turned", {"tiffinfo": {274: 6}})):
        buffer = io.BytesIO()
        image.save(buffer, "TIFF", compression="tiff_lzw", **options)
        yield f"TIFF, {name}", buffer.getvalue()
    del image, buffer
    deep = rng.integers(0, 65536, (height, width, 3), np.uint16)
    yield "TIFF, 16 bits", b"".join(encode_tiff(deep))


def large_pictures(megapixels: int) -> Iterator[tuple[str, bytes]]:
    """Of one of `SIZES`, by name: maps, masks and photographs of every type of pixel."""
    width, height = SIZES[megapixels]
    rng = np.random.default_rng(23)
    classes = np.array([(0, 0, 255), (0, 128, 0), (200, 30, 30)], np.uint8)
    ids = rng.integers(0, 3, width).astype(np.uint8)
    noise, more = rng.integers(0, 256, (2, width, 3), np.uint8)
    known = classes[ids]
    near = (known + rng.integers(0, 9, known.shape)).clip(0, 255).astype(np.uint8)
    mixed = np.where(rng.random((width, 1)) < 0.3, near, known)
    opaque = np.full((width, 1), 255, np.uint8)
    two, two_more = rng.integers(0, 256, (2, width, 2), np.uint8)
    turned = chunk(b"eXIf", TURNED)
    palette = chunk(b"PLTE", np.vstack([classes, near[:200]]).tobytes())
    yield "noise", png_of_rows(noise, height, more)
    yield "turned noise", png_of_rows(noise, height, more, extra=turned)
    yield "some unknown colours", png_of_rows(noise, height)
    yield "classes", png_of_rows(known, height)
    yield "classes, red and blue swapped", png_of_rows(known[:, ::-1], height)
    yield "classes and near them", png_of_rows(mixed, height)
    yield "near classes", png_of_rows(near, height)
    yield (
        "one colour transparent",
        png_of_rows(known, height, extra=chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))),
    )
    yield "opaque alpha", png_of_rows(np.hstack([known, opaque]), height, colour=6)
    yield "all transparent", png_of_rows(np.zeros((width, 4), np.uint8), height, colour=6)
    yield "grey and alpha", png_of_rows(two, height, two_more, colour=4)
    yield "ids", png_of_rows(ids, height, colour=0)
    yield "black and white", png_of_rows(ids // 2 * np.uint8(255), height, colour=0)
    yield "palette", png_of_rows(ids, height, colour=3, extra=palette)
    yield (
        "palette, near classes",
        png_of_rows(rng.integers(0, 200, width).astype(np.uint8), height, colour=3, extra=palette),
    )
    yield (
        "palette, transparent",
        png_of_rows(ids, height, colour=3, extra=palette + chunk(b"tRNS", bytes([255, 255, 0]))),
    )


def large_photographs(megapixels: int) -> Iterator[tuple[str, bytes]]:
    """Of one of `SIZES`, by name: what only photographs may be, 16 bits a value, JPEG and
    TIFF, and noise that takes longest."""
    width, height = SIZES[megapixels]
    rng = np.random.default_rng(24)
    turned = chunk(b"eXIf", TURNED)
    for name, colour in (("RGB", 2), ("RGBA", 6), ("grey and alpha", 4), ("grey", 0)):
        # again and again, as what is longer than zlib's window is not packed
        some = rng.integers(0, 256, (2, 4096), np.uint8)
        row, more = (np.resize(each, (width, 2 * _CHANNELS[colour])) for each in some)
        yield f"16 bits, {name}", png_of_rows(row, height, more, colour, depth=16)
        if name == "RGB":
            yield (
                "16 bits, turned", png_of_rows(row, height, more, colour, turned, depth=16)
            )  # fmt: skip
    small = rng.integers(0, 256, (height // 10, width // 10, 3), np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR)
    for name, options in JPEGS.items():
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", **options)
        yield f"JPEG, {name}", buffer.getvalue()
    yield "noise by Paeth, RGBA", png_of_noise(width, height, 4, 8)
    yield "noise by Paeth, 16 bits", png_of_noise(width, height, 3, 16)
    yield from packed_tiffs(width, height)
