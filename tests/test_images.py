"""Every kind of picture a user may bring: converted where there is one right answer, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelguide.images import (
    from_model,
    is_grey,
    load_rgb,
    open_image,
    save_png,
    squares,
    to_model,
)

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
ORIENTATION = 0x0112  # the EXIF tag


# Kinds with one right answer


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
def test_lossless_pictures_are_read_exactly(tmp_path: Path, kind: str) -> None:
    Image.fromarray(RGB).save(
        tmp_path / "a", kind, **({"lossless": True} if kind == "WEBP" else {})
    )
    assert np.array_equal(load_rgb(tmp_path / "a"), RGB)


def test_jpeg_is_read_closely(tmp_path: Path) -> None:
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(load_rgb(tmp_path / "a.jpg").astype(int) - smooth).max() <= 2


def test_format_follows_the_content_not_the_name(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.jpg", "PNG")
    assert np.array_equal(load_rgb(tmp_path / "a.jpg"), RGB)


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    Image.fromarray(RGB[..., 0]).save(tmp_path / "a.png")
    assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB[..., :1].repeat(3, 2))


def test_black_and_white_becomes_0_and_255(tmp_path: Path) -> None:
    Image.fromarray(RGB[..., 0] > 127).save(tmp_path / "a.png")
    expected = np.where(RGB[..., :1] > 127, 255, 0).repeat(3, 2)
    assert np.array_equal(load_rgb(tmp_path / "a.png"), expected)


def test_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    image.putpalette([9, 8, 7, 60, 50, 40, 255, 0, 1])
    image.save(tmp_path / "a.png")
    assert load_rgb(tmp_path / "a.png")[:, 0].tolist() == [[9, 8, 7], [255, 0, 1]]


@pytest.mark.parametrize("alpha", [0, 51, 255])
def test_alpha_is_flattened_onto_white(tmp_path: Path, alpha: int) -> None:
    image = Image.fromarray(RGB)
    image.putalpha(alpha)
    image.save(tmp_path / "a.png")
    expected = RGB * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(load_rgb(tmp_path / "a.png") - expected).max() <= 1


def test_grey_alpha_is_flattened_onto_white(tmp_path: Path) -> None:
    Image.merge("LA", [Image.new("L", (2, 1), 0), Image.new("L", (2, 1), 0)]).save(
        tmp_path / "a.png"
    )
    assert (load_rgb(tmp_path / "a.png") == 255).all()


def test_transparent_palette_entries_become_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=1)
    assert load_rgb(tmp_path / "a.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_transparent_colour_becomes_white(tmp_path: Path) -> None:
    colours = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png", transparency=(40, 50, 60))
    assert load_rgb(tmp_path / "a.png").tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [  # how a camera stores an upright picture, by the EXIF standard's table of orientations
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: np.rot90(a, 2)),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, 1)),
        (7, lambda a: np.rot90(a, 2).swapaxes(0, 1)),
        (8, lambda a: np.rot90(a, -1)),
    ],
)
def test_turned_pictures_stand_upright(
    tmp_path: Path, orientation: int, turn: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(np.ascontiguousarray(turn(RGB))).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(load_rgb(tmp_path / "a.png"), RGB)


def test_result_owns_its_memory(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    array = load_rgb(tmp_path / "a.png")
    array[:] = 0  # would raise on a view of Pillow's memory
    assert array.dtype == np.uint8


# Writing


def test_saved_picture_is_read_back(tmp_path: Path) -> None:
    save_png(tmp_path / "new" / "a.png", RGB)
    assert np.array_equal(load_rgb(tmp_path / "new" / "a.png"), RGB)


def test_saved_grey_is_one_channel(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", RGB[..., 0])
    image = open_image(tmp_path / "a.png")
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), RGB[..., 0])


# Model range


def test_every_value_survives_the_model_range() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    x = to_model(values)
    assert x.dtype == torch.float32
    assert (x.min(), x.max()) == (-1, 1)
    assert np.array_equal(from_model(x), values)


def test_layout_of_the_model_range() -> None:
    x = to_model(RGB)
    assert x.shape == (1, 3, 5, 7)
    assert x[0, 2, 1, 4] == torch.tensor(RGB[1, 4, 2] / 127.5 - 1, dtype=torch.float32)
    assert to_model(np.stack([RGB, RGB])).shape == (2, 3, 5, 7)


def test_read_only_pictures_are_taken_and_kept() -> None:
    frozen = RGB.copy()
    frozen.flags.writeable = False
    to_model(frozen).zero_()
    assert np.array_equal(frozen, RGB)


@given(st.floats(-3, 3, width=32))
def test_values_are_clipped_and_rounded_to_the_nearest(value: float) -> None:
    (pixel,) = from_model(torch.full((1, 3, 1, 1), value)).flatten()[:1]
    exact = min(255.0, max(0.0, (value + 1) * 127.5))
    assert abs(int(pixel) - exact) <= 0.5 + 1e-4


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_float_types_and_gradients_are_taken(dtype: torch.dtype) -> None:
    x = torch.tensor([-1.0, 0.0, 1.0], dtype=dtype).view(1, 3, 1, 1).requires_grad_()
    assert from_model(x).tolist() == [[[[0, 128, 255]]]]


def test_pictures_are_grey_if_not_one_pixel_has_a_colour() -> None:
    images = np.full((2, 4, 4, 3), 90, np.uint8)
    assert is_grey(images)
    images[1, 3, 3, 2] += 1
    assert not is_grey(images)
    assert is_grey(images[0])


def test_a_sheet_is_cut_into_its_whole_squares() -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (9, 13, 3), np.uint8)
    found = squares(sheet, 4)
    assert len(found) == 6
    assert np.array_equal(found[0], sheet[:4, :4])
    assert np.array_equal(found[4], sheet[4:8, 4:8])
    assert squares(sheet, 10) == []
