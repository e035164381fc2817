"""PNGs by hand: every kind is read back by Pillow, and a variant is what its pixels say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pixelguide.photo.png_file import PngEncoder


def _read(pieces: list[bytes]) -> Image.Image:
    image = Image.open(io.BytesIO(b"".join(pieces)))
    image.load()  # checks every CRC and the Adler-32
    return image


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4]), st.integers(0, 2**32))
def test_eight_bits_come_back(height: int, width: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    image = _read(PngEncoder(pixels).encode())
    assert image.mode == ["L", "LA", "RGB", "RGBA"][channels - 1]
    assert np.array_equal(np.array(image).reshape(pixels.shape), pixels)


def test_sixteen_bits_come_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 20, 1), np.uint16)
    image = _read(PngEncoder(pixels).encode())
    assert image.mode == "I;16"
    assert np.array_equal(np.array(image), pixels[..., 0])
    colours = np.random.default_rng(0).integers(0, 65536, (30, 20, 3), np.uint16)
    high_bytes = np.array(_read(PngEncoder(colours).encode()))  # all that Pillow reads
    assert np.array_equal(high_bytes, colours >> 8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_variants_are_the_files_of_their_pixels(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelguide.photo.png_file._BAND_BYTES", 200)  # several bands
    generator = np.random.default_rng(1)
    pixels = generator.integers(0, 256, (50, 20, 3)).astype(dtype)
    encoder = PngEncoder(pixels)
    for height, width, top, left in [(1, 1, 0, 0), (50, 20, 0, 0), (7, 5, 11, 3), (1, 20, 49, 0)]:
        patch = generator.integers(0, 256, (height, width, 3)).astype(dtype)
        whole = pixels.copy()
        whole[top : top + height, left : left + width] = patch
        assert encoder.encode(patch, left, top) == PngEncoder(whole).encode()
    assert encoder.encode() == PngEncoder(pixels).encode()


def test_other_chunks_stand_in_front_of_the_pixels() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    image = _read(PngEncoder(pixels, [(b"tEXt", b"Title\0a picture")]).encode())
    assert image.info["Title"] == "a picture"
