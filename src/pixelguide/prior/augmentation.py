"""Pictures varied a little each time they are seen, so that a small set is not learnt by heart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

OVERSAMPLING = 2
"""Pictures are varied at this multiple of the model's size and then reduced: they stay sharp."""


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be varied: each amount is drawn uniformly from ± these limits.

    Small on purpose: what is common here is common in the samples, and a category's pictures share
    one framing.
    """

    shift: float = 0.03  # of the side
    turn: float = 4.0  # degrees
    scale: float = 0.06  # of the size; the same number stands for larger and smaller
    gain: float = 0.06  # of the contrast, for all channels alike
    tint: float = 0.03  # of the range from black to white, for each channel by itself

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """What happens to each of `count` pictures, float32 count×8 in [-1, 1]: shares of the
        limits, from a CPU generator."""
        return 2 * torch.rand(count, 8, generator=generator) - 1

    def apply(self, pictures: Tensor, draws: Tensor) -> Tensor:
        """Vary float32 N×3×2S×2S in [-1, 1] by draws N×8 and reduce it to N×3×S×S.

        What lies beyond the border is the picture's mirror image.
        """
        shift = 2 * self.shift * draws[:, :2]
        angle = math.radians(self.turn) * draws[:, 2]
        zoom = torch.exp(math.log1p(self.scale) * draws[:, 3])
        gain = 1 + self.gain * draws[:, 4, None, None, None]
        tint = 2 * self.tint * draws[:, 5:, None, None]
        cosine, sine = angle.cos() * zoom, angle.sin() * zoom
        # from the new picture's coordinates in [-1, 1] to those of the picture that is read
        affine = torch.stack(
            [
                torch.stack([cosine, -sine, shift[:, 0]], -1),
                torch.stack([sine, cosine, shift[:, 1]], -1),
            ],
            1,
        )
        grid = functional.affine_grid(affine, list(pictures.shape), align_corners=False)
        moved = functional.grid_sample(
            pictures, grid, padding_mode="reflection", align_corners=False
        )
        return (gain * reduce(moved) + tint).clamp(-1, 1)


def reduce(pictures: Tensor) -> Tensor:
    """Oversampled pictures N×3×2S×2S at the model's size, N×3×S×S."""
    return functional.avg_pool2d(pictures, OVERSAMPLING)
