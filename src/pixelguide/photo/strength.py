"""How much of an edit is let through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def at_strength(
    before: NDArray[np.uint8], after: NDArray[np.uint8], strength: float
) -> NDArray[np.uint8]:
    """before + strength · (after − before), rounded to even as the page's `blend` does.

    before: uint8 S×S×3. after: the same, or N×S×S×3. strength: 0 … 1; 1 is `after` itself.
    """
    if strength == 1:
        return after
    mixed = before + strength * (after.astype(np.float64) - before)
    faded: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return faded
