"""How well the outlines of two label maps agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE


def boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of `mask` (bool H×W) that have one of their 4 neighbours outside it."""
    framed = np.pad(mask, 1, mode="edge")  # the border of the picture is no outline
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    return mask & ~inner


def boundary_f_score(
    predicted: NDArray[np.uint8],
    true: NDArray[np.uint8],
    region: NDArray[np.bool_],
    tolerance: int = 1,
) -> float:
    """F-score of class outlines inside `region`, in [0, 1]; NaN where there is none.

    (Csurka et al. 2013, "What is a good evaluation measure for semantic segmentation?") For each
    class with an outline in either map (ids uint8 H×W): precision is the share of its predicted
    boundary pixels within `tolerance` pixels (chessboard distance) of a true one, recall the
    reverse, F = 2PR / (P + R). The mean over classes. Pixels that are `IGNORE` in `true` do not
    count and make no outline.
    """
    unknown = true == IGNORE
    region = region & ~unknown
    scores = []
    for label in np.union1d(predicted[region], true[region]):
        if label == IGNORE:  # of a reading that leaves pixels out
            continue
        ours, theirs = (boundary((ids == label) | unknown) & ~unknown for ids in (predicted, true))
        found, wanted = ours & region, theirs & region
        if not (found.any() or wanted.any()):
            continue
        hits = int((found & dilate(theirs, tolerance)).sum())
        recalled = int((wanted & dilate(ours, tolerance)).sum())
        precision = hits / found.sum() if found.any() else 0.0
        recall = recalled / wanted.sum() if wanted.any() else 0.0
        scores.append(2 * precision * recall / (precision + recall) if hits and recalled else 0.0)
    return float(np.mean(scores)) if scores else float("nan")
