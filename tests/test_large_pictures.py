"""Large pictures are read as small ones are, bit by bit, or refused with what to do."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, TiffImagePlugin

from faults.large_pictures import chunk
from photographs import exif, random_pixels, write_photograph
from pixelguide import large_pictures, png_rows
from pixelguide.errors import InputError
from pixelguide.images import decode_image, load_rgb, read_rgb
from pixelguide.large_pictures import LargePixels, refuse_what_takes_too_much
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.tiff_file import encode_tiff

RGB = Image.fromarray(random_pixels(0, 40, 30))
RGBA = Image.fromarray(random_pixels(1, 40, 30, 4))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_chunk(content: bytes, kind: bytes, data: bytes, late: bool) -> bytes:
    """A PNG with a chunk more, before or after its pixels."""
    at = content.index(b"IEND" if late else b"IDAT") - 4
    return content[:at] + chunk(kind, data) + content[at:]


def deep_png(channels: int, colour: int) -> bytes:
    """16 bits a value, each row filtered by another of PNG's filters."""
    rows = np.random.default_rng(2).integers(0, 256, (40, 1 + 30 * channels * 2), np.uint8)
    rows[:, 0] = np.arange(40) % 5
    size = struct.pack(">IIBBBBB", 30, 40, 16, colour, 0, 0, 0)
    packed = zlib.compress(rows.tobytes())
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", packed[:999])
        + chunk(b"IDAT", packed[999:]) + chunk(b"IEND", b"")
    )  # fmt: skip


