"""What is written is what is to be seen, with all that the original carried."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from photographs import ICC, random_pixels, write_photograph
from pixelguide.errors import InputError
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter


def _read(pieces: list[bytes], path: Path) -> Photograph:
    path.write_bytes(b"".join(pieces))
    return Photograph.open(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("output", ["png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_lossless_files_hold_the_patched_picture_and_what_it_carried(
    tmp_path: Path, kind: str, output: str, orientation: int
) -> None:
    path = write_photograph(tmp_path / "a", random_pixels(0), kind, orientation)
    photograph = Photograph.open(path)
    patch = random_pixels(1, 7, 5)
    wanted = photograph.pixels.copy()
    wanted[3:8, 11:18] = patch
    writer = PhotographWriter(photograph, output)  # type: ignore[arg-type]
    read = _read(writer.encode(patch, 11, 3), tmp_path / "b")
    assert np.array_equal(read.pixels, wanted)
    assert (read.icc, read.orientation, read.format) == (ICC, 1, output.upper())
    with Image.open(tmp_path / "b") as image:
        carried = image.getexif()
        assert carried[0x010F] == "Maker"
        assert carried.get_ifd(0x8769)[0x829A] == pytest.approx(0.01)
        assert carried.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("output", ["png", "same", "tiff"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_channels_and_depth_are_kept(tmp_path: Path, output: str, channels: int, bits: int) -> None:
    pixels = random_pixels(2, 9, 7, channels, bits)
    pieces = PhotographWriter(Photograph(pixels), output).encode()  # type: ignore[arg-type]
    if output == "tiff" and (channels, bits) == (2, 16):
        return  # written, but Pillow cannot read it
    read = _read(pieces, tmp_path / "a")
    assert read.pixels.dtype == pixels.dtype
    assert np.array_equal(read.pixels, pixels)


def test_a_jpeg_again_keeps_tables_subsampling_and_layout(tmp_path: Path) -> None:
    smooth = Image.fromarray(random_pixels(3, 64, 48)).filter(ImageFilter.GaussianBlur(3))
    path = write_photograph(tmp_path / "a", np.array(smooth), "JPEG", 6)
    photograph = Photograph.open(path)
    pieces = PhotographWriter(photograph, "same").encode()
    again = Image.open(io.BytesIO(b"".join(pieces)))
    before = Image.open(io.BytesIO(path.read_bytes()))
    assert again.quantization == before.quantization  # type: ignore[attr-defined]
    assert again.size == before.size == (64, 48)
    assert again.getexif()[0x0112] == 6
    upright = np.array(ImageOps.exif_transpose(again))
    assert np.abs(upright.astype(int) - photograph.pixels).max() <= 12


@pytest.mark.parametrize(
    ("pixels", "output", "message"),
    [
        (random_pixels(4, channels=4), "jpeg", "no transparency"),
        (random_pixels(4, bits=16), "jpeg", "no 16 bits"),
        (random_pixels(4, bits=16), "webp", "no 16 bits"),
        (random_pixels(4), "gif", "format 'gif'"),
    ],
)
def test_formats_that_cannot_hold_the_picture_are_refused(
    pixels: np.ndarray, output: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        PhotographWriter(Photograph(pixels), output)  # type: ignore[arg-type]


def test_a_png_says_more_if_told_to() -> None:
    photograph = Photograph(random_pixels(5))
    content = b"".join(PhotographWriter(photograph, "png", {"pixelguide": "{} – 唇"}).encode())
    with Image.open(io.BytesIO(content)) as image:
        assert image.text == {"pixelguide": "{} – 唇"}  # type: ignore[attr-defined]
        assert np.array_equal(np.asarray(image), photograph.pixels)
