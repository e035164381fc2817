"""The detail of a donor's parts, which goes into a photograph where they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.guidance.donated_parts import DonatedPart
from pixelguide.photo.detail import ZOOM, FinerDetail, Floats, resized


@dataclass(frozen=True)
class DonatedDetail:
    """What the enlarged parts of a donor lack beside themselves: a `FinerDetail`.

    added: float32 2S×2S×3 in grey levels (of 255). share: float32 2S×2S in [0, 1], how far a pixel
    takes it. otherwise: what is painted elsewhere, if anything is.
    """

    added: Floats
    share: Floats
    otherwise: FinerDetail | None = None

    @classmethod
    def of(
        cls,
        parts: Sequence[DonatedPart],
        sharp: NDArray[np.uint8],
    ) -> DonatedDetail:
        """Of the donor's part `sharp` (uint8 2S×2S×3)."""
        added = np.zeros(sharp.shape, np.float32)
        share = np.zeros(sharp.shape[:2], np.float32)
        for part in parts:
            own = resized(part.where.astype(np.float32), len(sharp), Image.Resampling.BILINEAR)
            added += own[..., None] * _beyond(part.of(sharp))
            share += own
        return cls(added, share)

    def __call__(self, after: Floats, replaced: Floats) -> Floats:
        """What is added to an edit, float32 2S×2S×3 in grey levels. after: float32 S×S×3.
        replaced: float32 S×S in [0, 1]."""
        much = resized(replaced, len(self.share), Image.Resampling.BILINEAR).clip(0, 1)
        total: Floats = self.added * much[..., None]
        if self.otherwise is not None:
            total = total + self.otherwise(after, replaced) * (1 - self.share)[..., None]
        return total


def _beyond(fine: Floats) -> Floats:
    """`fine` (2S×2S×3) less its own enlarged reduction."""
    side = len(fine)
    planes = []
    for plane in np.moveaxis(fine, -1, 0):
        reduced = resized(plane, side // ZOOM, Image.Resampling.LANCZOS)
        planes.append(plane - resized(reduced, side, Image.Resampling.BICUBIC))
    return np.stack(planes, -1)
