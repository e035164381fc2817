"""The detail of a donor's parts, which goes into a photograph where they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.guidance.donated_parts import DonatedPart
from pixelguide.photo.detail import LARGE_ENOUGH, ZOOM, FinerDetail, Floats
from pixelguide.photo.framing import Placement


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
            own = _resized(part.where.astype(np.float32), len(sharp), Image.Resampling.BILINEAR)
            added += own[..., None] * _beyond(part.of(sharp))
            share += own
        return cls(added, share)

    def __call__(self, after: Floats, replaced: Floats) -> Floats:
        """What is added to an edit, float32 2S×2S×3 in grey levels. after: float32 S×S×3.
        replaced: float32 S×S in [0, 1]."""
        much = _resized(replaced, len(self.share), Image.Resampling.BILINEAR).clip(0, 1)
        total: Floats = self.added * much[..., None]
        if self.otherwise is not None:
            total = total + self.otherwise(after, replaced) * (1 - self.share)[..., None]
        return total


def sharp_donor(placement: Placement | None) -> NDArray[np.uint8] | None:
    """The donor's part at twice the model's size, uint8 2S×2S×3; None where it is no finer."""
    if placement is None or placement.frame.size < LARGE_ENOUGH * placement.side:
        return None
    return Placement(placement.photograph, placement.frame, ZOOM * placement.side).extract()


def _beyond(fine: Floats) -> Floats:
    """`fine` (2S×2S×3) less its own enlarged reduction."""
    side = len(fine)
    planes = []
    for plane in np.moveaxis(fine, -1, 0):
        reduced = _resized(plane, side // ZOOM, Image.Resampling.LANCZOS)
        planes.append(plane - _resized(reduced, side, Image.Resampling.BICUBIC))
    return np.stack(planes, -1)


def _resized(plane: Floats, side: int, how: Image.Resampling) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((side, side), how))
