"""From a picture to its label map: f_multi of Matsunaga et al. 2022, sec. 3.2."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank

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

    def __init__(self, denoiser: Denoiser, bank: ClassifierBank, labels: LabelSet) -> None:
        self.denoiser, self.bank, self.labels = denoiser, bank, labels

    @torch.no_grad()
    def probabilities(self, x_0: Tensor) -> Tensor:
        """Class probabilities N×classes×S×S of pictures x_0 (N×3×S×S in [-1, 1]); the mean of
        the ensemble's members."""
        size = x_0.shape[-1]
        pixels = torch.arange(size * size, device=x_0.device)
        generator = torch.Generator().manual_seed(NOISE_SEED)
        activations = noisy_activations(self.denoiser, x_0, self.bank.timesteps[0], generator)
        members = [
            self.bank.logits(k, activations, pixels, size).softmax(2) for k in range(len(self.bank))
        ]
        mean = torch.stack(members).mean(0)  # N×P×classes
        return mean.transpose(1, 2).reshape(len(mean), -1, size, size)

    def __call__(self, x_0: Tensor) -> list[LabelMap]:
        """One label map per picture, with its uncertainty: entropy over log(classes), in [0, 1]."""
        probabilities = self.probabilities(x_0)
        ids = probabilities.argmax(1).to(torch.uint8).cpu().numpy()
        entropy = -(probabilities * probabilities.clamp(min=1e-12).log()).sum(1)
        highest = math.log(max(2, len(self.labels)))  # a single class is never in doubt
        uncertainty = (entropy / highest).clamp(0, 1).cpu().numpy()
        return [
            LabelMap(own, self.labels, unsure) for own, unsure in zip(ids, uncertainty, strict=True)
        ]
