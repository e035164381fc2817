"""Maps of any size become maps of the model's size, and the other way round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from photographs import random_pixels
from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.map_sizes import enlarged_map, reduced_map, reduced_mask

PHOTOGRAPH_PIXELS = random_pixels(0, 90, 70)


@pytest.fixture
def placement() -> Placement:
    from pixelguide.photo.photograph import Photograph

    return Placement(Photograph(PHOTOGRAPH_PIXELS), Frame(10, 20, 32), 16)


def _map(labels: LabelSet, seed: int = 0) -> LabelMap:
    return LabelMap(np.random.default_rng(seed).integers(0, 3, (16, 16), np.uint8), labels)


@given(st.floats(0, 40), st.floats(0, 30), st.floats(16, 60), st.floats(-180, 180))
def test_enlarging_and_reducing_give_the_map_back(
    x: float, y: float, size: float, angle: float
) -> None:
    from pixelguide.photo.photograph import Photograph

    labels = LabelSet(("a", "b", "c"), ((0, 0, 0), (1, 1, 1), (2, 2, 2)))
    try:
        placement = Placement(Photograph(PHOTOGRAPH_PIXELS), Frame(x, y, size, angle), 16)
    except InputError:
        return  # too far outside
    own = _map(labels)
    own.ids[3, 4] = IGNORE
    whole = enlarged_map(placement, own)
    assert whole.ids.shape == (70, 90)
    # turned squares hardly larger than the model's may miss a pixel: there `known` speaks
    known = own if size < 24 else _map(labels, 1)
    reduced = reduced_map(placement, whole, known)
    reached = np.zeros((16, 16), np.bool_)
    index = placement.model_pixels(0, 0, 90, 70)
    reached.ravel()[np.unique(index[index >= 0])] = True
    assert np.array_equal(reduced.ids[reached], own.ids[reached])
    assert np.array_equal(reduced.ids[~reached], known.ids[~reached])


def _painted(placement: Placement, labels: LabelSet, four: list[int], known: int) -> int:
    """What model pixel (0, 0) becomes if its four pixels have these classes."""
    whole = np.full((70, 90), IGNORE, np.uint8)
    whole[20:22, 10:12] = np.array(four).reshape(2, 2)
    before = LabelMap(np.full((16, 16), known, np.uint8), labels)
    return int(reduced_map(placement, LabelMap(whole, labels), before).ids[0, 0])


@pytest.mark.parametrize(
    ("four", "known", "expected"),
    [
        ([0, 1, 1, 1], 0, 1),
        ([0, 0, 1, 1], 1, 1),  # a tie: as before
        ([0, 0, 1, 1], 2, 0),  # a tie of others: the lowest id
        ([IGNORE, IGNORE, 1, 2], 2, 2),  # half is not more than half
        ([IGNORE, IGNORE, IGNORE, 2], 2, IGNORE),
        ([IGNORE, 0, 1, 1], 0, 1),
    ],
)
def test_the_majority_decides(
    placement: Placement, labels: LabelSet, four: list[int], known: int, expected: int
) -> None:
    assert _painted(placement, labels, four, known) == expected


def test_maps_of_the_crop_s_size_are_reduced_too(placement: Placement, labels: LabelSet) -> None:
    own = _map(labels)
    crop = LabelMap(own.ids.repeat(2, 0).repeat(2, 1), labels)
    assert np.array_equal(reduced_map(placement, crop, _map(labels, 1)).ids, own.ids)


@pytest.fixture
def finer() -> Placement:
    """A part with fewer pixels than the model, turned."""
    from pixelguide.photo.photograph import Photograph

    return Placement(Photograph(PHOTOGRAPH_PIXELS), Frame(20, 20, 11, 7), 16)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_painted_holds_for_model_pixels_finer_than_the_map_s(
    finer: Placement, labels: LabelSet, whole: bool
) -> None:
    known = LabelMap(np.repeat([[0, 1]], 16, 0).repeat(8, 1).astype(np.uint8), labels)
    drawn = enlarged_map(finer, known) if whole else LabelMap(_shrunk(known.ids, 11), labels)
    assert np.array_equal(reduced_map(finer, drawn, known).ids, known.ids)  # nothing was painted
    drawn.ids[drawn.ids == 1] = 2
    painted = reduced_map(finer, drawn, known).ids
    assert (painted[:, 9:] == 2).all()  # one pixel may follow what is on its other side
    assert (painted[:, :7] == 0).all()
    drawn.ids[drawn.ids != IGNORE] = 2
    assert (reduced_map(finer, drawn, known).ids == 2).all()


def test_masks_hold_for_model_pixels_finer_than_theirs(finer: Placement) -> None:
    assert reduced_mask(finer, np.ones((70, 90), np.bool_)).all()
    assert reduced_mask(finer, np.ones((11, 11), np.bool_)).all()
    mask = np.zeros((70, 90), np.bool_)
    mask[25, 25] = True
    found = np.argwhere(reduced_mask(finer, mask))
    assert len(found) >= 2 and np.ptp(found, axis=0).max() <= 2  # noqa: PT018  (1.45 pixels wide)


def _shrunk(ids: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    axis = (2 * np.arange(side) + 1) * len(ids) // (2 * side)
    return ids[np.ix_(axis, axis)]


def test_maps_of_the_model_s_size_stay(placement: Placement, labels: LabelSet) -> None:
    own = _map(labels)
    assert reduced_map(placement, own, own) is own


def test_other_sizes_are_refused(placement: Placement, labels: LabelSet) -> None:
    other = LabelMap(np.zeros((40, 40), np.uint8), labels)
    with pytest.raises(InputError, match=r"40×40 pixels.*90×70.*32×32.*16×16"):
        reduced_map(placement, other, _map(labels))


def test_the_map_of_a_photograph_as_large_as_the_model_s_picture_is_refused(
    labels: LabelSet,
) -> None:
    from pixelguide.photo.photograph import Photograph

    photograph = Photograph(random_pixels(0, 16, 16))
    own = _map(labels)
    with pytest.raises(InputError, match=r"as large as the model's.*a map of the model's size"):
        enlarged_map(Placement(photograph, Frame(4, 4, 8), 16), own)
    whole = Placement(photograph, Frame(0, 0, 16), 16)
    assert np.array_equal(reduced_map(whole, enlarged_map(whole, own), own).ids, own.ids)


@pytest.mark.parametrize(
    "mask",
    [
        np.ones((70, 90), np.uint8),
        np.full((70, 90), 255, np.uint8),
        np.ones((70, 90)),
        np.ones((70, 90, 1), np.bool_),
        np.ones((16, 16), np.uint8),
    ],
)
def test_masks_of_other_types_are_refused(placement: Placement, mask: Any) -> None:
    with pytest.raises(InputError, match=r"mask of shape .*Give bool of shape H×W"):
        reduced_mask(placement, mask)


def test_a_mask_takes_every_pixel_it_touches(placement: Placement) -> None:
    mask = np.zeros((70, 90), np.bool_)
    mask[25, 30] = mask[0, 0] = True
    assert np.argwhere(reduced_mask(placement, mask)).tolist() == [[2, 10]]
    crop = np.zeros((32, 32), np.bool_)
    crop[5, 20] = True
    assert np.argwhere(reduced_mask(placement, crop)).tolist() == [[2, 10]]
    small = np.zeros((16, 16), np.bool_)
    assert reduced_mask(placement, small) is small
