"""A picture by its rows is the same picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from pixelguide.images import to_rgb
from pixelguide.picture_rows import ImageRows, PaletteRows, as_stored, bands, upright_shape

RGB = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)


@pytest.mark.parametrize("shape", [(7, 5), (1, 900), (900, 1), (0, 4)])
def test_bands_are_all_rows_once_and_small(shape: tuple[int, int]) -> None:
    found = list(bands(shape, 20))
    assert [y for rows in found for y in range(rows.start, rows.stop)] == list(range(shape[0]))
    assert all((rows.stop - rows.start) * shape[1] <= max(20, shape[1]) for rows in found)


def test_rows_of_images_and_palettes() -> None:
    image = Image.fromarray(RGB)
    assert np.array_equal(ImageRows(image)[2:5], RGB[2:5])
    grey = ImageRows(image, lambda band: band.convert("L"))
    assert np.array_equal(grey[6:], np.asarray(image.convert("L"))[6:])
    values = RGB[..., 0] % 7
    assert np.array_equal(PaletteRows(values, RGB[:, 0])[1:3], RGB[:, 0][values[1:3]])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_pillow_turns_them(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(RGB)
    image.info["exif"] = exif.tobytes()
    upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(to_rgb(image), upright)
    assert upright_shape(image, orientation) == upright.shape[:2]
    assert np.array_equal(as_stored(upright, orientation), RGB)
