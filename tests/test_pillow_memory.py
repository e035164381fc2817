"""Pillow decodes into memory of ours, and its fourth bytes are left out in place."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFile

from photographs import random_pixels
from pixelguide.pillow_memory import PillowMemory

PIXELS = random_pixels(0, 300, 260, 4)


def opened(mode: str, kind: str) -> ImageFile.ImageFile:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(buffer, kind)
    image = Image.open(buffer)
    assert isinstance(image, ImageFile.ImageFile)
    return image


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "BMP"), ("RGB", "JPEG"), ("RGBA", "TIFF")])
def test_pixels_are_those_of_pillow(mode: str, kind: str) -> None:
    wanted = np.asarray(opened(mode, kind))
    image = opened(mode, kind)
    assert PillowMemory.fits(image)
    memory = PillowMemory(image)
    image.load()
    pixels = memory.pixels(image, None, None)
    assert np.array_equal(pixels, wanted)
    assert pixels.flags.writeable


def test_bands_are_converted() -> None:
    image = opened("RGBA", "TIFF")
    memory = PillowMemory(image)
    image.load()
    found = memory.pixels(image, 2, lambda band: 255 - band[..., 1:3])
    assert np.array_equal(found, 255 - PIXELS[..., 1:3])


def test_other_memory_is_not_taken_for_ours() -> None:
    image = opened("RGB", "BMP")
    memory = PillowMemory(image)
    image.im = Image.new("RGB", image.size).im
    with pytest.raises(RuntimeError):
        memory.pixels(image, None, None)


def test_what_brings_its_own_memory_does_not_fit() -> None:
    assert not PillowMemory.fits(opened("RGB", "PNG"))
    assert not PillowMemory.fits(opened("L", "BMP"))
