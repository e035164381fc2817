"""Photographs: every kind of file comes in as what it is to be seen as."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photographs import ICC, exif, random_pixels, write_photograph
from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.photo.photograph import Photograph, turned, turned_back


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    path = write_photograph(tmp_path / "a", random_pixels(0), kind, orientation)
    photograph = Photograph.open(path)
    assert np.array_equal(photograph.pixels, load_rgb(path))
    assert photograph.size == ((40, 30) if orientation < 5 else (30, 40))
    assert photograph.format == kind
    assert photograph.icc == ICC


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_back_undoes_turning(orientation: int) -> None:
    pixels = random_pixels(1)
    assert np.array_equal(turned_back(turned(pixels, orientation), orientation), pixels)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_come_in_whole(tmp_path: Path, kind: str, channels: int) -> None:
    if (kind, channels) == ("TIFF", 2):
        pytest.skip("Pillow knows no TIFF of 16-bit grey with alpha")
    pixels = random_pixels(2, 9, 7, channels, 16)
    photograph = Photograph.open(write_photograph(tmp_path / "a", pixels, kind))
    assert photograph.pixels.dtype == np.uint16
    assert np.array_equal(photograph.pixels, pixels)
    assert photograph.icc == ICC


@pytest.mark.parametrize("order", [">", "<"])
def test_sixteen_bit_tiffs_of_either_byte_order_come_in_whole(tmp_path: Path, order: str) -> None:
    pixels = random_pixels(3, 5, 4, 3, 16)
    tags = [
        (256, 3, 1, 5), (257, 3, 1, 4), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, 14), (277, 3, 1, 3), (278, 3, 1, 4), (279, 4, 1, 120),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        packed = struct.pack(order + ("H2x" if kind == 3 and count == 1 else "L"), value)
        directory += struct.pack(f"{order}HHL", tag, kind, count) + packed
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}L", 134)
    content = head + struct.pack(f"{order}3H", 16, 16, 16)
    content += pixels.astype(f"{order}u2").tobytes() + directory + bytes(4)
    (tmp_path / "a.tif").write_bytes(content)
    assert np.array_equal(Photograph.open(tmp_path / "a.tif").pixels, pixels)


def test_interlaced_sixteen_bit_pngs_come_in_whole(tmp_path: Path) -> None:
    pixels = random_pixels(4, 1, 1, 3, 16)  # one pixel: Adam7's first pass holds it all

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 1)
    rows = zlib.compress(b"\0" + pixels.astype(">u2").tobytes())
    content = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert np.array_equal(Photograph.open(tmp_path / "a.png").pixels, pixels)


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("LA", 2), ("RGBA", 4)])
def test_channels_are_kept(tmp_path: Path, mode: str, channels: int) -> None:
    image = Image.new(mode, (5, 4))
    image.save(tmp_path / "a.png")
    assert Photograph.open(tmp_path / "a.png").pixels.shape == (4, 5, channels)


def test_palettes_become_colours(tmp_path: Path) -> None:
    image = Image.fromarray(random_pixels(5)).quantize(16)
    image.save(tmp_path / "a.png")
    assert np.array_equal(Photograph.open(tmp_path / "a.png").pixels, load_rgb(tmp_path / "a.png"))
    image.save(tmp_path / "b.png", transparency=3)
    assert Photograph.open(tmp_path / "b.png").pixels.shape[2] == 4


def test_the_model_sees_eight_bits_of_colour_over_white() -> None:
    grey = np.array([[[0], [65535], [257 * 100 + 100]]], np.uint16)
    assert Photograph(grey).rgb().tolist() == [[[0] * 3, [255] * 3, [100] * 3]]
    clear = np.array([[[10, 20, 30, 0], [10, 20, 30, 255]]], np.uint8)
    assert Photograph(clear).rgb().tolist() == [[[255] * 3, [10, 20, 30]]]


def test_the_preview_in_the_exif_is_dropped(tmp_path: Path) -> None:
    block = exif(1).tobytes()
    # a second directory, as cameras write it: bytes 4 behind the first one's entries point to it
    count = struct.unpack_from("<H", block, 14)[0]
    place = 16 + 12 * count
    second = struct.pack("<HHHLLL", 1, 0x0103, 3, 1, 6, 0)
    linked = block[:place] + struct.pack("<L", len(block) - 6) + block[place + 4 :] + second
    Image.fromarray(random_pixels(6)).save(tmp_path / "a.jpg", exif=linked)
    carried = Photograph.open(tmp_path / "a.jpg").exif
    assert carried is not None
    assert b"Maker" in carried
    assert len(carried) < len(linked)


@pytest.mark.parametrize("mode", ["CMYK", "F", "I", "LAB"])
def test_other_pixel_types_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (3, 3)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"pixels of type .*a\.tif"):
        Photograph.open(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_sixteen_bit_files_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = write_photograph(tmp_path / "a", random_pixels(7, bits=16), kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError):
        Photograph.open(path)


def test_arrays_of_other_kinds_are_refused() -> None:
    for pixels in (np.zeros((3, 3, 5), np.uint8), np.zeros((3, 3), np.uint8), np.zeros((3, 3, 3))):
        with pytest.raises(InputError, match="uint8 or uint16"):
            Photograph(pixels)  # type: ignore[arg-type]


def test_a_camera_s_jpeg_with_a_second_picture_is_a_jpeg() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    photograph = Photograph.of_image(Image.open(buffer))
    assert photograph.format == "JPEG"
    assert photograph.jpeg is not None
