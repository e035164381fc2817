"""Small pictures to train priors on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pixelguide.images import save_png


def write_discs(folder: Path) -> Path:
    """Twelve pictures: a light disc somewhere on a dark ground."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:16, :16]
    for k in range(12):
        cx, cy = rng.uniform(4, 12, 2)
        disc = (x - cx) ** 2 + (y - cy) ** 2 < 10
        picture = np.where(disc[..., None], rng.integers(150, 256, 3), rng.integers(0, 80, 3))
        save_png(folder / f"{k:02d}.png", picture.astype(np.uint8))
    return folder
