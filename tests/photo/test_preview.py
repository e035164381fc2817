from __future__ import annotations

import numpy as np
import pytest

from photographs import random_pixels
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.preview import preview


def _placement(width: int, height: int, frame: Frame) -> Placement:
    return Placement(Photograph(random_pixels(0, width, height)), frame, 16)


def test_the_map_s_colours_cover_half_of_the_part(labels: LabelSet) -> None:
    placement = _placement(600, 520, Frame(100, 60, 320))
    label_map = LabelMap(np.full((16, 16), 1, np.uint8), labels)
    before, shown = placement.photograph.pixels, preview(placement, label_map)
    assert shown.shape == before.shape
    inside = (slice(80, 360), slice(120, 400))
    wanted = 0.5 * before[inside] + 0.5 * np.array(labels.palette[1])
    assert np.abs(shown[inside] - wanted).max() <= 0.5
    assert np.array_equal(shown[:50], before[:50])


def test_eyes_and_frame_are_drawn_where_they_are() -> None:
    placement = _placement(600, 520, Frame(100, 60, 320))
    shown = preview(placement, eyes=((200.0, 150.0), (300.0, 155.0)))
    for x, y in ((200, 150), (300, 155)):
        assert (shown[y - 12 : y + 12, x - 12 : x + 12] == (255, 220, 0)).all(-1).any()
    assert (shown[58:63, 150:300] == 255).all(-1).any(0).all()  # the upper edge


@pytest.mark.parametrize(
    ("width", "height", "longest"), [(4000, 3000, 1600), (100, 60, 500), (900, 700, 900)]
)
def test_a_preview_fits_a_screen(width: int, height: int, longest: int) -> None:
    shown = preview(_placement(width, height, Frame(10, 10, 40)))
    assert max(shown.shape) == longest
    assert shown.dtype == np.uint8


def test_a_turned_part_that_sticks_out_is_drawn_too(labels: LabelSet) -> None:
    placement = _placement(520, 520, Frame(-60, 40, 300, 12))
    shown = preview(placement, LabelMap(np.zeros((16, 16), np.uint8), labels))
    assert shown.shape == (520, 520, 3)
