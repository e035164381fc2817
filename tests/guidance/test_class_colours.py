from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.guidance.class_colours import kept_colours
from pixelguide.labels import LabelMap, LabelSet

LABELS = LabelSet(("ground", "eye", "lid"), ((0, 0, 0), (9, 9, 9), (90, 90, 90)))
DARK, LIGHT = (20, 40, 60), (200, 180, 160)


@pytest.fixture
def source() -> LabelMap:
    """Two eyes, on the left and on the right."""
    ids = np.zeros((16, 16), np.uint8)
    ids[4:8, 2:6] = ids[4:8, 10:14] = 1
    return LabelMap(ids, LABELS)


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """Dark on the left, light on the right."""
    image = np.empty((16, 16, 3), np.uint8)
    image[:, :8], image[:, 8:] = DARK, LIGHT
    return image


def left() -> NDArray[np.bool_]:
    roi = np.zeros((16, 16), bool)
    roi[:, :8] = True
    return roi


def test_a_part_that_moves_keeps_its_own_colour(
    source: LabelMap, picture: NDArray[np.uint8]
) -> None:
    target = source.copy()
    target.ids[4:8, 2:6], target.ids[5:9, 2:6] = 0, 1
    (eye,) = kept_colours(picture, source, target, [1], left())
    assert (eye.name, eye.ids, eye.asked) == ("eye", (1,), False)
    assert eye.colour == pytest.approx(DARK)


def test_a_class_that_comes_anew_has_the_colour_it_has_elsewhere(
    source: LabelMap, picture: NDArray[np.uint8]
) -> None:
    target = source.copy()
    source.ids[:, :8] = 0
    (eye,) = kept_colours(picture, source, target, [1], left())
    assert eye.colour == pytest.approx(LIGHT)


def test_what_is_only_cut_keeps_the_mean_of_the_rest(
    source: LabelMap, picture: NDArray[np.uint8]
) -> None:
    picture[4:6, 2:6] = 255
    target = source.copy()
    target.ids[4:6, 2:6] = 0
    (eye,) = kept_colours(picture, source, target, [1], left())
    assert eye.colour == pytest.approx(DARK)


def test_nothing_is_known_of_classes_that_the_picture_does_not_show(
    source: LabelMap, picture: NDArray[np.uint8]
) -> None:
    target = source.copy()
    target.ids[4:8, 2:6] = 2
    assert kept_colours(picture, source, target, [1, 2], left()) == ()
    target.ids[4, 2:6] = 1  # four pixels are no colour either
    assert kept_colours(picture, source, target, [1, 2], left()) == ()
