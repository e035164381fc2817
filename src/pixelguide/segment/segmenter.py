"""From a picture to its label map: f_multi of Matsunaga et al. 2022, sec. 3.2."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.pixel_classifiers import PixelClassifiers

NOISE_SEED = 0
"""The noise under which a picture is read is always the same, so that its map is too."""


def noisy_activations(
    denoiser: Denoiser, x_0: Tensor, timesteps: tuple[int, ...], generator: torch.Generator
) -> list[Tensor]:
    """Activations of x_0 (N×3×S×S) noised to each of `timesteps` (eq. 6), one after the other.

    All pictures and timesteps share one noise image, as in DatasetDDPM.
    """
    noise = torch.randn(x_0.shape[1:], generator=generator).to(x_0.device)[None]
    activations = []
    for t in timesteps:
        x_t = denoiser.schedule.add_noise(x_0, noise, torch.full((len(x_0),), t))
        activations += denoiser.features(x_t, t)
    return activations


class Segmenter:
    """Labels every pixel of a picture by an ensemble of pixel classifiers (usually of one)."""

    def __init__(self, denoiser: Denoiser, bank: PixelClassifiers, labels: LabelSet) -> None:
        self.denoiser, self.bank, self.labels = denoiser, bank, labels

    @torch.no_grad()
    def _read(self, x_0: Tensor, pixels: Tensor) -> Tensor:
        """Class probabilities K×N×classes×P by each member; pixels: int64 P, row · S + column."""
        generator = torch.Generator().manual_seed(NOISE_SEED)
        activations = noisy_activations(self.denoiser, x_0, self.bank.timesteps[0], generator)
        size = x_0.shape[-1]
        read = [self.bank.logits(k, activations, pixels, size) for k in range(len(self.bank))]
        return torch.stack(read).softmax(3).transpose(2, 3)

    def members(self, x_0: Tensor) -> Tensor:
        """Class probabilities K×N×classes×S×S by each of the K members, of pictures x_0 (N×3×S×S
        in [-1, 1])."""
        size = x_0.shape[-1]
        read = self._read(x_0, torch.arange(size * size, device=x_0.device))
        return read.reshape(*read.shape[:3], size, size)

    def probabilities(self, x_0: Tensor) -> Tensor:
        """Class probabilities N×classes×S×S: the mean of the members'."""
        return self.members(x_0).mean(0)

    def probabilities_at(self, x_0: Tensor, where: Tensor) -> Tensor:
        """The same at the pixels `where` (bool S×S) alone, row by row: N×classes×P."""
        return self._read(x_0, where.flatten().nonzero()[:, 0].to(x_0.device)).mean(0)

    def __call__(self, x_0: Tensor) -> list[LabelMap]:
        """One label map per picture of x_0 (N×3×S×S), with its uncertainty.

        Several members vote, the lower id winning a tie, and the uncertainty is their disagreement
        (DatasetDDPM: the entropy of their mean less the mean of their entropies); with one member
        it is the entropy of its answer. Either is divided by log(classes), so it lies in [0, 1].
        """
        members = self.members(x_0)
        mean = members.mean(0)
        votes = members.argmax(2)  # K×N×S×S
        ids = votes.mode(0).values if len(votes) > 1 else mean.argmax(1)
        doubt = _entropy(mean, 1)
        if len(votes) > 1:
            doubt = doubt - _entropy(members, 2).mean(0)
        highest = math.log(max(2, len(self.labels)))  # a single class is never in doubt
        uncertainty = (doubt / highest).clamp(0, 1).cpu().numpy()
        return [
            LabelMap(own, self.labels, unsure)
            for own, unsure in zip(ids.to(torch.uint8).cpu().numpy(), uncertainty, strict=True)
        ]


def picture_uncertainty(label_map: LabelMap) -> float:
    """One number for a whole picture: the mean over the tenth of its pixels that are most in doubt.

    (DatasetDDPM drops the generated pictures of which this is highest.) Raises InputError for a map
    without uncertainty.
    """
    if label_map.uncertainty is None:
        raise InputError("a map without uncertainty", "map", "Take one that `segment` made.")
    doubts = np.sort(label_map.uncertainty, axis=None)
    return float(doubts[-max(1, len(doubts) // 10) :].mean())


def _entropy(probabilities: Tensor, dim: int) -> Tensor:
    return -(probabilities * probabilities.clamp(min=1e-12).log()).sum(dim)
