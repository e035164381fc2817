from __future__ import annotations

import pytest

from pixelguide.colours import Picked, read_colour, to_hex
from pixelguide.errors import InputError


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#8a4b2d", (138, 75, 45)),
        (" #FFF ", (255, 255, 255)),
        ("navy", (0, 0, 128)),
        ("SaddleBrown", (139, 69, 19)),
        ("Brown", (107, 74, 47)),  # of hair: CSS has a dark red
        ("blonde", (216, 190, 140)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("from:12,7", Picked(12, 7)),
        ("FROM: 0 , 130", Picked(0, 130)),
    ],
)
def test_colours_are_read_as_people_write_them(text: str, colour: object) -> None:
    assert read_colour(text, "here") == colour


@pytest.mark.parametrize(
    "text",
    [
        "",
        "browny",
        "#12",
        "#11223344",
        "rgba(1,2,3,4)",
        "from:",
        "from:-1,2",
        "from:1.5,2",
        "8a4b2d",
    ],
)
def test_what_is_no_colour_is_named_with_its_place(text: str) -> None:
    with pytest.raises(InputError, match=r"is no colour, here\. Give #rrggbb") as caught:
        read_colour(text, "here")
    assert f"'{text}'" in str(caught.value)


def test_a_long_text_is_cut_and_has_one_line() -> None:
    with pytest.raises(InputError) as caught:
        read_colour("x\n" * 500, "here")
    assert len(str(caught.value)) < 150
    assert "\n" not in str(caught.value)


def test_hex_is_read_back_and_rounded_into_range() -> None:
    assert to_hex((138, 75, 45)) == "#8a4b2d"
    assert to_hex((-3.0, 254.6, 299.0)) == "#00ffff"
