"""Connected regions, against a flood fill pixel by pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pixelguide.annotations.regions import regions


def flood(ids: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    height, width = ids.shape
    seen = np.zeros(ids.shape, bool)
    found = []
    for start in np.ndindex(height, width):
        if seen[start]:
            continue
        stack, count = [start], 0
        seen[start] = True
        while stack:
            y, x = stack.pop()
            count += 1
            for near in np.ndindex(3, 3):
                v, u = y + near[0] - 1, x + near[1] - 1
                inside = 0 <= v < height and 0 <= u < width
                if inside and not seen[v, u] and ids[v, u] == ids[start]:
                    seen[v, u] = True
                    stack.append((v, u))
        found.append((start[0], start[1], count))
    return found


@given(
    hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.sampled_from([0, 1, 255]),
    )
)
def test_regions_are_those_of_a_flood_fill(ids: NDArray[np.uint8]) -> None:
    first, pixels = regions(ids)
    assert [(int(y), int(x), int(n)) for (y, x), n in zip(first, pixels, strict=True)] == flood(ids)


def test_a_spiral_is_one_region() -> None:
    ids = np.zeros((64, 64), np.uint8)
    top, left, bottom, right = 0, 0, 63, 63
    while bottom - top > 3:
        ids[top, left:right] = ids[top:bottom, right - 1] = 1
        ids[bottom - 1, left + 2 : right] = ids[top + 2 : bottom, left + 2] = 1
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    assert [n for _, _, n in flood(ids)] == regions(ids)[1].tolist()
