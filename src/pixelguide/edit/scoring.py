"""How well candidates follow the target map, read by f_multi."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.result import Candidate
from pixelguide.images import to_model
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.segment.segmenter import Segmenter


def score_candidates(
    segmenter: Segmenter,
    original: NDArray[np.uint8],
    edited: NDArray[np.uint8],
    target: LabelMap,
    roi: NDArray[np.bool_],
) -> tuple[Candidate, ...]:
    """One `Candidate` for each of `edited` (uint8 N×S×S×3), compared with `target` over the ROI.

    `original` is uint8 S×S×3, `roi` bool S×S. Pixels whose target is `IGNORE` do not count.
    """
    counted = torch.from_numpy(roi & (target.ids != IGNORE))
    wanted = torch.from_numpy(target.ids.astype(np.int64))[counted]
    x_0 = to_model(edited, segmenter.denoiser.device)
    inside = segmenter.probabilities_at(x_0, counted).cpu()  # N×classes×P
    right = (inside.argmax(1) == wanted).double().mean(1)
    picked = inside.gather(1, wanted.expand(len(inside), 1, -1))[:, 0]
    loss = -picked.clamp(min=1e-12).log().double().mean(1)
    outside = (edited != original).any(-1) & ~roi
    return tuple(
        Candidate(k, image, float(loss[k]), float(right[k]), int(outside[k].sum()))
        for k, image in enumerate(edited)
    )
