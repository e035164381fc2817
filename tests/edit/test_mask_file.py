from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pixelguide.edit.mask_file import load_mask
from pixelguide.errors import InputError
from pixelguide.images import save_png


def test_a_mask_is_what_is_light_or_transparent(tmp_path: Path) -> None:
    values = np.array([[0, 0, 0, 0, 127, 128, 255, 255, 255, 255]], np.uint8)
    save_png(tmp_path / "grey.png", values)
    assert load_mask(tmp_path / "grey.png")[0].tolist() == [False] * 5 + [True] * 5
    rgba = np.zeros((1, 2, 4), np.uint8)
    rgba[0, 0, 3] = 255
    save_png(tmp_path / "rgba.png", rgba)
    assert load_mask(tmp_path / "rgba.png").tolist() == [[False, True]]


def _disc() -> Image.Image:
    rows, columns = np.ogrid[:64, :64]
    inside = (rows - 30) ** 2 + (columns - 32) ** 2 < 18**2
    return Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))


def test_soft_edges_and_what_jpeg_leaves_of_a_mask_are_one(tmp_path: Path) -> None:
    soft = _disc().filter(ImageFilter.GaussianBlur(2))
    soft.save(tmp_path / "soft.png")
    _disc().save(tmp_path / "lossy.jpg", quality=40)
    for name in ("soft.png", "lossy.jpg"):
        found = load_mask(tmp_path / name)
        assert (found != np.asarray(_disc()).astype(bool)).mean() < 0.02


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_photograph_is_no_mask(tmp_path: Path, mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(tmp_path / "face.png")
    with pytest.raises(
        InputError, match=r"no mask: \d+% of its pixels .*face\.png.*black \(keep\)"
    ):
        load_mask(tmp_path / "face.png")


def test_colours_are_no_mask(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, 4:] = (255, 0, 0)  # a label map, say
    save_png(tmp_path / "map.png", pixels)
    with pytest.raises(InputError, match="no mask"):
        load_mask(tmp_path / "map.png")
