"""PNGs by bands of rows: values as they lie in the file, whatever filters they were packed by."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from faults.large_pictures import chunk
from faults.png_reader import read_png
from pixelguide import png_rows
from pixelguide.errors import InputError
from pixelguide.images import decode_image
from pixelguide.png_rows import hand_out, has_rows, values_of

COLOURS = {"LA": (4, 2), "RGB": (2, 3), "RGBA": (6, 4)}


def png(mode: str, depth: int, height: int = 11, rows: int = 11, more: bytes = b"") -> bytes:
    """Random rows by all five filters; `rows` of them packed, then `more`."""
    colour, channels = COLOURS[mode]
    rng = np.random.default_rng(depth)
    filtered = rng.integers(0, 256, (rows, 1 + 7 * channels * depth // 8), np.uint8)
    filtered[:, 0] = np.arange(rows) % 5
    header = struct.pack(">IIBBBBB", 7, height, depth, colour, 0, 0, 0)
    body = zlib.compress(filtered.tobytes() + more)
    parts = [chunk(b"IDAT", body[at : at + 50]) for at in range(0, len(body), 50)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(parts) + chunk(b"IEND", b"")


def read(content: bytes) -> tuple[NDArray[Any], list[slice]]:
    found: list[NDArray[Any]] = []
    bands: list[slice] = []

    def prepare(image: ImageFile.ImageFile, where: str) -> None:
        assert has_rows(image)
        found.append(np.zeros((image.height, image.width, values_of(image)[0]), np.uint16))
        assert values_of(image)[1] in (np.uint8, np.uint16)

        def take(rows: slice, values: NDArray[Any]) -> None:
            assert values.dtype == values_of_it
            found[0][rows] = values
            bands.append(rows)

        values_of_it = values_of(image)[1]
        hand_out(image, take)

    decode_image(io.BytesIO(content), "a.png", prepare=prepare)
    return found[0], bands


@pytest.mark.parametrize("band", [1, 20, 1000])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("mode", COLOURS)
def test_bands_are_the_picture(
    mode: str, depth: int, band: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png_rows, "BAND", band)
    pixels, bands = read(png(mode, depth, more=b"behind the last row"))
    assert np.array_equal(pixels, read_png(png(mode, depth)))
    assert [rows.start for rows in bands] == list(range(0, 11, max(1, band // 7)))


@pytest.mark.parametrize("rows", [0, 5, 10])
def test_missing_rows_are_damage(rows: int) -> None:
    with pytest.raises(InputError, match="damaged picture"):
        read(png("RGB", 8, rows=rows))


def test_unknown_filters_and_no_zlib_are_damage() -> None:
    rows = np.full((11, 22), 9, np.uint8)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 11, 8, 2, 0, 0, 0))
    for body in (zlib.compress(rows.tobytes()), b"no zlib at all"):
        content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
        with pytest.raises(InputError, match="damaged picture"):
            read(content)


def test_others_are_left_to_pillow() -> None:
    header = struct.pack(">IIBBBBB", 7, 11, 8, 2, 0, 0, 1)
    interlaced = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
    contents = [interlaced]
    for mode in ("L", "P", "1"):
        buffer = io.BytesIO()
        Image.new(mode, (9, 9)).save(buffer, "PNG")
        contents.append(buffer.getvalue())
    for content in contents:
        with Image.open(io.BytesIO(content)) as image:
            assert isinstance(image, ImageFile.ImageFile)
            assert not has_rows(image)


def test_jpegs_have_none() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "JPEG")
    with Image.open(buffer) as image:
        assert isinstance(image, ImageFile.ImageFile)
        assert not has_rows(image)
