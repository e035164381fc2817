"""Which pixels may change, and that no other does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.guidance.region import composite, dilate, edited_classes, region_of_interest
from pixelguide.labels import IGNORE, LabelMap, LabelSet

NAMES = ("sky", "grass", "house", "dog")
LABELS = LabelSet(NAMES, ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3)), {"ground": ("grass", "dog")})
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)


def _map(ids: Any) -> LabelMap:
    return LabelMap(np.array(ids, np.uint8), LABELS)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[LabelMap, LabelMap]:
    """Two maps of one size that differ somewhere."""
    shape = draw(SHAPES)
    values = st.sampled_from([0, 1, 2, 3, IGNORE])
    first = draw(hnp.arrays(np.uint8, shape, elements=values))
    second = draw(hnp.arrays(np.uint8, shape, elements=values))
    if np.array_equal(first, second):
        second[0, 0] = (int(first[0, 0]) + 1) % 3
    return _map(first), _map(second)


def _grown(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Dilation by a square, pixel by pixel."""
    height, width = mask.shape
    grown = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        for row in range(max(0, y - times), min(height, y + times + 1)):
            for column in range(max(0, x - times), min(width, x + times + 1)):
                grown[row, column] = True
    return grown


# Classes


@given(pairs())
def test_edited_classes_are_few_that_explain_every_change(
    pair: tuple[LabelMap, LabelMap],
) -> None:
    source, target = pair
    changes = {
        frozenset({int(before), int(after)})
        for before, after in zip(source.ids.flat, target.ids.flat, strict=True)
        if before != after
    }
    names = edited_classes(source, target)
    ids = {NAMES.index(name) for name in names}
    assert names == tuple(NAMES[i] for i in sorted(ids))
    assert ids <= set().union(*changes)
    assert all(ids & change for change in changes)
    for i in ids:  # none could be left out
        assert not all((ids - {i}) & change for change in changes)


def test_the_ground_that_was_painted_on_is_not_edited() -> None:
    ids = np.zeros((6, 6), np.uint8)  # sky everywhere, a house in it
    ids[2:4, 2:4] = 2
    source, target = _map(ids), _map(ids)
    target.ids[2, 1] = 2
    assert edited_classes(source, target) == ("house",)
    target.ids[3, 3] = 0  # and a pixel of it gone
    assert edited_classes(source, target) == ("house",)
    target.ids[:] = 1  # grass has become the ground
    assert edited_classes(source, target) == ("sky", "house")


# The region


@given(pairs(), st.integers(0, 3), st.data())
def test_region_is_equation_7_dilated(
    pair: tuple[LabelMap, LabelMap], dilation: int, data: st.DataObject
) -> None:
    source, target = pair
    classes = data.draw(st.sets(st.sampled_from(edited_classes(source, target)), min_size=1))
    roi = region_of_interest(source, target, classes, dilation=dilation)
    expected = np.zeros(source.ids.shape, bool)
    for index in np.ndindex(source.ids.shape):
        own = {source.ids[index], target.ids[index]}
        expected[index] = any(NAMES.index(name) in own for name in classes)
    assert roi.dtype == np.bool_
    assert np.array_equal(roi, _grown(expected, dilation))


@given(pairs(), st.integers(0, 3))
def test_region_of_changed_pixels(pair: tuple[LabelMap, LabelMap], dilation: int) -> None:
    source, target = pair
    roi = region_of_interest(source, target, (), "changed", dilation)
    assert np.array_equal(roi, _grown(source.ids != target.ids, dilation))


@given(pairs())
def test_region_of_all_edited_classes_holds_every_changed_pixel(
    pair: tuple[LabelMap, LabelMap],
) -> None:
    source, target = pair
    roi = region_of_interest(source, target, edited_classes(source, target), dilation=0)
    assert roi[source.ids != target.ids].all()


