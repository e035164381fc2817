"""Distances between pictures in the features of the prior itself.

Substitutes for FID and LPIPS where Inception weights are not at hand. They are named after what
they are and never stand in a column with the real ones: the prior is small, knows one category,
and paints the edits it is asked to judge.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator

TIMESTEP = 50
"""Where the prior is read: little noise, the first of f_multi's timesteps (sec. 3.2)."""
BATCH = 16


@torch.no_grad()
def pooled_features(denoiser: Denoiser, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean over the picture of every tapped decoder channel, float64 N×channels.

    images: uint8 N×S×S×3. Each is noised to `TIMESTEP` by the same noise.
    """
    parts = [
        torch.cat([activation.mean((2, 3)) for activation in activations], 1)
        for activations in _activations(denoiser, images)
    ]
    pooled: NDArray[np.float64] = torch.cat(parts).cpu().double().numpy()
    return pooled


@torch.no_grad()
def feature_distance(
    denoiser: Denoiser,
    image: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    mask: NDArray[np.bool_],
) -> float:
    """Distance of two pictures (uint8 S×S×3) within `mask` (bool S×S) in the prior's features.

    As LPIPS (Zhang et al. 2018, arXiv 1801.03924, eq. 1) without learned weights: activations of
    unit length at every position, squared differences summed over channels, the mean over the mask
    and over the taps. 0 for equal pictures, at most 4. Positions are brought to full resolution
    bilinearly.
    """
    (activations,) = _activations(denoiser, np.stack([image, reference]))
    inside = torch.from_numpy(mask).to(denoiser.device)
    distances = []
    for activation in activations:  # 2×channels×S/stride×S/stride
        one, other = F.normalize(activation, dim=1)
        apart = (one - other).square().sum(0)
        full = F.interpolate(
            apart[None, None], inside.shape[-1], mode="bilinear", align_corners=False
        )
        distances.append(full[0, 0][inside].mean())
    return float(torch.stack(distances).mean())


def frechet_distance(ours: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """|μ1 - μ2|² + Tr(Σ1 + Σ2 - 2 (Σ1 Σ2)^½) of two sets of features, N×D and M×D.

    (Heusel et al. 2017, arXiv 1706.08500, eq. 6.) Raises InputError for fewer than two pictures.
    """
    if min(len(ours), len(reference)) < 2:
        raise InputError("too few pictures", "Fréchet distance", "Give at least two of each kind.")
    apart = ours.mean(0) - reference.mean(0)
    one, other = (np.atleast_2d(np.cov(values, rowvar=False)) for values in (ours, reference))
    # Σ1 Σ2 has the eigenvalues of the symmetric Σ1^½ Σ2 Σ1^½, whose roots are safe to take
    root = _root(one)
    mixed = np.linalg.eigvalsh(root @ other @ root)
    crossed = np.sqrt(mixed.clip(min=0)).sum()
    distance = float(apart @ apart + np.trace(one) + np.trace(other) - 2 * crossed)
    return max(0.0, distance)  # rounding of equal sets


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    return root


def _activations(denoiser: Denoiser, images: NDArray[np.uint8]) -> Iterator[list[Tensor]]:
    for start in range(0, len(images), BATCH):
        x_0 = to_model(images[start : start + BATCH], denoiser.device)
        noise = torch.randn(x_0.shape[1:], generator=generator(0, "features")).to(x_0.device)
        level = torch.full((len(x_0),), TIMESTEP)
        yield denoiser.features(denoiser.schedule.add_noise(x_0, noise[None], level), TIMESTEP)