PACKED: dict[str, bytes] = {
    "packed.tif": saved(RGB, "TIFF", compression="tiff_lzw"),
    "packed-A.tif": saved(RGBA, "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 2}),
    "packbits.tif": saved(RGB, "TIFF", compression="packbits"),
    **{
        f"packed-{k}.tif": saved(RGB, "TIFF", compression="tiff_lzw", exif=exif(k))
        for k in range(2, 9)
    },
    "packed-JPEG.tif": saved(RGB, "TIFF", compression="jpeg"),
    "packed-L.tif": saved(RGB.convert("L"), "TIFF", compression="tiff_lzw"),
    **{
        f"packed-deep-{channels}.tif": b"".join(
            encode_tiff(random_pixels(3, 40, 30, channels, bits=16), None, exif(1))
        )
        for channels in (1, 2, 3, 4)
    },
}  # fmt: skip
"""TIFFs that libtiff unpacks."""
TIFF_EXIF = bytes(exif(6).tobytes())[6:]
FILES: dict[str, bytes] = {
    "RGB.png": saved(RGB, "PNG"), "RGBA.png": saved(RGBA, "PNG"),
    "LA.png": saved(RGBA.convert("LA"), "PNG"), "L.png": saved(RGB.convert("L"), "PNG"),
    "P.png": saved(RGB.convert("P"), "PNG"), "1.png": saved(RGB.convert("1"), "PNG"),
    "clear.png": saved(RGB, "PNG", transparency=RGB.getpixel((3, 4))),
    "clear-L.png": saved(RGB.convert("L"), "PNG", transparency=7),
    "turned-late.png": with_chunk(saved(RGB, "PNG"), b"eXIf", TIFF_EXIF, late=True),
    "deep-RGB.png": deep_png(3, 2), "deep-RGBA.png": deep_png(4, 6), "deep-LA.png": deep_png(2, 4),
    "deep-L.png": deep_png(1, 0),
    "deep-turned.png": with_chunk(deep_png(3, 2), b"eXIf", TIFF_EXIF, late=False),
    "a.jpg": saved(RGB, "JPEG"), "progressive.jpg": saved(RGB, "JPEG", progressive=True),
    "progressive-444.jpg": saved(RGB, "JPEG", progressive=True, subsampling=0),
    "grey.jpg": saved(RGB.convert("L"), "JPEG"), "CMYK.jpg": saved(RGB.convert("CMYK"), "JPEG"),
    "a.bmp": saved(RGB, "BMP"), "a.tif": saved(RGB, "TIFF"), "RGBA.tif": saved(RGBA, "TIFF"),
    **PACKED, "a.webp": saved(RGB, "WEBP"),
    **{f"{k}.png": saved(RGB, "PNG", exif=exif(k)) for k in range(2, 9)},
    **{f"A{k}.png": saved(RGBA, "PNG", exif=exif(k)) for k in (2, 5, 8)},
    **{f"{k}.jpg": saved(RGB, "JPEG", exif=exif(k)) for k in range(2, 9)},
    **{f"{k}.tif": saved(RGB, "TIFF", exif=exif(k)) for k in (3, 6)},
}  # fmt: skip


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it lets every picture count as large, and be read in many bands."""

    def call() -> None:
        monkeypatch.setattr(large_pictures, "LARGE", 0)
        monkeypatch.setattr(png_rows, "BAND", 100)

    return call


def outcome(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("name", FILES)
def test_large_pictures_are_the_same_pictures(
    name: str, tmp_path: Path, all_large: Callable[[], None]
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    plain, photograph = outcome(lambda: load_rgb(path)), outcome(lambda: Photograph.open(path))
    all_large()
    found, again = outcome(lambda: load_rgb(path)), outcome(lambda: Photograph.open(path))
    assert np.array_equal(found, plain)
    if isinstance(photograph, str):
        assert again == photograph
        return
    assert np.array_equal(again.pixels, photograph.pixels)
    assert again.pixels.dtype == photograph.pixels.dtype
    for what in ("format", "icc", "exif", "orientation", "jpeg"):
        assert getattr(again, what) == getattr(photograph, what), what
    if photograph.pixels.itemsize == 1:
        assert np.array_equal(read_rgb(io.BytesIO(FILES[name]), name), plain)
        assert np.array_equal(
            Photograph.decode(io.BytesIO(FILES[name]), name).pixels, photograph.pixels
        )


def test_what_the_file_carries_stays(tmp_path: Path, all_large: Callable[[], None]) -> None:
    path = write_photograph(tmp_path / "a", random_pixels(0), "PNG", 6)
    plain = Photograph.open(path)
    all_large()
    large = Photograph.open(path)
    assert plain.icc
    assert plain.exif
    assert (large.icc, large.exif, large.orientation) == (plain.icc, plain.exif, 6)


@pytest.mark.parametrize("name", ["packed.tif", "packed-6.tif", "packed-deep-3.tif"])
def test_packed_tiffs_are_read_by_strips(
    name: str, all_large: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as libtiff would have the whole of them."""
    all_large()
    taken: list[Any] = []
    hand_out = large_pictures.hand_out_strips
    monkeypatch.setattr(
        large_pictures, "hand_out_strips",
        lambda image, take: hand_out(image, lambda *band: (taken.append(band), take(*band))),
    )  # fmt: skip
    Photograph._read(
        lambda prepare: decode_image(io.BytesIO(PACKED[name]), name, prepare=prepare), name
    )
    assert taken


@pytest.mark.parametrize("name", ["RGB.png", "deep-RGB.png", "a.jpg", "a.bmp"])
def test_damage_is_told_of(name: str, tmp_path: Path, all_large: Callable[[], None]) -> None:
    all_large()
    content = FILES[name]
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged picture"):
        Photograph.open(tmp_path / name)


def test_what_follows_the_pixels_may_not_change_them(
    tmp_path: Path, all_large: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    all_large()
    clear = with_chunk(FILES["RGB.png"], b"tRNS", struct.pack(">HHH", 1, 2, 3), late=True)
    (tmp_path / "a.png").write_bytes(clear)
    with pytest.raises(InputError, match="a transparent colour after the pixels"):
        Photograph.open(tmp_path / "a.png")
    monkeypatch.setattr(large_pictures, "MEMORY", 7100)  # twice its 3,600 bytes is more
    monkeypatch.setattr(large_pictures, "_BANDS", 0)
    (tmp_path / "a.png").write_bytes(FILES["turned-late.png"])
    with pytest.raises(InputError, match="turned by what follows the pixels"):
        Photograph.open(tmp_path / "a.png")


def test_pixels_are_given_once() -> None:
    large = LargePixels()
    assert not large.taken
    with pytest.raises(RuntimeError):
        large.pixels(RGB, 1, "a.png")


LIMITS = {
    "RGB.png": 40, "RGBA.png": 40, "LA.png": 40, "P.png": 40, "clear.png": 40, "deep-RGB.png": 36,
    "deep-LA.png": 40, "deep-L.png": 40, "deep-RGBA.png": 27,  "a.jpg": 40, "6.jpg": 40,
    "progressive.jpg": 36, "grey.jpg": 40, "a.bmp": 40, "a.tif": 40, "RGBA.tif": 40, "6.tif": 36,
    "a.webp": 13, "interlaced.png": 36, "progressive-444.jpg": 25,
}  # fmt: skip
"""Megapixels that are read of each kind, at most 40."""


@pytest.mark.parametrize("name", LIMITS)
def test_what_would_take_too_much_is_refused(name: str) -> None:
    size = struct.pack(">IIBBBBB", 30, 40, 8, 2, 0, 0, 1)
    interlaced = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"")
    with Image.open(io.BytesIO(FILES.get(name, interlaced))) as image:
        assert isinstance(image, ImageFile.ImageFile)
        deep = "deep" in name
        for megapixels, fits in ((LIMITS[name], True), (LIMITS[name] + 1, LIMITS[name] == 40)):
            image._size = (1000, min(40, megapixels) * 1000)
            if fits:
                refuse_what_takes_too_much(image, deep, name)
                continue
            with pytest.raises(InputError) as refused:
                refuse_what_takes_too_much(image, deep, name)
            assert f"The limit is {LIMITS[name]} megapixels; " in str(refused.value)


@pytest.mark.parametrize(
    ("colour", "interlaced", "hint"),
    [
        (2, 0, "The limit is 36 megapixels; save it with 8 bits, or reduce it."),
        (6, 0, "The limit is 27 megapixels; save it with 8 bits, or reduce it."),
        (2, 1, "The limit is 18 megapixels; save it without interlacing, or reduce it."),
    ],
)
def test_a_refused_deep_png_says_what_to_do(colour: int, interlaced: int, hint: str) -> None:
    """By its header alone, at 40 megapixels; 24, not interlaced, may be read."""
    for width, height in ((6000, 4000), (8000, 5000)):
        header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, interlaced)
        content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
        with Image.open(io.BytesIO(content)) as image:
            assert isinstance(image, ImageFile.ImageFile)
            if width == 6000 and not interlaced:
                refuse_what_takes_too_much(image, True, "a.png")
                continue
            with pytest.raises(InputError) as refused:
                refuse_what_takes_too_much(image, True, "a.png")
            assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("name", "channels", "limit"),
    [("packed.tif", 3, 40), ("packed-6.tif", 3, 40), ("packed-deep-3.tif", 3, 40),
     ("packed-deep-4.tif", 4, 31)],
)  # fmt: skip
def test_packed_tiffs_take_their_pixels_and_some_strips(
    name: str, channels: int, limit: int
) -> None:
    """So that photographs of 24 megapixels are read, those of 16 bits too."""
    with Image.open(io.BytesIO(PACKED[name])) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        assert len(image.getbands()) == channels
        for megapixels in (limit, limit + 1):
            rows = min(40, megapixels) * 1000
            image._size = (1000, rows)
            image.tag_v2[256], image.tag_v2[257], image.tag_v2[278] = 1000, rows, 100
            image.tag_v2[273] = image.tag_v2[279] = (8,) * (rows // 100)
            if megapixels <= limit or limit == 40:
                refuse_what_takes_too_much(image, "deep" in name, name)
                continue
            with pytest.raises(InputError, match=f"The limit is {limit} megapixels; save it as"):
                refuse_what_takes_too_much(image, "deep" in name, name)


def test_a_file_that_libtiff_maps_counts(tmp_path: Path) -> None:
    """It lies in memory whole, beside the pixels."""
    path = tmp_path / "a.tif"
    path.write_bytes(PACKED["packed-JPEG.tif"])
    with path.open("rb") as file, Image.open(file) as image:
        assert isinstance(image, ImageFile.ImageFile)
        image._size = (1000, 40_000)
        refuse_what_takes_too_much(image, False, "a.tif")
        os.truncate(path, 120 << 20)  # a hole, which takes no disk
        with pytest.raises(InputError, match="too many for such a TIFF"):
            refuse_what_takes_too_much(image, False, "a.tif")


def test_a_tiff_of_one_strip_takes_its_strip_too() -> None:
    content = saved(RGB, "TIFF", compression="tiff_lzw", strip_size=1 << 20)
    with Image.open(io.BytesIO(content)) as image:
        assert isinstance(image, ImageFile.ImageFile)
        image._size = (1000, 40_000)
        image.tag_v2[278] = 40_000  # type: ignore[attr-defined]
        with pytest.raises(InputError, match="too many for such a TIFF"):
            refuse_what_takes_too_much(image, False, "a.tif")
