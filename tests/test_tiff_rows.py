"""Packed TIFFs by strips: the pixels that Pillow reads, of 16 bits all of them."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from photographs import random_pixels
from pixelguide import tiff_rows
from pixelguide.damage import guarded
from pixelguide.errors import InputError
from pixelguide.png_rows import Values
from pixelguide.tiff_rows import hand_out_strips, has_strips, tiff_orientation, values_in


def tiff(pixels: Values, order: str = "<", rows: int = 4, **tags: Any) -> bytes:
    """Deflated strips of H×W×C without a predictor, in an order of bytes; more `tags` as t317=2."""
    height, width, channels = pixels.shape
    start = b"II*\0" if order == "<" else b"MM\0*"
    values = pixels.astype(pixels.dtype.newbyteorder(order))  # type: ignore[arg-type]
    if tags.get("t317") == 2:
        values[:, 1:] = pixels[:, 1:] - pixels[:, :-1]
    strips = [zlib.compress(values[y : y + rows].tobytes()) for y in range(0, height, rows)]
    ifd = ImageFileDirectory_v2(ifh=start + bytes(4))
    ifd[256], ifd[257], ifd[258] = width, height, (8 * pixels.itemsize,) * channels
    ifd[259], ifd[262], ifd[277], ifd[278], ifd[284] = 8, 2, channels, rows, 1
    ifd[279] = tuple(len(strip) for strip in strips)
    ifd[273] = tuple(sum(ifd[279][:number]) for number in range(len(strips)))
    if channels == 4:
        ifd[338] = 2
    for tag, value in tags.items():
        ifd[int(tag[1:])] = value
    offset = (8).to_bytes(4, "little" if order == "<" else "big")
    return start + offset + ifd.tobytes(8) + b"".join(strips)


def read(content: bytes) -> tuple[Values, list[slice]]:
    """All pixels, as they are stored, and which rows were given at once."""
    bands: list[slice] = []
    with guarded("a.tif", ("TIFF",)), Image.open(io.BytesIO(content)) as image:
        assert isinstance(image, ImageFile.ImageFile)
        assert has_strips(image)
        channels, kind = values_in(image)
        pixels = np.zeros((image.height, image.width, channels), kind)

        def take(rows: slice, values: Values) -> None:
            bands.append(rows)
            pixels[rows] = values

        hand_out_strips(image, take)
        image.load()
    return pixels, bands


@pytest.mark.parametrize("band", [1, 1000, 1 << 20])
@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [3, 4])
def test_strips_are_the_picture(
    channels: int, bits: int, order: str, predictor: int, band: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(tiff_rows, "_BAND_BYTES", band)
    wanted = random_pixels(1, 20, 18, channels, bits)
    found, bands = read(tiff(wanted, order, t317=predictor))
    assert np.array_equal(found, wanted)
    strips = max(1, band // (4 * 20 * channels * bits // 8))  # at once
    assert [rows.start for rows in bands] == list(range(0, 18, 4 * strips))
    assert bands[-1].stop == 18


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_what_pillow_packs(compression: str) -> None:
    wanted = random_pixels(2, 40, 30)
    buffer = io.BytesIO()
    Image.fromarray(wanted).save(buffer, "TIFF", compression=compression)
    assert np.array_equal(read(buffer.getvalue())[0], wanted)


def test_missing_and_damaged_strips_are_damage() -> None:
    content = tiff(random_pixels(3, 20, 18))
    for damaged in (content[:-20], content[:-20] + bytes(20), content[:-500] + b"?" * 500):
        with pytest.raises(InputError, match="damaged picture"):
            read(damaged)


OTHERS: dict[str, dict[str, Any]] = {
    "another predictor": {"t317": 3}, "bits from the other end": {"t266": 2},
    "signed": {"t339": (2, 2, 2)}, "channels apart": {"t284": 2}, "no colours": {"t262": 8},
    "too few strips": {"t278": 3}, "an endless strip": {"t279": (10, 10, 10, 10, 1 << 30)},
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_others_are_left_to_pillow(kind: str) -> None:
    with Image.open(io.BytesIO(tiff(random_pixels(4, 20, 18)))) as usual:
        assert isinstance(usual, ImageFile.ImageFile)
        assert has_strips(usual)
        for tag, value in OTHERS[kind].items():
            usual.tag_v2[int(tag[1:])] = value  # type: ignore[attr-defined]
        assert not has_strips(usual)
        with pytest.raises(RuntimeError):
            values_in(usual)


def test_so_are_other_pixels_and_other_files() -> None:
    for mode, options in (("L", {"compression": "tiff_lzw"}), ("RGB", {}), ("RGB", None)):
        buffer = io.BytesIO()
        image = Image.new(mode, (9, 9))
        image.save(buffer, "PNG") if options is None else image.save(buffer, "TIFF", **options)
        with Image.open(buffer) as found:
            assert isinstance(found, ImageFile.ImageFile)
            assert not has_strips(found)


def test_a_strip_of_everything_is_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_rows, "_STRIP_BYTES", 4 * 20 * 3 - 1)
    with Image.open(io.BytesIO(tiff(random_pixels(5, 20, 18)))) as image:
        assert isinstance(image, ImageFile.ImageFile)
        assert not has_strips(image)


def test_how_a_tiff_is_stored_is_told_before_it_is_loaded() -> None:
    for told, meant in ((6, 6), (1, 1), (99, 1)):
        with Image.open(io.BytesIO(tiff(random_pixels(6, 20, 18), t274=told))) as image:
            assert isinstance(image, ImageFile.ImageFile)
            assert tiff_orientation(image) == meant
