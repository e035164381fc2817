"""Colours that are asked for, or kept: through a whole edit of the tiny category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.guidance.mean_colours import KEPT_WITHIN
from pixelguide.guidance.region import dilate
from pixelguide.labels import LabelMap
from pixelguide.photo.photograph import Photograph
from pixelguide.segment.picture_statistics import PictureStatistics

QUICK: dict[str, Any] = {"num_inference_steps": 4, "start_timestep": 300, "num_images": 2}


@pytest.mark.parametrize("start_from", ["colours", "inversion"])
@pytest.mark.parametrize("guidance_scale", [0.0, 3.0])
def test_what_is_painted_gets_the_colour_that_is_asked_for(
    editor: Editor, source: LabelMap, target: LabelMap, start_from: str, guidance_scale: float
) -> None:
    result = editor.edit(
        target, source=source, colours={"house": "#8a4b2d"}, start_from=start_from,
        guidance_scale=guidance_scale, **QUICK,
    )  # fmt: skip
    for candidate in result.candidates:
        assert candidate.colours
        reached = candidate.colours["house"]
        assert reached["wanted"] == "#8a4b2d"
        assert reached["asked"] is True
        assert reached["delta_e"] < 2
        assert candidate.changed_pixels_outside == 0
    assert result.settings["colours"] == {"house": "#8a4b2d"}


def test_without_one_edited_classes_keep_theirs(editor: Editor, target: LabelMap) -> None:
    moved = target.copy()
    house = target.ids == target.labels.id("house")
    moved.ids[house] = 0
    moved.ids[np.roll(house, 1, 0)] = target.labels.id("house")
    result = editor.edit(moved, source=target, guidance_scale=3.0, **QUICK)
    for candidate in result.candidates:
        assert candidate.colours
        assert "house" in candidate.colours
        assert not any(each["asked"] for each in candidate.colours.values())
        for each in candidate.colours.values():
            was, now = (
                np.array(tuple(bytes.fromhex(each[key][1:]))) for key in ("wanted", "reached")
            )
            assert np.abs(now.astype(int) - was).max() <= 127.5 * KEPT_WITHIN + 2  # and rounding


def test_a_class_that_keeps_its_shape_is_dyed_without_a_step(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap
) -> None:
    steps: list[Any] = []
    name = source.present()[-1]
    result = editor.edit(
        source=source, colours={name: "navy"}, on_progress=steps.append, num_images=3
    )
    (candidate,) = result.candidates  # there is nothing that could differ
    assert steps == []
    shown = source.ids == source.labels.id(name)
    assert np.array_equal(result.roi, dilate(shown, editor.defaults.dilation))
    assert np.array_equal(candidate.image[~result.roi], picture[~result.roi])
    assert (candidate.image[shown] != picture[shown]).any(-1).mean() > 0.5
    again = editor.edit(source=source, colours=result.settings["colours"])
    assert np.array_equal(again.candidates[0].image, candidate.image)


def test_a_start_that_was_chosen_makes_it_anew(editor: Editor, source: LabelMap) -> None:
    name = source.present()[-1]
    result = editor.edit(source=source, colours={name: "navy"}, **QUICK)
    assert len(result.candidates) == 2
    assert (result.candidates[0].image != result.candidates[1].image).any()


def test_a_colour_is_taken_from_the_whole_photograph(editor: Editor, source: LabelMap) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
    editor.set_image(Photograph(pixels), crop=(4, 4, 32))
    name = source.present()[-1]
    for place, part in (("47,0", pixels[:2, 46:]), ("20,30", pixels[29:32, 19:22])):
        result = editor.edit(source=source, colours={name: f"from:{place}"})
        mean = np.rint(part.mean((0, 1))).astype(int)
        assert result.settings["colours"][name] == "#{:02x}{:02x}{:02x}".format(*mean)


@pytest.mark.parametrize(
    ("colours", "message"),
    [
        ({"house": "brownish"}, "'brownish' is no colour, the colour of 'house'"),
        ({"hose": "red"}, "unknown class 'hose'"),
        ({"house": "from:16,0"}, "from:16,0 lies outside the picture of 16×16 pixels"),
        ({}, "neither a map nor a colour"),
    ],
)
def test_what_cannot_be_is_one_line(
    editor: Editor, source: LabelMap, colours: dict[str, str], message: str
) -> None:
    source.ids[3:8, 3:8] = source.labels.id("house")
    with pytest.raises(InputError, match=message):
        editor.edit(source=source, colours=colours)
    with pytest.raises(InputError, match=message):
        editor.dry_run(source=source, colours=colours)


def test_a_class_that_the_picture_will_not_show_has_no_colour(
    editor: Editor, source: LabelMap
) -> None:
    source.ids[source.ids == source.labels.id("house")] = 0
    with pytest.raises(InputError, match=r"no 'house' in the picture's map.*Paint it there"):
        editor.edit(source=source, colours={"house": "red"})


def test_grey_pictures_and_categories_have_no_colours(editor: Editor, source: LabelMap) -> None:
    name = source.present()[-1]
    editor.set_image(Photograph(np.full((20, 20, 1), 90, np.uint8)), crop=(0, 0, 20))
    with pytest.raises(InputError, match="a grey picture has no colours"):
        editor.edit(source=source, colours={name: "red"})
    editor.statistics = PictureStatistics(grey=True)
    editor.set_image(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(InputError, match="the model knows lightness alone"):
        editor.edit(source=source, colours={name: "red"})


def test_strength_lets_a_part_of_the_colour_through(
    editor: Editor, picture: NDArray[np.uint8], source: LabelMap
) -> None:
    name = source.present()[-1]
    whole, half = (
        editor.edit(source=source, colours={name: "navy"}, strength=strength).best.image
        for strength in (1.0, 0.5)
    )
    between = (picture.astype(int) + whole) / 2
    assert np.abs(half - between).max() <= 1
