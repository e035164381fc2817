from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model_folders import tiny_maps
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.methods import stroke_guide
from pixelguide.guidance.flat_colours import class_colours
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelSet

RED = np.array([200.0, 30.0, 30.0])


@pytest.fixture
def task(picture: NDArray[np.uint8], labels: LabelSet) -> EditTask:
    """A house to be painted between sky and grass."""
    source, target = tiny_maps(labels)
    return EditTask("a-house", "build", picture, source, target, ("house",), dilation=1)


def test_class_colours_are_means_over_all_pictures() -> None:
    first = np.zeros((2, 2, 3), np.uint8)
    second = np.full((2, 2, 3), 90, np.uint8)
    maps = np.array([[[0, 0], [1, IGNORE]], [[0, 2], [2, 2]]], np.uint8)
    colours = class_colours(zip((first, second), maps, strict=True))
    assert set(colours) == {0, 1, 2}
    assert colours[0] == pytest.approx([30, 30, 30])  # two black pixels, one of 90
    assert colours[1] == pytest.approx([0, 0, 0])
    assert colours[2] == pytest.approx([90, 90, 90])


def test_a_new_class_takes_its_known_colour_and_nothing_else_changes(
    task: EditTask, labels: LabelSet
) -> None:
    house = labels.id("house")
    guide = stroke_guide(task, {house: RED})
    assert (guide[task.painted] == RED).all()
    assert np.array_equal(guide[~task.painted], task.image[~task.painted])


def test_a_class_of_the_picture_keeps_its_own_colour(task: EditTask, labels: LabelSet) -> None:
    grass = task.source.ids == labels.id("grass")
    target = task.source.copy()
    target.ids[4:8] = labels.id("grass")
    grown = replace(task, target=target, classes=("grass",))
    colour = np.round(task.image[grass].mean(0))
    everywhere = stroke_guide(grown, {})
    assert (everywhere[4:] == colour).all()
    assert np.array_equal(everywhere[:4], task.image[:4])
    only_new = stroke_guide(grown, {}, "changed")
    assert (only_new[4:8] == colour).all()
    assert np.array_equal(only_new[8:], task.image[8:])


def test_what_is_uncovered_takes_the_colour_around_it(task: EditTask) -> None:
    # the house goes: sky and grass come back, in the colours they have outside the ROI
    gone = replace(task, source=task.target, target=task.source)
    guide = stroke_guide(gone, {})
    for label in (0, 1):
        outside = (gone.source.ids == label) & ~gone.roi
        own = gone.painted & (gone.target.ids == label)
        assert own.any()
        assert (guide[own] == np.round(task.image[outside].mean(0))).all()


def test_an_unknown_class_takes_the_mean_around_it(task: EditTask) -> None:
    guide = stroke_guide(task, {})
    around = dilate(task.roi, 2) & ~task.roi
    assert (guide[task.painted] == np.round(task.image[around].mean(0))).all()
    everything = replace(task, dilation=16)  # nothing is left around it
    guide = stroke_guide(everything, {})
    assert (guide[task.painted] == np.round(task.image.mean((0, 1)))).all()


def test_pixels_without_a_target_stay(task: EditTask) -> None:
    target = task.target.copy()
    target.ids[6, 6] = IGNORE
    asked = replace(task, target=target, roi_mode="changed")
    guide = stroke_guide(asked, {2: RED})
    assert np.array_equal(guide[6, 6], task.image[6, 6])
    assert (guide[7, 7] == RED).all()
