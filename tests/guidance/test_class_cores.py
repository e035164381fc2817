from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.guidance.class_cores import ENOUGH, core, vanished_edges
from pixelguide.labels import IGNORE, LabelMap, LabelSet

LABELS = LabelSet(("face", "hair", "brow"), ((230, 190, 170), (60, 40, 30), (90, 70, 60)))
SIZE = 64  # a doubtful edge is 4 pixels wide, a core lies more than 2 deep
HAIRLINE = 24


def head() -> LabelMap:
    """Hair above, face below, in it a brow of two rows."""
    ids = np.zeros((SIZE, SIZE), np.uint8)
    ids[:HAIRLINE] = 1
    ids[40:42, 10:30] = 2
    return LabelMap(ids, LABELS)


def changes(source: LabelMap, target: LabelMap) -> NDArray[np.bool_]:
    return source.ids != target.ids


def test_a_core_lies_deep_in_its_class_but_not_away_from_the_border() -> None:
    hair = head().ids == 1
    expected = np.zeros_like(hair)
    expected[: HAIRLINE - 2] = True
    assert np.array_equal(core(hair), expected)
    everything = np.ones_like(hair)
    assert core(everything).all()


def test_the_core_of_a_thin_class_lies_less_deep_and_of_a_tiny_one_is_all_of_it() -> None:
    stripe = np.zeros((SIZE, SIZE), np.bool_)
    stripe[20:23] = True
    middle = np.zeros_like(stripe)
    middle[21] = True
    assert np.array_equal(core(stripe), middle)
    dot = np.zeros_like(stripe)
    dot[20:24, 20:24] = True
    assert dot.sum() < ENOUGH
    assert np.array_equal(core(dot), dot)


def test_hair_that_grows_down_takes_its_old_edge_along() -> None:
    source, target = head(), head()
    target.ids[HAIRLINE : HAIRLINE + 5] = 1
    edges = vanished_edges(source, target, changes(source, target))
    expected = np.zeros_like(edges)
    expected[HAIRLINE - 4 : HAIRLINE] = True
    assert np.array_equal(edges, expected)


def test_a_forehead_that_grows_up_takes_its_old_edge_along() -> None:
    source, target = head(), head()
    target.ids[HAIRLINE - 5 : HAIRLINE] = 0
    edges = vanished_edges(source, target, changes(source, target))
    expected = np.zeros_like(edges)
    expected[HAIRLINE : HAIRLINE + 4] = True
    assert np.array_equal(edges, expected)


def test_only_along_what_was_painted_and_no_nearer_to_anything_else() -> None:
    source, target = head(), head()
    target.ids[HAIRLINE : HAIRLINE + 5, :20] = 1
    edges = vanished_edges(source, target, changes(source, target))
    assert edges[HAIRLINE - 4 : HAIRLINE, :19].all()
    assert not edges[:, 23:].any()  # the hairline stays there, 4 pixels on
    assert not edges[HAIRLINE - 1, 20:].any()  # below it the face is nearer


@pytest.mark.parametrize("to", [0, 1])
def test_edges_of_thin_parts_are_read_well(to: int) -> None:
    source, target = head(), head()
    target.ids[40:42, 10:30] = to  # the brow goes, or becomes hair
    assert not vanished_edges(source, target, changes(source, target)).any()
    target = head()
    target.ids[36:40, 10:30] = 2  # it grows
    assert not vanished_edges(source, target, changes(source, target)).any()


def test_what_is_not_painted_or_not_labelled_moves_no_edge() -> None:
    source, target = head(), head()
    target.ids[HAIRLINE : HAIRLINE + 5] = 1
    nothing = np.zeros((SIZE, SIZE), np.bool_)
    assert not vanished_edges(source, target, nothing).any()
    target.ids[HAIRLINE : HAIRLINE + 5] = IGNORE
    assert not vanished_edges(source, target, changes(source, target)).any()
    source.ids[:] = IGNORE
    assert not vanished_edges(source, target, changes(source, target)).any()
