"""Structural similarity of pictures, inside a mask."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

WINDOW, SIGMA = 11, 1.5  # pixels
STABLE = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # C1 and C2


def ssim_map(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float64]:
    """SSIM at each pixel, float64 H×W in [-1, 1], of uint8 H×W×3 pictures of at least 6×6 pixels.

    Gaussian windows of 11×11 pixels and σ = 1.5, K1 = 0.01, K2 = 0.03 (Wang et al. 2004), the mean
    over the three channels. At the border the pictures are mirrored.
    """
    x, y = (
        torch.from_numpy(np.array(one)).double().permute(2, 0, 1)[:, None]
        for one in (image, reference)
    )  # 3×1×H×W
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x**2
    variance_y = _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    c1, c2 = STABLE
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
    values: NDArray[np.float64] = similarity.mean(0)[0].numpy()
    return values


def ssim(
    image: NDArray[np.uint8], reference: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None
) -> float:
    """Mean of `ssim_map` within `mask` (bool H×W) if given; 1 for equal pictures."""
    values = ssim_map(image, reference)
    return float((values if mask is None else values[mask]).mean())


def _blurred(x: Tensor) -> Tensor:
    reach = WINDOW // 2
    offsets = torch.arange(-reach, reach + 1, dtype=x.dtype)
    weights = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    x = F.pad(x, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(x, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
