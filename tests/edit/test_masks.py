"""Masks as people make them: black and white, a hole erased, and what says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelguide import large_pictures, png_rows
from pixelguide.edit.masks import load_mask
from pixelguide.errors import InputError
from pixelguide.images import save_png

HOLE = np.zeros((16, 16), bool)
HOLE[4:9, 5:12] = True
PHOTO = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)


@pytest.fixture(autouse=True, params=[False, True], ids=["", "as large ones"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures are read another way: what they mean is the same."""
    if request.param:
        monkeypatch.setattr(large_pictures, "LARGE", 0)
        monkeypatch.setattr(png_rows, "BAND", 50)


def with_hole(colours: np.ndarray) -> np.ndarray:
    return np.dstack([colours, np.where(HOLE, 0, 255).astype(np.uint8)])


def test_a_mask_is_what_is_light(tmp_path: Path) -> None:
    grey = np.where(HOLE, 250, 3).astype(np.uint8)
    grey[3, 5:9], grey[9, 5:9] = 127, 128  # a smoothed outline
    save_png(tmp_path / "grey.png", grey)
    expected = HOLE.copy()
    expected[9, 5:9] = True
    assert np.array_equal(load_mask(tmp_path / "grey.png"), expected)
    Image.fromarray(np.where(HOLE, 255, 0).astype(np.uint8)).save(tmp_path / "x.jpg", quality=60)
    assert np.array_equal(load_mask(tmp_path / "x.jpg"), HOLE)


@pytest.mark.parametrize("colours", [PHOTO, PHOTO // 16, np.zeros((16, 16, 3), np.uint8)])
def test_the_picture_with_an_erased_hole(tmp_path: Path, colours: np.ndarray) -> None:
    save_png(tmp_path / "x.png", with_hole(colours))
    assert np.array_equal(load_mask(tmp_path / "x.png"), HOLE)


def test_holes_of_other_pixel_types(tmp_path: Path) -> None:
    grey = np.dstack([PHOTO[..., 0], np.where(HOLE, 0, 255)]).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "la.png")
    assert np.array_equal(load_mask(tmp_path / "la.png"), HOLE)
    palette = Image.fromarray(np.where(HOLE, 7, PHOTO[..., 0] % 7).astype(np.uint8), "L")
    palette = Image.fromarray(np.asarray(palette))
    palette.putpalette([value for i in range(8) for value in (30 * i, 99, 40)])
    palette.save(tmp_path / "p.png", transparency=7)
    assert np.array_equal(load_mask(tmp_path / "p.png"), HOLE)


def test_a_hole_turns_with_its_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(with_hole(PHOTO)).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(load_mask(tmp_path / "x.png"), np.rot90(HOLE, -1))


def test_alpha_that_hides_nothing_does_not_count(tmp_path: Path) -> None:
    white = np.where(HOLE[..., None], 255, 0).repeat(3, axis=-1).astype(np.uint8)
    save_png(tmp_path / "x.png", np.dstack([white, np.full((16, 16), 255, np.uint8)]))
    assert np.array_equal(load_mask(tmp_path / "x.png"), HOLE)


@pytest.mark.parametrize("dark", [True, False])
def test_white_on_transparent_ground_is_refused(tmp_path: Path, dark: bool) -> None:
    colours = np.full((16, 16, 3), 255, np.uint8)
    if dark:
        colours[12:] = 0
    save_png(tmp_path / "x.png", with_hole(colours))
    with pytest.raises(InputError, match=r"white paint and transparent ground.*x\.png"):
        load_mask(tmp_path / "x.png")


@pytest.mark.parametrize("grey", [False, True])
def test_photographs_are_no_masks(tmp_path: Path, grey: bool) -> None:
    save_png(tmp_path / "x.png", PHOTO[..., 0] if grey else PHOTO)
    with pytest.raises(InputError, match=r"not a mask: .*x\.png"):
        load_mask(tmp_path / "x.png")
