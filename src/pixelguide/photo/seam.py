"""No seam: the low frequencies of a change end at the border of the region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INNER, OUTER = 1 / 64, 1 / 8
"""How far a correction reaches into the region, in shares of the model's side: from borders inside
the crop, where the picture around was seen and little differs, and from the crop's own border."""


def without_border_step(
    change: NDArray[np.float32],
    roi: NDArray[np.bool_],
    around: NDArray[np.bool_],
    reach: int,
) -> NDArray[np.float32]:
    """`change` (float32 S×S×C) less what it has at the border of `roi` (bool S×S), where it is 0
    then, as outside.

    What is subtracted is h with h = change on the ROI's outermost pixels and Δh = h / ℓ² inside:
    the membrane of Poisson blending (Pérez et al. 2003, "Poisson image editing"), which ends after
    ℓ pixels, so that the change keeps its strength. ℓ is `INNER` of the side, at least half of
    `reach` pixels, and rises to `OUTER` where the crop's border is near.

    around: bool (S+2)×(S+2), the pixels of the square and around it that lie in the photograph;
    where nothing does, there is no border.
    """
    from scipy import sparse  # takes a tenth of a second, which other pictures need not wait for
    from scipy.ndimage import distance_transform_edt
    from scipy.sparse.linalg import splu

    side = len(roi)
    outside = around & ~np.pad(roi, 1)
    near = outside[:-2, 1:-1] | outside[2:, 1:-1] | outside[1:-1, :-2] | outside[1:-1, 2:]
    ring = roi & near
    if not ring.any():
        return change
    crop = around.copy()  # what lies beyond the crop, in the photograph
    crop[1:-1, 1:-1] = False
    inner, outer = max(INNER * side, reach / 2), max(OUTER * side, reach)
    length = np.full((side, side), inner)
    if crop.any():
        apart = distance_transform_edt(~crop)[1:-1, 1:-1]
        length += (outer - inner) * np.clip(2 - apart / outer, 0, 1)
    number = np.full((side + 2, side + 2), -1)
    number[1:-1, 1:-1][roi] = np.arange(roi.sum())
    own = number[1:-1, 1:-1][roi]
    fixed = ring[roi]
    rows, columns, counts = [], [], np.zeros(len(own))
    for row, column in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other = number[row : row + side, column : column + side][roi]
        free = (other >= 0) & ~fixed
        rows.append(own[free])
        columns.append(other[free])
        counts += free
    diagonal = np.where(fixed, 1.0, counts + 1 / length[roi] ** 2)
    pairs = np.concatenate(rows), np.concatenate(columns)
    matrix = sparse.diags(diagonal) - sparse.coo_matrix(
        (np.ones(len(pairs[0])), pairs), (len(own), len(own))
    )
    membrane = splu(matrix.tocsc()).solve(np.where(fixed[:, None], change[roi], 0).astype(float))
    smooth = np.zeros_like(change)
    smooth[roi] = change[roi] - membrane
    return smooth
