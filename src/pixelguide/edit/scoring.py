"""How well candidates follow the target map, and how usual they look to the prior."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.result import Candidate
from pixelguide.images import to_model
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.familiarity import denoising_errors
from pixelguide.segment.picture_statistics import UNLIKELY
from pixelguide.segment.segmenter import Segmenter


def score_candidates(
    segmenter: Segmenter,
    original: NDArray[np.uint8],
    edited: NDArray[np.uint8],
    target: LabelMap,
    roi: NDArray[np.bool_],
    usual: float | None = None,
    odd_from: float = UNLIKELY,
) -> tuple[Candidate, ...]:
    """One `Candidate` for each of `edited` (uint8 N×S×S×3), compared with `target` over the ROI.

    `original` is uint8 S×S×3, `roi` bool S×S. Pixels whose target is `IGNORE` do not count.
    usual: the error through noise up to which the category's pictures go, of 255; where it is
    given, how odd the candidates are is measured too, with one more pass for all of them. odd_from:
    the oddity from which on they are unlikely.
    """
    counted = torch.from_numpy(roi & (target.ids != IGNORE))
    wanted = torch.from_numpy(target.ids.astype(np.int64))[counted]
    x_0 = to_model(edited, segmenter.denoiser.device)
    inside = segmenter.probabilities_at(x_0, counted).cpu()  # N×classes×P
    right = (inside.argmax(1) == wanted).double().mean(1)
    picked = inside.gather(1, wanted.expand(len(inside), 1, -1))[:, 0]
    loss = -picked.clamp(min=1e-12).log().double().mean(1)
    odd: list[float | None] = [None] * len(edited)
    if usual is not None:
        odd = [*oddities(segmenter.denoiser, original, edited, roi, usual)]
    outside = (edited != original).any(-1) & ~roi
    return tuple(
        Candidate(
            k,
            image,
            roi_loss=float(loss[k]),
            roi_accuracy=float(right[k]),
            changed_pixels_outside=int(outside[k].sum()),
            oddity=odd[k],
            odd_from=odd_from,
        )
        for k, image in enumerate(edited)
    )


def oddities(
    denoiser: Denoiser,
    original: NDArray[np.uint8],
    edited: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    usual: float,
) -> list[float]:
    """How odd each of `edited` (uint8 N×S×S×3) is to the prior inside `roi` (bool S×S): its error
    through noise there, as a multiple of the higher of `usual`, up to which that of the category's
    pictures goes, and of that of `original` (uint8 S×S×3) there, for eyes are harder than cheeks.
    """
    pictures = to_model(np.concatenate([original[None], edited]), denoiser.device)
    own, *errors = denoising_errors(denoiser, pictures, torch.from_numpy(roi))
    return [error / max(own, usual) for error in errors]
