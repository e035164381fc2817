"""What is measured about maps and edits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelguide.labels import IGNORE


def confusion(
    predicted: NDArray[np.uint8], true: NDArray[np.uint8], classes: int
) -> NDArray[np.int64]:
    """Pixels counted by (true class, predicted class), classes×classes; `IGNORE` is left out.

    Add the matrices of several pictures to measure them together.
    """
    counted = (true != IGNORE) & (predicted != IGNORE)
    pairs = true[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def intersection_over_union(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """IoU of each class from a confusion matrix; NaN for classes that occur nowhere.

    Their `np.nanmean` is the mIoU by DatasetDDPM's rule (Baranchuk et al. 2021).
    """
    both = np.diag(counts).astype(np.float64)
    union = counts.sum(0) + counts.sum(1) - np.diag(counts)
    own: NDArray[np.float64] = np.full(len(both), np.nan)
    np.divide(both, union, out=own, where=union > 0)
    return own


def mean_absolute_error(
    image: NDArray[np.uint8], reference: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None
) -> float:
    """Mean over pixels and channels of |image - reference| with colours in [0, 1], of uint8 H×W×3
    pictures, within `mask` (bool H×W) if given. 0 for equal pictures; NaN for an empty mask."""
    difference = np.abs(image.astype(np.float64) - reference)
    if mask is not None:
        difference = difference[mask]
    return float(difference.mean()) / 255 if difference.size else float("nan")


def psnr(
    image: NDArray[np.uint8], reference: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None
) -> float:
    """Peak signal-to-noise ratio in dB of uint8 H×W×3 pictures, within `mask` (bool H×W) if given.

    100 dB for equal pictures, where the formula has no value; NaN for an empty mask.
    """
    difference = image.astype(np.float64) - reference
    if mask is not None:
        difference = difference[mask]
    if difference.size == 0:
        return float("nan")
    error = float(np.square(difference).mean())
    return 100.0 if error == 0 else float(10 * np.log10(255**2 / error))
