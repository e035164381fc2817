"""Colours to ids: exact, swapped or near; and never an unknown one to a class."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.label_colours import Colour, ids_of_colours
from pixelguide.labels import LabelMap, LabelSet

CLASSES: dict[Colour, int] = {(10, 20, 30): 0, (200, 100, 0): 1, (0, 100, 201): 2, (9, 9, 9): 255}
MAPS = hnp.arrays(np.intp, (3, 4), elements=st.integers(0, 3))
PALETTE = np.array(list(CLASSES), np.uint8)
IDS = np.array(list(CLASSES.values()), np.uint8)


def pixels(*colours: Colour) -> NDArray[np.uint8]:
    return np.array([colours], np.uint8)


@given(MAPS)
def test_exact_colours(indices: NDArray[np.intp]) -> None:
    assert np.array_equal(ids_of_colours(PALETTE[indices], CLASSES, "m.png"), IDS[indices])


@given(MAPS)
def test_swapped_files_give_the_same_ids(indices: NDArray[np.intp]) -> None:
    assume((indices == 0).any())  # a colour that is known one way round only
    swapped = PALETTE[indices][..., ::-1]
    assert np.array_equal(ids_of_colours(swapped, CLASSES, "m.png"), IDS[indices])


def test_colours_known_both_ways_are_rgb() -> None:
    both: dict[Colour, int] = {(1, 2, 3): 0, (3, 2, 1): 1}
    assert ids_of_colours(pixels((1, 2, 3), (3, 2, 1)), both, "m.png").tolist() == [[0, 1]]


def test_a_file_half_swapped_is_an_error() -> None:
    with pytest.raises(
        InputError, match=r"\(30, 20, 10\) is no class: 1 pixels, first at \(1, 0\)"
    ):
        ids_of_colours(pixels((10, 20, 30), (30, 20, 10)), CLASSES, "m.png")


@given(hnp.arrays(np.uint8, (2, 3, 3), elements=st.integers(0, 255)), st.integers(0, 60))
def test_no_pixel_becomes_a_class_farther_away_than_stated(
    image: NDArray[np.uint8], snap: int
) -> None:
    try:
        ids = ids_of_colours(image, CLASSES, "m.png", snap)
    except InputError:
        return
    colour_of = {index: np.array(colour) for colour, index in CLASSES.items()}
    distances = [
        max(
            np.linalg.norm(pixel - colour_of[index])
            for pixel, index in zip(view.reshape(-1, 3).astype(int), ids.reshape(-1), strict=True)
        )
        for view in (image, image[..., ::-1])
    ]
    assert min(distances) <= snap


def test_near_colours_take_the_nearest_class() -> None:
    image = pixels((12, 20, 29), (198, 101, 1), (10, 20, 30))
    assert ids_of_colours(image, CLASSES, "m.png", snap=3).tolist() == [[0, 1, 0]]
    with pytest.raises(InputError, match=r"\(12, 20, 29\) is no class: 1 .* 1 other unknown"):
        ids_of_colours(image, CLASSES, "m.png")
    with pytest.raises(InputError, match=r"\(198, 101, 1\) is not within 2.3 of a class.* 0 other"):
        ids_of_colours(image, CLASSES, "m.png", snap=2.3)


def test_near_colours_of_a_swapped_file() -> None:
    image = pixels((30, 20, 10), (0, 100, 200), (31, 20, 10))
    assert ids_of_colours(image, CLASSES, "m.png", snap=2).tolist() == [[0, 1, 0]]


def test_maps_are_loaded_with_both(tmp_path: Path) -> None:
    labels = LabelSet(("a", "b"), ((10, 20, 30), (200, 100, 0)))
    Image.fromarray(pixels((30, 20, 10), (255, 255, 255), (0, 100, 200))).save(tmp_path / "m.png")
    assert LabelMap.load(tmp_path / "m.png", labels).ids.tolist() == [[0, 255, 1]]
    Image.fromarray(pixels((10, 20, 31), (254, 255, 255))).save(tmp_path / "m.png")
    assert LabelMap.load(tmp_path / "m.png", labels, snap=1).ids.tolist() == [[0, 255]]


def test_a_photograph_in_place_of_a_map_ends_soon() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    with pytest.raises(InputError, match="other unknown colours"):
        ids_of_colours(noise, CLASSES, "photo.png", snap=10)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """As many different colours as there are pixels, nearly."""
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("snap", [0, 20])
def test_a_photograph_in_place_of_a_map_is_refused_in_time(snap: float) -> None:
    """40 megapixels of unknown colours were sorted for minutes."""

    def seconds(pixels: NDArray[np.uint8]) -> float:
        began = time.process_time()
        with pytest.raises(InputError, match=r"is no class: .* more than 65536 other unknown"):
            ids_of_colours(pixels, CLASSES, "m.png", snap)
        return time.process_time() - began

    assert seconds(noise(1000, 4000)) < 2


@pytest.mark.parametrize("snap", [0, 441])
def test_many_pixels_of_few_unknown_colours_take_time_in_proportion(snap: float) -> None:
    few = noise(1, 3000)

    def seconds(rows: int) -> float:
        image = np.tile(few, (rows, 1, 1))
        began = time.process_time()
        if snap:
            ids = ids_of_colours(image, CLASSES, "m.png", snap)
            assert ids.shape == (rows, 3000)
        else:
            with pytest.raises(InputError, match=r"and 299\d other unknown colours"):
                ids_of_colours(image, CLASSES, "m.png")
        return time.process_time() - began

    seconds(1)
    assert seconds(1200) < 10 * max(seconds(300), 0.1)


def test_the_first_colour_is_counted_and_the_others_numbered() -> None:
    unknown = ((1, 1, 1), (2, 2, 2), (1, 1, 1), (10, 20, 30))
    with pytest.raises(InputError, match=r"\(1, 1, 1\) is no class: 2 pixels.* and 1 other"):
        ids_of_colours(pixels(*unknown), CLASSES, "m.png")
