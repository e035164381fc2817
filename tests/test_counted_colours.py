"""Colours are numbered as they come, each pixel counted once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.counted_colours import CountedColours


def picture(height: int, width: int, values: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, values, (height, width, 3)).astype(np.uint8)


# one band; several; rows of more pixels than 16 bits count; more colours than 16 bits number
@pytest.mark.parametrize(
    ("height", "width", "values"), [(9, 7, 3), (400, 500, 6), (3, 70_000, 5), (300, 300, 256)]
)
def test_colours_counts_and_pixels_agree(height: int, width: int, values: int) -> None:
    pixels = picture(height, width, values)
    found = CountedColours.of(pixels, (), 1 << 24)
    assert found is not None
    wanted, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    order = np.lexsort(found.colours.T[::-1])
    assert np.array_equal(found.colours[order], wanted)
    assert np.array_equal(found.counts[order], counts)
    assert np.array_equal(found.colours[found.numbers(pixels)], pixels)


def test_known_colours_are_not_among_the_most() -> None:
    pixels = np.array([[(1, 2, 3), (4, 5, 6), (7, 8, 9)]], np.uint8)
    assert CountedColours.of(pixels, [(1, 2, 3)], 2) is not None
    assert CountedColours.of(pixels, [(1, 2, 3)], 1) is None


def test_it_looks_no_further_than_where_there_are_too_many() -> None:
    class Rows:
        shape = (1_000_000, 60_000)
        asked = 0

        def __getitem__(self, rows: slice, /) -> NDArray[np.uint8]:
            self.asked += 1
            return picture(rows.stop - rows.start, 60_000, 256)

    rows = Rows()
    assert CountedColours.of(rows, (), 100) is None
    assert rows.asked == 1
