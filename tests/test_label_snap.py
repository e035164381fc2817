"""Near colours: what a distance would do is said before, and rims of a third class after."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.label_colours import match_colours
from pixelguide.labels import LabelMap, LabelSet

# Grey-blue lies between black and light blue, as a third class between two others
LABELS = LabelSet(("hair", "sky", "slate"), ((0, 0, 0), (100, 150, 250), (50, 75, 120)))
HAIR, SKY, SLATE = (np.array(colour, np.uint8) for colour in LABELS.palette)


def disc(softness: float) -> NDArray[np.uint8]:
    """A disc of hair on sky whose border is so many pixels wide, uint8 40×40×3."""
    y, x = np.mgrid[:40, :40] - 19.5
    share = np.clip((12 - np.hypot(x, y)) / softness + 0.5, 0, 1)[..., None]
    return np.rint(share * HAIR + (1 - share) * SKY).astype(np.uint8)


def read(pixels: NDArray[np.uint8], snap: float = 0) -> LabelMap:
    return LabelMap.from_image(Image.fromarray(pixels), LABELS, "m.png", snap)


@pytest.mark.parametrize("softness", [1, 2, 6])
def test_the_error_names_the_distance_that_would_do_and_what_it_would_give(softness: float) -> None:
    with pytest.raises(InputError) as caught:
        read(disc(softness))
    distance = int(re.search(r"--snap (\d+) ", str(caught.value))[1])  # type: ignore[index]
    told = dict(re.findall(r"(?:pixels: |, )(\d+) to (\w+)", str(caught.value)))
    found = read(disc(softness), distance)
    with pytest.raises(InputError, match="is not within"):
        read(disc(softness), distance - 1)
    exact = {name: (disc(softness) == colour).all(-1).sum() for name, colour in
             zip(LABELS.names, (HAIR, SKY, SLATE), strict=True)}  # fmt: skip
    got = {name: (found.ids == k).sum() - exact[name] for k, name in enumerate(LABELS.names)}
    assert {name: int(count) for count, name in told.items()} == {
        name: count for name, count in got.items() if count
    }


@pytest.mark.parametrize("softness", [1, 2, 6])
def test_a_rim_of_a_third_class_is_warned_of_with_its_pixels(softness: float) -> None:
    found = read(disc(softness), 441)
    rim = int((found.ids == LABELS.id("slate")).sum())
    assert rim > 20
    assert found.origin is not None
    (note,) = found.origin.notes
    assert note.startswith(f"{rim} pixels were taken for slate, whose colour lies between")


def test_a_palette_image_is_warned_of_too() -> None:
    image = Image.fromarray(disc(2)).quantize(256)
    found = LabelMap.from_image(image, LABELS, "m.png", 441)
    assert found.origin is not None
    assert len(found.origin.notes) == 1


def test_blends_with_the_class_itself_are_no_rim() -> None:
    """Hair on slate: what lies between takes one of the two."""
    pixels = disc(2)
    pixels[:] = np.rint(pixels.astype(float) * 0.5).astype(np.uint8)  # sky becomes near slate
    pixels[(pixels == SKY // 2).all(-1)] = SLATE
    found = read(pixels, 441)
    assert found.origin is not None
    assert found.origin.notes == ()


def test_a_thin_rim_is_found_even_if_the_blend_is_no_straight_one() -> None:
    """Blended in linear light, a colour lies off the line between the two."""
    pixels = np.array([HAIR, HAIR, (75, 110, 190), SKY, SKY], np.uint8)[None].repeat(4, 0)
    pixels[:, 2] = (62, 100, 130)
    found = match_colours(pixels, LABELS.colour_ids(), "m.png", 441, LABELS.names)
    assert found.ids[0].tolist() == [0, 0, 2, 1, 1]
    assert "4 pixels were taken for slate" in found.notes[0]


def test_a_photograph_is_no_map_at_any_distance() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    with pytest.raises(InputError) as caught:
        read(noise)
    assert "--snap" not in str(caught.value)


def test_swapped_colours_are_told_the_distance_that_they_need() -> None:
    pixels = disc(1)[..., ::-1]
    with pytest.raises(InputError) as caught:
        read(pixels)
    distance = int(re.search(r"--snap (\d+) ", str(caught.value))[1])  # type: ignore[index]
    assert np.array_equal(read(pixels, distance).ids, read(disc(1), distance).ids)
