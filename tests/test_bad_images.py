"""Pictures that are refused, each with one line that says why."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pixelguide import images
from pixelguide.edit.masks import load_mask
from pixelguide.errors import InputError
from pixelguide.images import converted, load_rgb, open_image, to_rgb
from pixelguide.photo.photograph import Photograph

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
ORIENTATION = 0x0112  # the EXIF tag


def _png(width: int, height: int, depth: int, colour: int, rows: bytes | None) -> bytes:
    """A PNG by hand, for kinds that Pillow does not write; without pixels if `rows` is None."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"" if rows is None else chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def _refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_rgb(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "none.png", "no such file")


def test_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    _refused(tmp_path / "folder.png", "a folder, not a file")


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "open", refuse)
    _refused(tmp_path / "a.png", "Permission denied")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF"])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    _refused(tmp_path / "a.png", "not a readable picture|damaged")


@pytest.mark.parametrize("kind", ["GIF", "ICO", "PPM", "TGA"])
def test_other_formats_are_refused(tmp_path: Path, kind: str) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", kind)
    _refused(tmp_path / "a.png", "Give a picture of type PNG, JPEG, WEBP, TIFF, BMP")


def test_formats_can_be_narrowed(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", "JPEG")
    open_image(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"Give a picture of type PNG\."):
        open_image(tmp_path / "a.png", formats=("PNG",))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_pictures_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    (tmp_path / "a.png").write_bytes(buffer.getvalue()[: int(buffer.tell() * share)])
    _refused(tmp_path / "a.png", "damaged|not a readable")


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "I", "F", "LAB"])
def test_pixel_types_without_one_right_conversion_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (3, 3)).save(tmp_path / "a.tif")
    _refused(tmp_path / "a.tif", "8-bit RGB")


def test_cmyk_jpeg_is_refused(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    _refused(tmp_path / "a.jpg", "CMYK")


@pytest.mark.parametrize("colour", [0, 2, 4, 6])  # grey, RGB, grey with alpha, RGB with alpha
def test_16_bit_png_is_refused(tmp_path: Path, colour: int) -> None:
    values = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    (tmp_path / "a.png").write_bytes(_png(2, 2, 16, colour, (b"\0" + bytes(4 * values)) * 2))
    _refused(tmp_path / "a.png", "8-bit RGB")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())]
    frames[0].save(tmp_path / "a.png", kind, save_all=True, append_images=frames[1:])
    _refused(tmp_path / "a.png", "animated")


def test_previews_and_depth_maps_behind_a_jpeg_are_ignored(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(load_rgb(tmp_path / "a.jpg").astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("size", [(8_000, 5_001), (20_000, 20_000)])  # Pillow stops at 179 MP
def test_bombs_are_refused_from_their_header(tmp_path: Path, size: tuple[int, int]) -> None:
    # There is not one pixel in the file, so that decoding would complain of something else.
    (tmp_path / "bomb.png").write_bytes(_png(*size, 8, 2, None))
    _refused(tmp_path / "bomb.png", "too large")


@pytest.mark.parametrize("size", [(65_536, 1), (1, 65_536), (2, 20_000_000)])
def test_sides_beyond_those_of_jpeg_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "long.png").write_bytes(_png(*size, 8, 2, None))
    _refused(tmp_path / "long.png", "too long a side")


def test_limit_is_40_megapixels_itself_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert images.MAX_PIXELS == 40_000_000
    Image.fromarray(RGB).save(tmp_path / "a.png")
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1])
    load_rgb(tmp_path / "a.png")
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1] - 1)
    _refused(tmp_path / "a.png", "7×5 pixels is too large")


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"]
)
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path, exif: bytes) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=3),
    st.floats(0.2, 1),
)
def test_no_damage_raises_anything_but_an_input_error(
    tmp_path: Path, kind: str, flips: list[tuple[float, int]], share: float
) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(RGB).save(buffer, kind, **({} if kind == "BMP" else {"exif": exif}))
    content = bytearray(buffer.getvalue())
    for place, change in flips:
        content[int(place * len(content))] ^= change
    (tmp_path / "a.png").write_bytes(content[: math.ceil(share * len(content))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow may warn of what it repairs
        try:
            array = load_rgb(tmp_path / "a.png")
        except InputError as error:
            assert "a.png" in str(error)  # noqa: PT017 - reading may succeed, too
        else:
            assert array.ndim == 3
            assert array.dtype == np.uint8


def test_tiff_with_a_damaged_second_directory_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "TIFF")
    content = bytearray(buffer.getvalue())
    # The first directory begins where the header says and ends with a link to the next: lead it
    # to an empty one. Pillow raises TypeError when it looks there.
    start = int.from_bytes(content[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(content[start : start + 2], "little")
    content[end : end + 4] = len(content).to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content + bytes(6))
    _refused(tmp_path / "a.tif", "damaged")


def test_to_rgb_names_what_it_was_given() -> None:
    with pytest.raises(InputError, match="upload"):
        to_rgb(Image.new("CMYK", (2, 2)), "upload")


def test_to_rgb_keeps_its_input() -> None:
    image = ImageOps.grayscale(Image.fromarray(RGB))
    to_rgb(image)[:] = 0
    assert np.asarray(image).any()


def _palette_png(tmp_path: Path, entries: int) -> Path:
    """A palette of two colours and `entries` of transparency: more than two contradict it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    path = tmp_path / "palette.png"
    header = struct.pack(">IIBBBBB", 2, 2, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header), (b"PLTE", bytes(6)), (b"tRNS", bytes(entries)),
        (b"IDAT", zlib.compress(bytes(6))), (b"IEND", b""),
    )  # fmt: skip
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    return path


@pytest.mark.parametrize("entries", [2, 3, 255, 256, 300])
def test_more_transparency_than_colours_is_no_crash(tmp_path: Path, entries: int) -> None:
    """Pillow opens such a file, and finds out when it converts the pixels."""
    path = _palette_png(tmp_path, entries)
    for read in (load_rgb, Photograph.open, load_mask):
        try:
            read(path)
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
def test_a_conversion_that_fails_is_a_damaged_picture(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("palette does not fit")

    image = Image.new("P", (2, 2))
    monkeypatch.setattr(image, "convert", fails)
    with pytest.raises(InputError, match=r"damaged picture \(palette does not fit\), a\.png"):
        converted(image, mode, "a.png")
