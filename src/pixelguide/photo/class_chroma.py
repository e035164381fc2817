"""Colours of repainted classes for a category that knows lightness alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.colours import LUMA
from pixelguide.labels import IGNORE

SMOOTH = 1 / 32
"""Of the side: over so much the colours of a class are averaged, which leaves out its texture."""
_SOFT = 0.7
"""Pixels over which one class's colour turns into that of its neighbour."""


@dataclass(frozen=True)
class Chroma:
    """Colours less their lightness, `colours` float32 S×S×3 of 255, and how much of them is taken
    instead of the photograph's own, `share` float32 S×S in [0, 1]."""

    colours: NDArray[np.float32]
    share: NDArray[np.float32]


def chroma_of(values: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours of 255 (…×3) less their lightness: float32 …×3."""
    colours = values.astype(np.float32)
    chroma: NDArray[np.float32] = colours - (colours @ LUMA)[..., None]
    return chroma


def class_chroma(
    picture: NDArray[np.uint8], source: NDArray[np.uint8], target: NDArray[np.uint8]
) -> Chroma:
    """The colours for what was painted: where `target` differs from `source` (uint8 S×S), those of
    the nearest pixels of the class painted there, as the picture (uint8 S×S×3) shows it.

    Pixels that keep their class count before those that lose it. Where the picture shows nothing of
    a class, pixels keep their colours.
    """
    from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

    colours = chroma_of(picture)
    changed = (source != target) & (target != IGNORE)
    found = colours.copy()
    for label in np.unique(target[changed]):
        painted = changed & (target == label)
        shown = (source == label) & ~changed
        if not shown.any():
            shown = source == label
        if not shown.any():
            changed &= ~painted
            continue
        sigma = SMOOTH * len(source)
        total = ndimage.gaussian_filter(shown.astype(np.float32), sigma)
        smooth = [
            ndimage.gaussian_filter(np.where(shown, colours[..., c], 0), sigma) for c in range(3)
        ]
        near = ndimage.distance_transform_edt(~shown, return_distances=False, return_indices=True)
        rows, columns = (own[painted] for own in near)
        found[painted] = (
            np.stack([c[rows, columns] for c in smooth], -1) / total[rows, columns, None]
        )
    share = ndimage.gaussian_filter(changed.astype(np.float32), _SOFT)
    return Chroma(found, share)
