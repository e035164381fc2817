"""The pixels of a class that are surely its own.

Where classes meet, a pixel is mixed of both, and segmenters err by pixels: the edge of hair that
they read lies on the skin of the forehead. Colours of a class are taken from its core.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelguide.labels import IGNORE, LabelMap

DEPTH = 32
"""A core lies this share of the picture's side from where the class ends: 1 / DEPTH."""
REACH = 16
"""A doubtful edge is this share of the picture's side wide: 1 / REACH."""
SHARE = 0.15
"""Of the class's pixels that a core has at least; of a thin class it lies less deep."""
ENOUGH = 25
"""Pixels that a core has at least."""


def core(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a class (bool S×S) that lie 1 / `DEPTH` of the side or deeper in it: bool S×S.

    Of a thin class they lie half as deep, or half of that; of a very thin or small one it is all of
    them. The picture's border is no end of a class.
    """
    depth = _depth(mask)
    wanted = len(mask) / DEPTH
    while wanted >= 1:
        deep: NDArray[np.bool_] = depth > wanted
        if deep.sum() >= max(ENOUGH, SHARE * mask.sum()):
            return deep
        wanted /= 2
    return mask


def is_doubtful(mask: NDArray[np.bool_], edges: NDArray[np.bool_] | None) -> bool:
    """Whether a class (bool S×S) has some of the `vanished_edges`, so that its `core` alone says
    its colour. edges: bool S×S; None where none were looked for."""
    return edges is not None and bool((mask & edges).any())


def vanished_edges(
    source: LabelMap, target: LabelMap, painted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The pixels along an edge that a class loses by growing over it: bool S×S.

    source, target: the maps before and after. painted: the pixels that may change, bool S×S. An
    edge is doubtful on both sides of where the map has it: where hair grows down a forehead, the
    strip of skin that was read as hair would stay between the old hair and the new. The pixels are
    those that keep a class, lie within 1 / `REACH` of the side of what it gained, and no nearer to
    anything else beside it. Only between classes that are that thick: the edges of brows, lips and
    eyes are read to a pixel or two.
    """
    from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

    found = np.zeros_like(painted)
    reach = len(painted) / REACH
    changed = painted & (source.ids != target.ids)
    concerned = {*source.ids[changed].tolist(), *target.ids[changed].tolist()} - {IGNORE}
    masks = {label: source.ids == label for label in concerned}
    thick = [label for label, mask in masks.items() if (_depth(mask) > reach).sum() >= ENOUGH]
    for label in set(target.ids[changed].tolist()) & set(thick):
        gained = changed & (target.ids == label) & np.isin(source.ids, thick)
        if gained.any():
            away = ndimage.distance_transform_edt(~gained)
            beside = _depth(masks[label] | gained)
            near = (away <= reach) & (away <= beside)
            found |= near & masks[label] & (target.ids == label)
    return found


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far the pixels of `mask` lie from the nearest other one; ∞ where there is none."""
    from scipy import ndimage

    if mask.all():
        return np.full(mask.shape, np.inf)
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(mask)
    return depth
