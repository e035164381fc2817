"""The region keeps to what was painted and what must move with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pixelguide.errors import InputError
from pixelguide.guidance.painted_parts import WIDEST, painted_parts, specks, without_specks
from pixelguide.guidance.region import edited_classes, region_of_interest
from pixelguide.labels import LabelMap, LabelSet

SKIN, HAIR, EYE, IRIS = range(4)
LABELS = LabelSet(("skin", "hair", "eye", "iris"), ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3)), {})


def _face() -> LabelMap:
    """Hair above, two eyes with an iris each, skin."""
    ids = np.full((40, 40), SKIN, np.uint8)
    ids[:14] = HAIR
    for left in (8, 26):
        ids[20:24, left : left + 7] = EYE
        ids[20:24, left + 2 : left + 5] = IRIS
    return LabelMap(ids, LABELS)


def _painted(**strokes: Any) -> LabelMap:
    """The face repainted: class = rows, columns."""
    target = _face()
    for name, where in strokes.items():
        target.ids[where] = LABELS.names.index(name)
    return target


FORELOCK = np.s_[12:14, 10:24]


def test_cutting_a_strand_leaves_the_other_hair_alone() -> None:
    source, target = _face(), _painted(skin=FORELOCK)
    region = painted_parts(source, target, ("hair",))
    assert np.array_equal(region, source.ids != target.ids)
    assert region_of_interest(source, target, ("hair",), dilation=0).sum() > WIDEST * region.sum()


def test_a_part_that_was_mostly_painted_moves_along_and_its_twin_does_not() -> None:
    source, target = _face(), _painted(iris=np.s_[20:24, 8:10], eye=np.s_[20:24, 10:13])
    region = painted_parts(source, target, ("iris",))
    expected = np.zeros_like(region)
    expected[20:24, 8:13] = True
    assert np.array_equal(region, expected)
    both = painted_parts(source, target, ("eye", "iris"))
    expected[20:24, 8:15] = True
    assert np.array_equal(both, expected)


@pytest.mark.parametrize(
    "specks_at", [[(30, 5)], [(14, 3), (13, 37)], [(0, 0), (39, 39), (25, 20)]]
)
def test_single_pixels_elsewhere_widen_nothing(specks_at: list[tuple[int, int]]) -> None:
    source, target = _face(), _painted(skin=FORELOCK)
    clean = painted_parts(source, target, edited_classes(source, target))
    for place in specks_at:
        target.ids[place] = HAIR if source.ids[place] != HAIR else EYE
    assert specks(source, target).sum() == len(specks_at)
    cleaned = without_specks(source, target)
    classes = edited_classes(source, cleaned)
    assert classes == ("hair",)
    assert np.array_equal(painted_parts(source, target, classes), clean)


def test_the_only_change_is_no_speck_however_small() -> None:
    source, target = _face(), _painted(hair=np.s_[30, 30])
    assert not specks(source, target).any()
    assert painted_parts(source, target, ("hair",)).sum() == 1


def test_lines_and_blots_are_painted_on_purpose() -> None:
    source = LabelMap(np.zeros((40, 40), np.uint8), LABELS)
    target = source.copy()
    target.ids[0:10, 0:10] = HAIR
    target.ids[20, 3:20] = HAIR  # a line of 17
    target.ids[30:32, 30:32] = EYE  # a blot of 2×2
    assert not specks(source, target).any()
    target.ids[36, 3:8] = HAIR  # thin and short
    assert specks(source, target).sum() == 5


def test_a_pixel_that_wavers_beside_the_stroke_is_a_speck_too() -> None:
    source, target = _face(), _painted(skin=FORELOCK)
    target.ids[11, 15] = EYE
    assert specks(source, target).sum() == 1
    assert edited_classes(source, without_specks(source, target)) == ("hair",)


def test_what_was_painted_of_other_classes_alone_is_nothing_to_edit() -> None:
    with pytest.raises(InputError, match="no pixel of the named classes changed"):
        painted_parts(_face(), _painted(skin=FORELOCK), ("eye",))
