"""COCO's run lengths, against fixed values of pycocotools and against hostile ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from annotations.datasets import error_of
from pixelguide.annotations import rle
from pixelguide.errors import InputError


def test_fixed_values_of_pycocotools_2_0_11() -> None:
    mask = np.zeros((5, 7), bool)
    mask[1:4, 2:6] = mask[0, 0] = mask[4, 6] = True
    counts = [0, 1, 10, 3, 2, 3, 2, 3, 2, 3, 5, 1]
    assert rle.decompress("01:2H000003N", "x") == counts
    assert np.array_equal(rle.decode(counts, 5, 7, "x"), mask)

    tall = np.zeros((300, 200), bool)
    tall[100:290, 20:24] = True
    tall[150:200, 22] = False
    counts = [6100, 190, 110, 190, 110, 50, 50, 90, 110, 190, 52810]
    assert np.array_equal(rle.decode(counts, 300, 200, "x"), tall)
    assert rle.decompress("dn5n5^300dKTNX1l1T3l^c1", "x") == counts


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_masks_survive(mask: NDArray[np.bool_]) -> None:
    starts = [0] if mask[0, 0] else []
    flat = mask.T.reshape(-1)
    ends = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    counts = [*starts, *np.diff(ends).tolist()]
    assert sum(counts) == mask.size
    assert all(counts[1:])
    assert np.array_equal(rle.decode(counts, *mask.shape, "x"), mask)


@pytest.mark.parametrize("counts", [[], [5], [3, 2, 2], [-1, 7], [10**30], [7, -1]])
def test_counts_that_do_not_fill_the_mask(counts: list[int]) -> None:
    with pytest.raises(InputError, match=r"run length.*x\.json"):
        rle.decode(counts, 2, 3, "x.json")


@given(st.text(max_size=20) | st.text("0123456789:;<=>?@PQRSTUVWXYZ`lmno", max_size=20))
def test_any_text_is_numbers_or_an_input_error(text: str) -> None:
    if not error_of(lambda: rle.decompress(text, "x.json")):
        assert len(rle.decompress(text, "x.json")) <= len(text)


@pytest.mark.parametrize("text", ["P", "0P", "o" * 50, "é", " "])
def test_broken_texts(text: str) -> None:
    with pytest.raises(InputError, match="run lengths"):
        rle.decompress(text, "x.json")
