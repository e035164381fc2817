"""Label sets and label maps: ids survive every trip, and nothing unknown becomes a class."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap, LabelSet

Ids = NDArray[np.uint8]

SET = LabelSet(("sky", "grass", "house"), ((0, 0, 255), (0, 128, 0), (200, 30, 30)))
MAPS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).map(
    lambda a: np.array([0, 1, 2, IGNORE], np.uint8)[a % 4]
)
SAMPLE = np.array([[0, 1, 2], [IGNORE, 2, 1]], np.uint8)


@st.composite
def label_sets(draw: st.DrawFn) -> LabelSet:
    names = draw(st.lists(st.text(max_size=8), min_size=1, max_size=12, unique=True))
    colour = st.tuples(*[st.integers(0, 255)] * 3)
    palette = draw(st.lists(colour, min_size=len(names), max_size=len(names), unique=True))
    groups = draw(
        st.dictionaries(
            st.text(max_size=5), st.lists(st.sampled_from(names), max_size=3).map(tuple), max_size=3
        )
    )
    return LabelSet(tuple(names), tuple(palette), groups)


# Label sets


@settings(max_examples=20)
@given(label_sets())
def test_label_set_survives_json(labels: LabelSet) -> None:
    assert LabelSet.from_json(labels.to_json()) == labels


def test_json_has_the_keys_of_the_hub(labels: LabelSet) -> None:
    assert json.loads(labels.to_json()) == {
        "id2label": {"0": "sky", "1": "grass", "2": "house"},
        "palette": [[0, 0, 255], [0, 128, 0], [200, 30, 30]],
        "groups": {"nature": ["sky", "grass"]},
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(JSON | st.fixed_dictionaries({"id2label": JSON, "palette": JSON, "groups": JSON}))
def test_other_json_is_an_input_error(content: Any) -> None:
    with pytest.raises(InputError):
        LabelSet.from_json(json.dumps(content), "their.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"id2label": {"1": "a"}, "palette": [[0, 0, 0]]}',
        '{"id2label": {"0": "a"}, "palette": [[0, 0]]}',
        '{"id2label": {"0": "a"}, "palette": [[1e999, 0, 0]]}',
        '{"id2label": {"0": "a"}, "palette": [[0, 0, 0]], "groups": []}',
    ],
)
def test_broken_json_names_the_file(text: str) -> None:
    with pytest.raises(InputError, match=r"their\.json"):
        LabelSet.from_json(text, "their.json")


@pytest.mark.parametrize(
    ("names", "palette", "message"),
    [
        ((), (), "0 classes"),
        (tuple(map(str, range(256))), tuple((0, 0, i) for i in range(256)), "256 classes"),
        (("a", "a"), ((0, 0, 0), (1, 1, 1)), "repeat"),
        (("a", "b"), ((0, 0, 0),), "2 classes with 1 different colours"),
        (("a", "b"), ((0, 0, 0), (0, 0, 0)), "2 classes with 1 different colours"),
        (("a",), ((0, 0, 256),), r"\(0, 0, 256\)"),
        (("a",), ((-1, 0, 0),), r"\(-1, 0, 0\)"),
        (("a",), ((1, 2),), r"\(1, 2\)"),
    ],
)
def test_impossible_label_sets_are_refused(names: Any, palette: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        LabelSet(names, palette)


def test_group_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(InputError, match="unknown class 'tree' in group 'plants'"):
        dataclasses.replace(SET, groups={"plants": ("grass", "tree")})


def test_as_many_classes_as_there_are_ids() -> None:
    many = LabelSet(tuple(map(str, range(255))), tuple((0, 0, i) for i in range(255)))
    ids = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert LabelMap(ids, many).present() == many.names


def test_id_of_a_name(labels: LabelSet) -> None:
    assert [labels.id(name) for name in labels.names] == [0, 1, 2]
    with pytest.raises(InputError, match=r"'tree'.* sky, grass, house"):
        labels.id("tree")


def test_ids_are_sorted_unique_and_know_groups(labels: LabelSet) -> None:
    assert labels.ids(["house", "nature", "grass"]) == (0, 1, 2)
    assert labels.ids(["nature"]) == (0, 1)
    assert labels.ids([]) == ()
    with pytest.raises(InputError, match="tree"):
        labels.ids(["nature", "tree"])


def test_every_id_has_a_colour_of_its_own_and_no_label_is_white(labels: LabelSet) -> None:
    colours = labels.colours()
    assert colours.dtype == np.uint8
    assert colours[:3].tolist() == [list(colour) for colour in labels.palette]
    assert colours[IGNORE].tolist() == [255, 255, 255]
    assert len(np.unique(colours, axis=0)) == len(colours) == 256


def test_no_label_has_another_colour_where_a_class_is_white() -> None:
    labels = LabelSet(("paper", "ink"), ((255, 255, 255), (0, 0, 0)))
    colours = labels.colours()
    assert len(np.unique(colours, axis=0)) == 256
    ids = np.array([[0, 1, IGNORE]], np.uint8)
    shown = Image.fromarray(LabelMap(ids, labels).colour())
    assert np.array_equal(LabelMap.from_image(shown, labels).ids, ids)


@pytest.mark.parametrize("count", [1, 100, 255])
def test_unused_entries_are_never_near_a_class_if_there_is_room(count: int) -> None:
    palette = tuple((i, i * 7 % 256, i * 31 % 256) for i in range(count))
    colours = LabelSet(tuple(map(str, range(count))), palette).colours().astype(int)
    assert len(np.unique(colours, axis=0)) == 256
    unused = colours[count:255]
    if count == 1:
        assert np.linalg.norm(unused - colours[0], axis=1).min() > 60


# Label maps


@pytest.mark.parametrize(
    "ids", [np.zeros((2, 2), np.int64), np.zeros((2, 2, 1), np.uint8), np.zeros(4, np.uint8)]
)
def test_maps_are_two_dimensional_uint8(ids: Any) -> None:
    with pytest.raises(InputError, match="Give a H×W array of uint8"):
        LabelMap(ids, SET)


def test_unknown_id_is_named_with_count_and_position() -> None:
    ids = SAMPLE.copy()
    ids[1, 1:] = 7
    with pytest.raises(InputError, match=r"unknown class id 7 on 2 pixels, first at \(1, 1\)"):
        LabelMap(ids, SET)


def test_copy_is_independent() -> None:
    first = LabelMap(SAMPLE.copy(), SET, np.zeros(SAMPLE.shape, np.float32))
    second = first.copy()
    second.paint("grass", np.ones(SAMPLE.shape, bool))
    assert np.array_equal(first.ids, SAMPLE)
    assert second.uncertainty is None


@given(MAPS, st.data())
def test_painting_changes_the_masked_pixels_alone(ids: Ids, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(np.bool_, ids.shape))
    painted = LabelMap(ids.copy(), SET)
    painted.paint("house", mask)
    assert (painted.ids[mask] == 2).all()
    assert np.array_equal(painted.ids[~mask], ids[~mask])


@pytest.mark.parametrize("mask", [np.ones((3, 2), bool), np.ones((2, 3), np.uint8)])
def test_painting_wants_a_mask_of_the_same_shape(mask: Any) -> None:
    with pytest.raises(InputError, match=r"Give bool of shape \(2, 3\)"):
        LabelMap(SAMPLE.copy(), SET).paint("sky", mask)


def test_painting_an_unknown_class_changes_nothing() -> None:
    label_map = LabelMap(SAMPLE.copy(), SET)
    with pytest.raises(InputError, match="tree"):
        label_map.paint("tree", np.ones(SAMPLE.shape, bool))
    assert np.array_equal(label_map.ids, SAMPLE)


def test_painting_a_group_names_its_classes(labels: LabelSet) -> None:
    label_map = LabelMap(np.zeros((2, 2), np.uint8), labels)
    with pytest.raises(InputError, match=r"'nature' is a group.*: sky, grass"):
        label_map.paint("nature", np.ones((2, 2), np.bool_))


def test_present_leaves_out_unlabelled_pixels() -> None:
    assert LabelMap(SAMPLE, SET).present() == ("sky", "grass", "house")
    assert LabelMap(np.array([[2, IGNORE]], np.uint8), SET).present() == ("house",)


def test_colours_of_a_map() -> None:
    colour = LabelMap(SAMPLE, SET).colour()
    assert colour.shape == (2, 3, 3)
    assert tuple(colour[1, 2]) == SET.palette[1]
    assert tuple(colour[1, 0]) == (255, 255, 255)
