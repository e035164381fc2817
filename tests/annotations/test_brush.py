"""Label Studio's packed brush strokes, bit by bit."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotations.datasets import error_of
from pixelguide.annotations.brush import decode_brush


def packed(mask: np.ndarray, runs: bool = True) -> list[int]:
    """A mask in that packing: values of 8 bits, lengths of 3, 4, 8 and 16 bits."""
    values = np.where(mask[..., None], (200, 100, 50, 255), 0).reshape(-1).tolist()
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in (3, 4, 8, 16))
    if runs:
        for value, group in groupby(values):
            length = len(list(group))
            while length:
                piece = min(length, 2**16)
                bits += f"1{3:02b}{piece - 1:016b}{value:08b}"
                length -= piece
    else:
        for first in range(0, len(values), 8):
            part = values[first : first + 8]
            bits += f"0{0:02b}{len(part) - 1:03b}" + "".join(f"{value:08b}" for value in part)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)), st.booleans())
def test_masks_come_back(mask: np.ndarray, runs: bool) -> None:
    assert np.array_equal(decode_brush(packed(mask, runs), *mask.shape, "x"), mask)


def test_a_value_of_label_studio_sdk_2_1_2() -> None:
    # encode_rle of the pixels (9, 9, 9, 255), (0, 0, 0, 0), (9, 9, 9, 255)
    rle = [0, 0, 0, 12, 57, 27, 252, 65, 32, 127, 198, 1, 16, 72, 31, 224]
    assert decode_brush(rle, 1, 3, "x").tolist() == [[True, False, True]]


@given(st.lists(st.integers(-2, 300), max_size=30))
def test_anything_else_is_an_error_of_ours(rle: list[int]) -> None:
    assert error_of(lambda: decode_brush(rle, 3, 4, "x")) is not None


@pytest.mark.parametrize("size", [(3, 5), (4, 3), (0, 0)])
def test_another_size_is_refused(size: tuple[int, int]) -> None:
    rle = packed(np.ones((3, 4), bool))
    found = error_of(lambda: decode_brush(rle, *size, "x"))
    assert (found is None) == (size[0] * size[1] == 12)
