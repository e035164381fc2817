"""Frames: where the model's square lies, and what it sees of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photographs import random_pixels
from pixelguide.errors import InputError
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph

PHOTOGRAPH = Photograph(random_pixels(0, 90, 70))
SMOOTH = Photograph(
    np.array(Image.fromarray(random_pixels(1, 9, 7)).resize((900, 700), Image.Resampling.BICUBIC))
)


def test_text_says_the_frame_and_is_read_again() -> None:
    for frame, text in [(Frame(1, 2.5, 30), "1,2.5,30"), (Frame(1, 2, 30, -4.25), "1,2,30,-4.25")]:
        assert str(frame) == text
        assert Frame.parse(text) == frame
        assert Frame.from_json(frame.to_json(), "map") == frame


@pytest.mark.parametrize("text", ["", "1,2", "a,b,c", "1,2,3,4,5", "1,2,0", "1,2,-3", "1,nan,3"])
def test_text_that_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="crop"):
        Frame.parse(text)


def test_a_crop_is_what_cropping_and_resizing_by_hand_makes() -> None:
    seen = Placement(PHOTOGRAPH, Frame(11, 7, 48), 16).extract()
    by_hand = Image.fromarray(PHOTOGRAPH.pixels).crop((11, 7, 59, 55))
    assert np.array_equal(seen, np.array(by_hand.resize((16, 16), Image.Resampling.LANCZOS)))


def test_a_crop_of_the_model_s_size_is_copied() -> None:
    seen = Placement(PHOTOGRAPH, Frame(11, 7, 16), 16).extract()
    assert np.array_equal(seen, PHOTOGRAPH.pixels[7:23, 11:27])


@pytest.mark.parametrize("angle", [90, 180, -90])
def test_quarter_turns_are_exact(angle: float) -> None:
    corner = {90: (30, 10), 180: (30, 30), -90: (10, 30)}[int(angle)]
    seen = Placement(PHOTOGRAPH, Frame(*corner, 20, angle), 20).extract()
    assert np.array_equal(seen, np.rot90(PHOTOGRAPH.pixels[10:30, 10:30], angle // 90))


@given(
    st.tuples(st.floats(380, 420), st.floats(200, 400)),
    st.tuples(st.floats(480, 550), st.floats(200, 400)),
)
def test_eyes_come_to_lie_where_the_category_has_them(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    places = ((0.37, 0.45), (0.63, 0.47))
    frame = Frame.from_eyes((second, first), places)  # in any order
    placement = Placement(SMOOTH, frame, 64)
    found = placement.to_picture(np.array(places) * 64)
    assert np.allclose(found, [first, second], atol=1e-4)


def test_a_turned_frame_sees_the_turned_picture() -> None:
    frame = Frame(300, 100, 400, 25)
    placement = Placement(SMOOTH, frame, 64)
    seen = placement.extract().astype(int)
    centres = np.stack(np.meshgrid(*[np.arange(64) + 0.5] * 2), -1).reshape(-1, 2)
    x, y = np.floor(placement.to_picture(centres)).astype(int).T
    assert np.abs(seen.reshape(-1, 3) - SMOOTH.pixels[y, x]).mean() < 2


def test_both_eyes_at_one_place_are_refused() -> None:
    with pytest.raises(InputError, match="one place"):
        Frame.from_eyes(((1, 2), (1, 2)), ((0.3, 0.5), (0.7, 0.5)))


def test_whole_pictures_are_square() -> None:
    assert Frame.whole(20, 20) == Frame(0, 0, 20)
    with pytest.raises(InputError, match=r"30×20 pixels are no square.*--crop.*--eyes"):
        Frame.whole(30, 20)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (Frame(0, 0, 3), "a crop of 3 pixels for a model of 16"),
        (Frame(80, 60, 40), "only 6% of the crop lie in the picture"),
        (Frame(-500, 0, 40), "only 0% of the crop"),
        (Frame(0, 0, 1e9), "only 0% of the crop"),
    ],
)
def test_frames_that_show_too_little_are_refused(frame: Frame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Placement(PHOTOGRAPH, frame, 16)


def test_what_sticks_out_is_mirrored() -> None:
    seen = Placement(PHOTOGRAPH, Frame(-4, 0, 16), 16).extract()
    assert np.array_equal(seen[:, 4:], PHOTOGRAPH.pixels[:16, :12])
    assert np.array_equal(seen[:, :4], PHOTOGRAPH.pixels[:16, :4][:, ::-1])


def test_a_region_covers_the_pixels_whose_centres_lie_in_it() -> None:
    region = np.zeros((16, 16), np.bool_)
    region[2, 3] = True
    whole = Placement(PHOTOGRAPH, Frame(10, 20, 32), 16).region(region)
    assert np.argwhere(whole).tolist() == [[24, 16], [24, 17], [25, 16], [25, 17]]
