"""Edits whose truth is known: the picture is the truth, and nothing but the part is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.edit.defaults import EditDefaults
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.tune.truth_edits import hidden, parts_of, truth_edits
from tune.conftest import houses

DEFAULTS = EditDefaults(small_roi=30, dilation=1)


def test_an_edit_asks_for_the_picture_itself(pictures: LabelledPictures) -> None:
    for edit in truth_edits(pictures, DEFAULTS, 4):
        task = edit.task
        assert task.truth is not None
        assert (task.truth == pictures.images[edit.picture]).all()
        assert (task.target.ids == pictures.label_ids[edit.picture]).all()
        assert (task.source.ids != task.target.ids).any()
        assert (task.image == task.truth)[~task.roi].all()
        assert (task.source.ids == task.target.ids)[~task.painted].all()
        assert edit.large == (task.painted.sum() > DEFAULTS.small_roi)


def test_a_hidden_part_shows_nothing_of_itself(pictures: LabelledPictures) -> None:
    house = pictures.label_ids[0] == 2
    task = hidden(pictures, 0, (2,), None, DEFAULTS, "0")
    assert task is not None
    assert not (task.source.ids == 2).any()
    assert task.image[house][:, 0].max() < 150, "houses are red, sky and grass are not"


def test_another_part_lies_there_in_the_pictures_colours(pictures: LabelledPictures) -> None:
    task = hidden(pictures, 0, (2,), 5, DEFAULTS, "0")
    assert task is not None
    assert ((task.source.ids == 2) == (pictures.label_ids[5] == 2)).all()
    laid = task.image[task.source.ids == 2].mean(0)
    own = pictures.images[0][pictures.label_ids[0] == 2].mean(0)
    assert np.abs(laid - own).max() < 3


def test_the_same_seed_gives_the_same_edits(pictures: LabelledPictures) -> None:
    first, again, other = (truth_edits(pictures, DEFAULTS, 4, seed) for seed in (0, 0, 1))
    for one, two in zip(first, again, strict=True):
        assert (one.task.image == two.task.image).all()
    assert any((a.task.image != b.task.image).any() for a, b in zip(first, other, strict=False))


def test_groups_are_hidden_whole_and_classes_alone(labels: LabelSet) -> None:
    assert parts_of(houses(labels, 1)) == [(0, 1), (2,), (0,), (1,)]


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_parts_are_one_error(labels: LabelSet, count: int) -> None:
    bare = houses(labels, count)
    bare.label_ids[:] = 0
    with pytest.raises(InputError, match=r"too few parts to hide.*--no-tune"):
        truth_edits(bare, DEFAULTS, 4)
