"""The class lists of the field, as far as they are told by their publications."""

from __future__ import annotations

import pytest

from pixelguide.annotations import built_in_label_sets
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.labels import LabelSet

CLASSES = {
    "ffhq_34": 34,
    "cat_15": 15,
    "horse_21": 21,
    "bedroom_28": 29,  # 28 and the background
    "celeba_19": 19,
    "celebamask-hq_19": 19,
    "face-parsing_19": 19,
}


def test_which_there_are() -> None:
    assert {name: len(labels) for name, labels in built_in_label_sets().items()} == CLASSES


@pytest.mark.parametrize("name", CLASSES)
def test_background_is_0_and_white_as_published(name: str) -> None:
    labels = built_in_label_sets()[name]
    assert (labels.names[0], labels.palette[0]) == ("background", (255, 255, 255))


@pytest.mark.parametrize("name", CLASSES)
def test_groups_do_not_hide_classes(name: str) -> None:
    labels = built_in_label_sets()[name]
    assert all(group not in labels.names for group in labels.groups)


def test_some_ids_that_others_rely_on() -> None:
    sets = built_in_label_sets()
    assert sets["ffhq_34"].id("hair") == 17
    assert sets["ffhq_34"].ids(["mouth"]) == (21, 22, 23, 24)
    assert sets["celeba_19"].names[1:] == tuple(sorted(sets["celeba_19"].names[1:]))
    assert [sets[n].id("hair") for n in ("celebamask-hq_19", "face-parsing_19")] == [13, 17]
    assert sets["horse_21"].names[-1] == "leg protection"
    assert sets["bedroom_28"].names[-1] == "table staff"


def test_a_name_has_one_colour_in_every_order_of_celeba() -> None:
    by_name = [
        dict(zip(labels.names, labels.palette, strict=True))
        for name, labels in built_in_label_sets().items()
        if name.endswith("_19")
    ]
    assert by_name[0] == by_name[1] == by_name[2]


def test_255_distinct_colours() -> None:
    palette = distinct_palette(255)
    assert palette[:4] == ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))  # PASCAL VOC's
    assert (255, 255, 255) not in palette
    LabelSet(tuple(map(str, range(255))), palette)
