"""Label Studio's brush strokes: the run-length packing of thi.ng's rle-pack, of an RGBA picture.

A stream of bits: the number of values (32), their size less one (5), four sizes of lengths less one
(4 each); then pieces of one bit (a run, or values one by one), two bits (which size of length), a
length less one, and the value or values. Every fourth value is alpha.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError


def decode_brush(packed: Sequence[int], height: int, width: int, where: str) -> NDArray[np.bool_]:
    """bool height×width, True where alpha is not 0. Raises InputError for what is no such stream,
    or one of another size."""
    try:
        values = _unpacked(bytes(packed), height * width * 4)
    except (ValueError, IndexError):
        raise InputError(
            f"brush strokes that are not {width}×{height} pixels", where, "Export them again."
        ) from None
    mask: NDArray[np.bool_] = values.reshape(height, width, 4)[..., 3] > 0
    return mask


def _unpacked(data: bytes, expected: int) -> NDArray[np.uint8]:
    at = 0

    def take(count: int) -> int:
        """The next `count` bits, the highest first."""
        nonlocal at
        first, at = at // 8, at + count
        last = (at + 7) // 8
        if last > len(data):
            raise IndexError
        bits = int.from_bytes(data[first:last], "big") >> (8 * last - at)
        return bits & ((1 << count) - 1)

    if take(32) != expected:
        raise ValueError
    size = take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    if size > 8:
        raise ValueError
    values, i = np.zeros(expected, np.uint8), 0
    while i < expected:
        run = take(1)
        end = i + 1 + take(lengths[take(2)])
        if end > expected:
            raise ValueError
        if run:
            values[i:end] = take(size)
        else:
            values[i:end] = [take(size) for _ in range(end - i)]
        i = end
    return values
