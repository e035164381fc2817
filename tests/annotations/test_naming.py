"""Classes follow their names: renamed, merged, left out, and never guessed."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.annotations.label_sets import built_in_label_sets
from pixelguide.annotations.naming import (
    IGNORED,
    Reading,
    background_id,
    id_table,
    named_classes,
    renamed,
)
from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelSet

SET = LabelSet(
    ("background", "cat", "dog", "car"),
    ((0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3)),
    {"animals": ("cat", "dog"), "things": ("car",)},
)


def test_background() -> None:
    assert background_id(SET) == 0
    assert background_id(LabelSet(("a", "_background_"), ((0, 0, 0), (1, 1, 1)))) == 1
    assert background_id(LabelSet(("a",), ((0, 0, 0),))) == IGNORE


def test_renaming_merges_and_drops() -> None:
    new = renamed(SET, {"cat": "animal", "dog": "animal", "car": IGNORED})
    assert new.names == ("background", "animal")
    assert new.palette == ((0, 0, 0), (1, 1, 1))
    assert new.groups == {"animals": ("animal",)}


def test_names_can_be_exchanged() -> None:
    target, table = id_table(SET, None, {"cat": "dog", "dog": "cat"})
    assert target.names == ("background", "dog", "cat", "car")
    assert table[:4].tolist() == [0, 1, 2, 3]
    _, table = id_table(SET, SET, {"cat": "dog", "dog": "cat"})
    assert table[:4].tolist() == [0, 2, 1, 3]


def test_the_star_is_for_the_rest() -> None:
    target, table = id_table(SET, None, {"cat": "cat", "*": "other"})
    assert target.names == ("other", "cat")
    assert table[:4].tolist() == [0, 1, 0, 0]
    wanted = LabelSet(("dog", "animal"), ((9, 9, 9), (8, 8, 8)))
    _, table = id_table(SET, wanted, {"cat": "animal", "*": IGNORED})
    assert table[:4].tolist() == [IGNORE, 1, 0, IGNORE]
    assert (table[4:] == IGNORE).all()


def test_all_classes_without_counterpart_are_listed() -> None:
    wanted = LabelSet(("background", "dog"), ((9, 9, 9), (8, 8, 8)))
    with pytest.raises(InputError, match=r"counterpart: cat=kitten, car\. Map each \(--map"):
        id_table(SET, wanted, {"cat": "kitten"})
    with pytest.raises(InputError, match=r"no class 'horse' to rename.*cat, dog"):
        id_table(SET, wanted, {"horse": "dog"})


@pytest.mark.parametrize("order", ["celeba_19", "celebamask-hq_19", "face-parsing_19"])
def test_the_three_orders_of_celeba_differ_by_index_and_agree_by_name(order: str) -> None:
    target = built_in_label_sets()[order]
    for source in map(built_in_label_sets().get, ("celeba_19", "face-parsing_19")):
        assert source is not None
        _, table = id_table(source, target, {})
        assert [target.names[i] for i in table[: len(source)]] == list(source.names)
        assert (table[:19] == np.arange(19)).all() == (source.names == target.names)


def test_classes_of_shapes() -> None:
    labels, class_id = named_classes(["b", "a", "b", IGNORED], None, Reading(), "x.json")
    assert labels.names == ("b", "a")
    assert len(set(labels.palette)) == 2
    assert [class_id(name, "x") for name in ("a", "b", IGNORED)] == [1, 0, IGNORE]
    with pytest.raises(InputError, match=r"unknown class 'c', y\.json\. Known classes: b, a"):
        class_id("c", "y.json")


def test_classes_of_shapes_with_a_label_set_beside() -> None:
    labels, class_id = named_classes(["cat"], SET, Reading(renames={"dog": "cat"}), "x")
    assert labels.names == ("background", "cat", "car")
    assert class_id("dog", "x") == class_id("cat", "x") == 1
    wanted = LabelSet(("pet",), ((0, 0, 0),))
    labels, class_id = named_classes(["cat"], SET, Reading(wanted, {"*": "pet"}), "x")
    assert labels is wanted
    assert class_id("cat", "x") == 0


def test_shapes_of_no_or_too_many_classes() -> None:
    with pytest.raises(InputError, match=r"no named classes, x\.json"):
        named_classes([], None, Reading(), "x.json")
    with pytest.raises(InputError, match=r"256 classes, x\.json"):
        named_classes(map(str, range(256)), None, Reading(), "x.json")
