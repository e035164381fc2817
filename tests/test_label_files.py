"""Label maps as files: ids survive every trip, and nothing unknown becomes a class."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError, ResourceError
from pixelguide.labels import IGNORE, LabelMap, LabelSet

Ids = NDArray[np.uint8]

SET = LabelSet(("sky", "grass", "house"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))
MAPS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).map(
    lambda a: np.array([0, 1, 2, IGNORE], np.uint8)[a % 4]
)
SAMPLE = np.array([[0, 1, 2], [IGNORE, 2, 1]], np.uint8)


@given(MAPS)
def test_ids_survive_every_kind_of_png(tmp_path_factory: pytest.TempPathFactory, ids: Ids) -> None:
    folder = tmp_path_factory.mktemp("maps")
    label_map = LabelMap(ids, SET)
    label_map.save(folder / "palette.png")
    Image.fromarray(ids).save(folder / "grey.png")
    Image.fromarray(label_map.colour()).save(folder / "rgb.png")
    Image.fromarray(label_map.colour()).convert("RGBA").save(folder / "rgba.png")
    modes = {}
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            modes[path.stem] = image.mode
        assert np.array_equal(LabelMap.load(path, SET).ids, ids)
    assert modes == {"grey": "L", "palette": "P", "rgb": "RGB", "rgba": "RGBA"}


def test_saved_palette_shows_the_colours(tmp_path: Path) -> None:
    LabelMap(SAMPLE, SET).save(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), LabelMap(SAMPLE, SET).colour())


def test_palette_files_of_others_are_read_by_index_if_no_colour_is_a_class_s(
    tmp_path: Path,
) -> None:
    image = Image.fromarray(SAMPLE)
    # brightness 255, 0, 29 …: convert("L") would yield other, partly valid ids
    image.putpalette([254, 255, 255, 0, 9, 0, 0, 0, 252] + [1, 2, 1] * 253)
    image.save(tmp_path / "map.png")
    assert np.array_equal(LabelMap.load(tmp_path / "map.png", SET).ids, SAMPLE)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_palette_files_of_few_bits_are_read_by_index(tmp_path: Path, bits: int) -> None:
    ids = np.array([[0, 1, 1], [1, 0, 1]], np.uint8)
    image = Image.fromarray(ids)
    image.putpalette([9, 9, 99, 200, 200, 90] + [0, 0, 7] * (2**bits - 2))
    image.save(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes()[24] == bits  # the header's bit depth
    assert np.array_equal(LabelMap.load(tmp_path / "map.png", SET).ids, ids)


def test_white_is_a_class_if_a_class_claims_it(tmp_path: Path) -> None:
    labels = LabelSet(("paper", "ink"), ((255, 255, 255), (0, 0, 0)))
    colours = np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8)
    Image.fromarray(colours).save(tmp_path / "map.png")
    assert LabelMap.load(tmp_path / "map.png", labels).ids.tolist() == [[0, 1]]


def test_unknown_colour_is_named_with_count_and_position(tmp_path: Path) -> None:
    colour = LabelMap(np.ones((4, 5), np.uint8), SET).colour()
    colour[1, 3] = colour[2, 0] = (1, 2, 3)
    colour[3, 3] = (255, 0, 0)  # the class colour with red and blue swapped
    Image.fromarray(colour).save(tmp_path / "map.png")
    message = r"colour \(1, 2, 3\) is no class: 2 pixels, first at \(3, 1\), and 1 other .*map\.png"
    with pytest.raises(InputError, match=message):
        LabelMap.load(tmp_path / "map.png", SET)


def test_unknown_id_in_a_file_names_the_file(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 9, np.uint8)).save(tmp_path / "map.png")
    with pytest.raises(InputError, match=r"unknown class id 9 on 4 pixels.*map\.png"):
        LabelMap.load(tmp_path / "map.png", SET)


def test_transparent_pixels_are_refused(tmp_path: Path) -> None:
    image = Image.fromarray(LabelMap(SAMPLE, SET).colour()).convert("RGBA")
    image.putpixel((0, 0), (0, 0, 255, 254))
    image.save(tmp_path / "map.png")
    with pytest.raises(InputError, match=r"transparent pixels, map\.png"):
        LabelMap.load(tmp_path / "map.png", SET)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP"])
def test_other_formats_are_refused_even_under_the_name_of_png(tmp_path: Path, kind: str) -> None:
    Image.fromarray(LabelMap(SAMPLE, SET).colour()).save(tmp_path / "map.png", kind)
    with pytest.raises(InputError, match=r"map\.png\. Give a picture of type PNG"):
        LabelMap.load(tmp_path / "map.png", SET)


@pytest.mark.parametrize("name", ["map.jpg", "map.webp"])
def test_formats_that_change_labels_are_named(tmp_path: Path, name: str) -> None:
    Image.fromarray(LabelMap(SAMPLE, SET).colour()).save(tmp_path / name)
    with pytest.raises(InputError, match=f"change labels, {name}. Save the map as PNG"):
        LabelMap.load(tmp_path / name, SET)


def test_sixteen_bits_get_advice_that_fits_a_map(tmp_path: Path) -> None:
    Image.new("I;16", (2, 2)).save(tmp_path / "map.png")
    with pytest.raises(InputError, match=r"16 bits a pixel, map\.png\. Save it with 8"):
        LabelMap.load(tmp_path / "map.png", SET)


@pytest.mark.parametrize("mode", ["1", "LA", "I;16"])
def test_other_pixel_types_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2)).save(tmp_path / "map.png")
    with pytest.raises(InputError, match=r"map\.png"):
        LabelMap.load(tmp_path / "map.png", SET)


def test_map_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "map.png"
    LabelMap(SAMPLE, SET).save(path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ResourceError, match="no space left"):
            LabelMap(np.zeros_like(SAMPLE), SET).save(path)
    assert np.array_equal(LabelMap.load(path, SET).ids, SAMPLE)
    assert list(tmp_path.iterdir()) == [path]
