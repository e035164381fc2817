"""Decoder activations at chosen pixels, without ever building the full-size feature map.

DatasetDDPM upsamples every activation bilinearly to the size of the picture, concatenates them,
and feeds each pixel's vector to a classifier. Upsampling is linear and so is the classifier's
first layer, so the two can change places: project at the activation's own resolution, then sample
only the pixels that are asked for. Same numbers, a fraction of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def pixel_features(activations: Sequence[Tensor], pixels: Tensor, size: int) -> Tensor:
    """Bilinearly upsampled activations at `pixels`, concatenated.

    activations: each N×C_b×(size/stride)². pixels: int64 P, row · size + column.
    Returns N×P×(sum of C_b). Equal to interpolating with `align_corners=False` and then picking.
    """
    return torch.cat([sample_pixels(a, pixels, size) for a in activations], dim=2)


def project_pixels(
    activations: Sequence[Tensor], weight: Tensor, pixels: Tensor, size: int
) -> Tensor:
    """`pixel_features(…) @ weight.T`, computed by projecting first.

    weight: F×(sum of C_b). Returns N×P×F.
    """
    parts = weight.split([activation.shape[1] for activation in activations], dim=1)  # F×C_b
    projected = [
        torch.einsum("nchw,fc->nfhw", activation, part)
        for activation, part in zip(activations, parts, strict=True)
    ]
    return torch.stack([sample_pixels(a, pixels, size) for a in projected]).sum(0)


def sample_pixels(activation: Tensor, pixels: Tensor, size: int) -> Tensor:
    """N×C×h×w at pixels of the size×size picture, bilinearly: N×P×C."""
    height, width = activation.shape[2:]
    flat = activation.flatten(2)  # N×C×hw
    if height == size:
        return flat[:, :, pixels].transpose(1, 2)
    top, bottom, down = _neighbours(pixels // size, size, height, activation)
    left, right, across = _neighbours(pixels % size, size, width, activation)
    upper = flat[:, :, top * width + left].lerp(flat[:, :, top * width + right], across)
    lower = flat[:, :, bottom * width + left].lerp(flat[:, :, bottom * width + right], across)
    return upper.lerp(lower, down).transpose(1, 2)


def _neighbours(
    positions: Tensor, size: int, coarse: int, like: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The two coarse cells whose centres enclose each position, and the share of the second."""
    place = ((positions.to(like.dtype) + 0.5) * (coarse / size) - 0.5).clamp(min=0)
    first = place.floor().long().clamp(max=coarse - 1)
    return first, (first + 1).clamp(max=coarse - 1), place - first
