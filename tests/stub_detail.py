"""A detail step without weights, whose answer is plain to see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelguide.photo.detail import DetailStep


class Brighter(DetailStep):
    """Adds 20 grey levels wherever something was replaced."""

    def __init__(self) -> None:
        pass

    def __call__(
        self, seen: NDArray[np.float32], replaced: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        return np.where(replaced[..., None] > 0, 20 / 127.5, 0).astype(np.float32).repeat(3, -1)
