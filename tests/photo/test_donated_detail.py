from __future__ import annotations

import numpy as np
import pytest

from photographs import random_pixels
from pixelguide.guidance.donated_parts import DonatedPart
from pixelguide.photo.detail import Floats, sharp_part
from pixelguide.photo.donated_detail import DonatedDetail
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.photograph import Photograph

SIDE = 16
LEFT = np.arange(SIDE)[None].repeat(SIDE, 0) < SIDE // 2
AFTER = np.zeros((SIDE, SIDE, 3), np.float32)
ALL = np.ones((SIDE, SIDE), np.float32)
SHARP = random_pixels(0, 2 * SIDE, 2 * SIDE, 3)


def _part() -> DonatedPart:
    return DonatedPart(np.eye(2), np.zeros(2), LEFT, np.ones(3), np.zeros(3))


def test_a_part_brings_what_its_reduction_lacks() -> None:
    added = DonatedDetail.of([_part()], SHARP)(AFTER, ALL)
    blocks = added.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    inner = (slice(2, -2), slice(2, SIDE // 2 - 2))
    assert added[:, : SIDE - 2].std() > 0.5 * SHARP.std()
    assert np.abs(blocks[inner]).mean() < 0.35 * np.abs(added[:, : SIDE - 2]).mean()
    assert not added[:, SIDE + 2 :].any()  # nothing where the part is not


def test_it_comes_as_far_as_pixels_were_replaced() -> None:
    detail = DonatedDetail.of([_part()], SHARP)
    assert not detail(AFTER, 0 * ALL).any()
    assert np.allclose(detail(AFTER, 0.5 * ALL), 0.5 * detail(AFTER, ALL))


def test_elsewhere_other_detail_is_painted() -> None:
    def otherwise(after: Floats, replaced: Floats) -> Floats:
        return np.full((2 * SIDE, 2 * SIDE, 3), 3, np.float32)

    alone = DonatedDetail.of([_part()], SHARP)
    both = DonatedDetail(alone.added, alone.share, otherwise)(AFTER, ALL)
    assert (both[:, SIDE + 2 :] == 3).all()
    assert np.array_equal(both[:, : SIDE - 2], alone(AFTER, ALL)[:, : SIDE - 2])


@pytest.mark.parametrize(("size", "finer"), [(23, False), (24, True)])
def test_a_donor_is_sharp_where_its_part_is_large(size: int, finer: bool) -> None:
    photograph = Photograph(random_pixels(0, 40, 40, 3))
    sharp = sharp_part(Placement(photograph, Frame(3, 4, size), SIDE))
    assert (sharp is not None) is finer
    if sharp is not None:
        assert sharp.shape == (2 * SIDE, 2 * SIDE, 3)
    assert sharp_part(None) is None
