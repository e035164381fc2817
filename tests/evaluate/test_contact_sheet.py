from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.evaluate.contact_sheet import (
    CAPTION,
    GAP,
    MARGIN,
    PAPER,
    contact_sheet,
    region_alone,
)


def picture(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (10, 12, 3), np.uint8)


@pytest.mark.parametrize("magnify", [1, 2, 3])
def test_every_picture_is_shown_pixel_by_pixel_in_its_place(magnify: int) -> None:
    rows = [
        ("first", [(picture(0), "note"), (picture(1), "")]),
        ("second", [(picture(2), ""), (picture(3), "a note")]),
    ]
    sheet = contact_sheet(["left", "right"], rows, magnify)
    width, height = 12 * magnify, 10 * magnify
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 2 * MARGIN + 2 * width + GAP
    for r, (_, pictures) in enumerate(rows):
        top = MARGIN + 2 * CAPTION + r * (height + 2 * CAPTION)
        for k, (shown, _) in enumerate(pictures):
            left = MARGIN + k * (width + GAP)
            large = shown.repeat(magnify, 0).repeat(magnify, 1)
            assert np.array_equal(sheet[top : top + height, left : left + width], large)


def test_titles_headings_and_notes_leave_ink() -> None:
    rows = [("", [(np.full((40, 60, 3), PAPER, np.uint8), "")])]
    bare = contact_sheet([""], rows)
    assert (bare == PAPER).all()
    noted = [("", [(rows[0][1][0][0], "note · 50%")])]
    for sheet in (
        contact_sheet(["heading"], rows),
        contact_sheet([""], [("title", rows[0][1])]),
        contact_sheet([""], noted),
    ):
        assert sheet.shape == bare.shape
        assert 20 < (sheet != PAPER).any(-1).sum() < 2000


def test_a_row_may_be_shorter_than_the_headings() -> None:
    rows = [("one", [(picture(0), "")]), ("two", [(picture(1), ""), (picture(2), "")])]
    assert contact_sheet(["a", "b"], rows).shape[1] == 2 * MARGIN + 2 * 24 + GAP


def test_what_is_too_long_is_cut_short_instead_of_running_into_its_neighbour() -> None:
    blank = np.full((40, 60, 3), PAPER, np.uint8)
    long = "guided:guidance_scale=0,schedule=paper"
    rows = [("", [(blank, f"a note on {long}"), (blank, "")])]
    sheet = contact_sheet([long, ""], rows, 1)
    ink = (sheet != PAPER).any((0, 2))
    assert ink[MARGIN : MARGIN + 60].any()
    assert not ink[MARGIN + 60 :].any()
    short = contact_sheet(["all", ""], [("", [(blank, ""), (blank, "")])], 1)
    cut = contact_sheet(["all of this heading", ""], [("", [(blank, ""), (blank, "")])], 1)
    assert np.array_equal(short[:, : MARGIN + 12], cut[:, : MARGIN + 12]), "its beginning stays"


def test_the_region_stays_bright() -> None:
    image = picture(0) // 2 + 100
    roi = np.zeros(image.shape[:2], np.bool_)
    roi[2:5, 3:7] = True
    shown = region_alone(image, roi)
    assert np.array_equal(shown[roi], image[roi])
    assert (shown[~roi] < image[~roi] / 2).all()
