"""COCO's run lengths: column by column, starting with the number of zeros.

Their compressed form is a text: five bits a character from '0' (48) on, the lowest first, bit 32
meaning that more follow; the last character's bit 16 is the sign; from the fourth number on, each
is the difference to the one two before it (two runs of the same value differ little).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError


def decode(counts: Sequence[int], height: int, width: int, where: str) -> NDArray[np.bool_]:
    """bool height×width from run lengths. Raises InputError if they do not fill it exactly."""
    if any(count < 0 for count in counts) or sum(counts) != height * width:
        raise InputError(
            f"run lengths that sum up to {sum(counts)} of {height * width} pixels"
            if all(count >= 0 for count in counts)
            else "negative run length",
            where,
            "Export the annotations again.",
        )
    values = np.arange(len(counts)) % 2 == 1
    mask: NDArray[np.bool_] = np.repeat(values, counts).reshape(width, height).T
    return mask


def decompress(text: str, where: str) -> list[int]:
    """Run lengths from their compressed form. Raises InputError for a text that is none."""
    counts: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 30:
            raise InputError("not compressed run lengths", where, "Export the annotations again.")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise InputError("truncated run lengths", where, "Export the annotations again.")
    return counts
