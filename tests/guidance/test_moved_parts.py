from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.guidance.moved_parts import STAYS, with_moved_parts
from pixelguide.labels import LabelMap, LabelSet

SIZE = 32
EVERYWHERE = np.ones((SIZE, SIZE), np.bool_)
RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
GUIDE = np.full_like(IMAGE, 9)

Box = tuple[int, int, int, int]
"""First row, first column, height, width."""


def painted(labels: LabelSet, *boxes: Box) -> LabelMap:
    ids = np.zeros((SIZE, SIZE), np.uint8)
    for row, column, height, width in boxes:
        ids[row : row + height, column : column + width] = labels.id("house")
    return LabelMap(ids, labels)


def moved(
    labels: LabelSet, old: Box, new: Box, roi: NDArray[np.bool_] = EVERYWHERE
) -> NDArray[np.uint8]:
    """What the new box shows, H×W×3; nothing else may have changed."""
    target = painted(labels, new)
    result = with_moved_parts(GUIDE, IMAGE, painted(labels, old), target, ["house"], roi)
    assert np.array_equal(result[target.ids == 0], GUIDE[target.ids == 0])
    row, column, height, width = new
    return result[row : row + height, column : column + width]


@given(
    st.tuples(*[st.integers(0, SIZE - 9)] * 2, *[st.integers(1, 9)] * 2),
    st.tuples(*[st.integers(-5, 5)] * 2),
)
def test_a_part_that_moves_keeps_every_pixel(box: Box, by: tuple[int, int]) -> None:
    labels = LabelSet(("sky", "grass", "house"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))
    row, column, height, width = box
    top = min(max(row + by[0], 0), SIZE - height)
    left = min(max(column + by[1], 0), SIZE - width)
    shared = max(0, height - abs(top - row)) * max(0, width - abs(left - column))
    assume(shared < STAYS * (2 * height * width - shared))
    seen = moved(labels, box, (top, left, height, width))
    assert np.array_equal(seen, IMAGE[row : row + height, column : column + width])


def test_a_part_that_grows_a_little_is_stretched(labels: LabelSet) -> None:
    image = IMAGE.copy()
    image[4:14, 4:9], image[4:14, 9:14] = 50, 200  # left and right half
    target = painted(labels, (6, 5, 10, 12))
    seen = with_moved_parts(
        GUIDE, image, painted(labels, (4, 4, 10, 10)), target, ["house"], EVERYWHERE
    )[6:16, 5:17]
    assert (seen[:, :5] == 50).all()
    assert (seen[:, 7:] == 200).all()


def test_nothing_around_the_old_part_comes_along(labels: LabelSet) -> None:
    image = np.zeros_like(IMAGE)
    image[4:10, 4:10] = 200
    target = painted(labels, (8, 8, 6, 7))
    seen = with_moved_parts(
        GUIDE, image, painted(labels, (4, 4, 6, 6)), target, ["house"], EVERYWHERE
    )
    assert (seen[8:14, 8:15] == 200).all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((4, 4, 6, 6), (4, 4, 6, 9)),  # wider
        ((4, 4, 9, 6), (4, 4, 6, 6)),  # shorter
        ((0, 0, 6, 6), (20, 20, 6, 6)),  # far away
    ],
)
def test_what_changes_its_shape_or_is_far_away_is_new(labels: LabelSet, old: Box, new: Box) -> None:
    assert (moved(labels, old, new) == 9).all()


def test_what_grows_where_it_is_has_not_moved(labels: LabelSet) -> None:
    """Hair painted lower on a forehead would else bring its old edge along."""
    locks = painted(labels, (0, 0, 12, SIZE), (12, 0, 8, 4))
    fringe = painted(labels, (0, 0, 12, SIZE), (12, 0, 8, 4), (12, 4, 3, 10))
    seen = with_moved_parts(GUIDE, IMAGE, locks, fringe, ["house"], EVERYWHERE)
    assert np.array_equal(seen, GUIDE)


def test_each_part_takes_after_the_nearest(labels: LabelSet) -> None:
    source = painted(labels, (4, 4, 5, 5), (4, 20, 5, 5))
    target = painted(labels, (6, 6, 5, 5), (6, 18, 5, 5))
    seen = with_moved_parts(GUIDE, IMAGE, source, target, ["house"], EVERYWHERE)
    assert np.array_equal(seen[6:11, 6:11], IMAGE[4:9, 4:9])
    assert np.array_equal(seen[6:11, 18:23], IMAGE[4:9, 20:25])


def test_only_edited_classes_and_the_region_are_touched(labels: LabelSet) -> None:
    source, target = painted(labels, (4, 4, 5, 5)), painted(labels, (6, 6, 5, 5))
    seen = with_moved_parts(GUIDE, IMAGE, source, target, ["grass"], EVERYWHERE)
    assert np.array_equal(seen, GUIDE)
    region = np.zeros((SIZE, SIZE), np.bool_)
    region[:8] = True
    seen = moved(labels, (4, 4, 5, 5), (6, 6, 5, 5), region)
    assert np.array_equal(seen[:2], IMAGE[4:6, 4:9])
    assert (seen[2:] == 9).all()


def test_a_class_that_was_not_there_is_new(labels: LabelSet) -> None:
    source, target = painted(labels), painted(labels, (6, 6, 5, 5))
    seen = with_moved_parts(GUIDE, IMAGE, source, target, ["house"], EVERYWHERE)
    assert np.array_equal(seen, GUIDE)
