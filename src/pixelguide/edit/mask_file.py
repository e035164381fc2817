"""Files that hold a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.images import load_rgb

_MARGIN, _SOFT = 32, 0.25
"""Values so near to black or white count as such; the share of a mask's pixels that may not."""


def load_mask(path: str | Path) -> NDArray[np.bool_]:
    """A picture as bool H×W: True where it is lighter than half (paint anew), or transparent.

    Raises InputError for a picture that is no mask: most of one is black or white, but for soft
    edges and what a lossy format makes of them.
    """
    pixels = load_rgb(path)
    lightest, darkest = pixels.max(-1), pixels.min(-1)
    between = float(((lightest >= _MARGIN) & (darkest < 256 - _MARGIN)).mean())
    if between > _SOFT:
        raise InputError(
            f"no mask: {between:.0%} of its pixels are neither black nor white",
            Path(path).name,
            "Give a picture of black (keep) and white (paint anew).",
        )
    light: NDArray[np.bool_] = lightest >= 128
    return light