def test_whole_classes_count_and_groups_stand_for_their_members() -> None:
    source = _map([[0, 0, 1], [2, 2, 3]])
    target = _map([[0, 0, 3], [2, 2, 3]])
    expected = [[False, False, True], [False, False, True]]
    assert region_of_interest(source, target, ["ground"], dilation=0).tolist() == expected
    assert region_of_interest(source, target, ["dog"], dilation=0).tolist() == expected
    grass = [[False, False, True], [False, False, False]]
    assert region_of_interest(source, target, ["grass"], dilation=0).tolist() == grass


def test_of_a_group_one_class_need_occur() -> None:
    source, target = _map([[0, 0, 2]]), _map([[0, 1, 2]])
    painted = [[False, True, False]]
    assert region_of_interest(source, target, ["ground"], dilation=0).tolist() == painted
    with pytest.raises(InputError, match="'ground' occurs in neither map"):
        region_of_interest(_map([[0, 0]]), _map([[0, 2]]), ["sky", "ground"])


def test_default_dilation_is_one_pixel() -> None:
    source, target = _map(np.zeros((5, 5))), _map(np.zeros((5, 5)))
    target.ids[2, 2] = 1
    assert region_of_interest(source, target, ["grass"]).sum() == 9


# Errors


def test_maps_of_different_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="target map of 3×2 pixels for a source map of 2×2"):
        region_of_interest(_map(np.zeros((2, 2))), _map(np.ones((2, 3))), ["sky"])


@pytest.mark.parametrize("mode", ["classes", "changed"])
def test_equal_maps_are_nothing_to_edit(mode: Any) -> None:
    same = _map([[0, 1], [2, 3]])
    with pytest.raises(InputError, match="nothing to edit: the map equals the source"):
        region_of_interest(same, same.copy(), ["sky"], mode)


@pytest.mark.parametrize("mode", ["classes", "changed"])
def test_unknown_class_is_refused(mode: Any) -> None:
    with pytest.raises(InputError, match=r"'tree'.*sky, grass"):
        region_of_interest(_map([[0]]), _map([[1]]), ["tree"], mode)


def test_absent_class_is_named() -> None:
    with pytest.raises(InputError, match="'house' occurs in neither map"):
        region_of_interest(_map([[0, 0]]), _map([[0, 1]]), ["grass", "house"])


@pytest.mark.parametrize("classes", [["house"], []])
def test_classes_without_a_changed_pixel_are_nothing_to_edit(classes: list[str]) -> None:
    with pytest.raises(InputError, match="nothing to edit: no pixel of the named classes"):
        region_of_interest(_map([[0, 0, 2]]), _map([[0, 1, 2]]), classes)


# Dilation


@given(hnp.arrays(np.bool_, SHAPES), st.integers(0, 4))
def test_dilation_grows_by_a_square(mask: NDArray[np.bool_], times: int) -> None:
    before = mask.copy()
    grown = dilate(mask, times)
    assert grown.dtype == np.bool_
    assert np.array_equal(grown, _grown(mask, times))
    assert np.array_equal(mask, before)


@given(hnp.arrays(np.bool_, SHAPES), st.integers(0, 2), st.integers(0, 2))
def test_dilations_add_up(mask: NDArray[np.bool_], first: int, second: int) -> None:
    assert np.array_equal(dilate(dilate(mask, first), second), dilate(mask, first + second))


# Compositing


@given(SHAPES.flatmap(lambda shape: hnp.arrays(np.bool_, shape)), st.integers(0, 3), st.data())
def test_outside_is_the_original_byte_for_byte(
    roi: NDArray[np.bool_], count: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    original = rng.integers(0, 256, (*roi.shape, 3), np.uint8)
    shape = (count, *original.shape) if count else original.shape
    edited = rng.integers(0, 256, shape, np.uint8)
    before = original.copy(), edited.copy()
    result = composite(original, edited, roi)
    assert result.dtype == np.uint8
    assert result.shape == shape
    for own in result.reshape(-1, *original.shape):
        assert own[~roi].tobytes() == original[~roi].tobytes()
    assert result[..., roi, :].tobytes() == edited[..., roi, :].tobytes()
    assert np.array_equal(original, before[0])
    assert np.array_equal(edited, before[1])
