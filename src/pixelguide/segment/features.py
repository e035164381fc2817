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

    weight: F×(sum of C_b). Activations of one resolution are projected together and sampled once.
    Returns N×P×F.
    """
    parts = weight.split([activation.shape[1] for activation in activations], dim=1)  # F×C_b
    together: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
    for activation, part in zip(activations, parts, strict=True):
        height, width = activation.shape[2:]
        together.setdefault((height, width), []).append((activation, part))
    sampled = []
    for shape, group in together.items():
        rows = _rows(torch.cat([activation for activation, _ in group], dim=1))  # N×hw×C
        own = torch.cat([part for _, part in group], dim=1)  # F×C
        if shape == (size, size):  # nothing to interpolate: only the asked-for pixels are projected
            sampled.append(rows.index_select(1, pixels) @ own.T)
        else:
            cells, corners, shares = _corners(pixels, size, shape, rows)
            sampled.append(_between(rows.index_select(1, cells) @ own.T, corners, shares))
    return torch.stack(sampled).sum(0)


def sample_pixels(activation: Tensor, pixels: Tensor, size: int) -> Tensor:
    """N×C×h×w at pixels of the size×size picture, bilinearly: N×P×C."""
    height, width = activation.shape[2:]
    return _sample_rows(_rows(activation), (height, width), pixels, size)


def _rows(activation: Tensor) -> Tensor:
    """N×C×h×w as N×hw×C: a pixel's channels side by side, which is how they are read."""
    return activation.flatten(2).transpose(1, 2).contiguous()


def _sample_rows(rows: Tensor, shape: tuple[int, int], pixels: Tensor, size: int) -> Tensor:
    """N×hw×C, hw being `shape`, at pixels of the size×size picture, bilinearly: N×P×C."""
    if shape == (size, size):
        return rows.index_select(1, pixels)
    cells, corners, shares = _corners(pixels, size, shape, rows)
    return _between(rows.index_select(1, cells), corners, shares)


def _corners(
    pixels: Tensor, size: int, shape: tuple[int, int], like: Tensor
) -> tuple[Tensor, list[Tensor], tuple[Tensor, Tensor]]:
    """Which coarse cells `pixels` lie between: the K that occur (int64, rising), the number among
    them of each pixel's four (int64 P: top left, top right, bottom left, bottom right), and each
    pixel's shares of the lower and of the right ones."""
    height, width = shape
    top, bottom, down = _neighbours(pixels // size, size, height, like)
    left, right, across = _neighbours(pixels % size, size, width, like)
    found = torch.stack([row * width + column for row in (top, bottom) for column in (left, right)])
    cells, numbers = found.unique(return_inverse=True)
    return cells, list(numbers), (down, across)


def _between(rows: Tensor, corners: list[Tensor], shares: tuple[Tensor, Tensor]) -> Tensor:
    """N×K×C of the cells that occur at P pixels, bilinearly: N×P×C."""
    top_left, top_right, bottom_left, bottom_right = (rows.index_select(1, k) for k in corners)
    down, across = shares
    upper = top_left.lerp(top_right, across[:, None])
    lower = bottom_left.lerp(bottom_right, across[:, None])
    return upper.lerp(lower, down[:, None])


def _neighbours(
    positions: Tensor, size: int, coarse: int, like: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The two coarse cells whose centres enclose each position, and the share of the second."""
    # float16 and bfloat16 cannot tell neighbouring pixels of a large picture apart
    exact = torch.promote_types(like.dtype, torch.float32)
    place = ((positions.to(exact) + 0.5) * (coarse / size) - 0.5).clamp(min=0)
    first = place.floor().long().clamp(max=coarse - 1)
    return first, (first + 1).clamp(max=coarse - 1), (place - first).to(like.dtype)
