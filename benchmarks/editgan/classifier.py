"""DatasetGAN's pixel classifiers (Zhang et al. 2021, arXiv 2104.06490) on the generator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.networks import Shape, Synthesis
from pixelguide.labels import IGNORE
from pixelguide.seeds import generator as seeded
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.features import pixel_features


@dataclass(frozen=True)
class PixelTraining:
    """Settings of the classifiers' training, with the reason beside each value."""

    members: int = 10  # DatasetGAN's, and Matsunaga et al. 2022, sec. A.2
    hidden: tuple[int, int] = (128, 32)  # DatasetGAN's below 30 classes
    iterations: int = 3000  # the loss is flat by then
    batch_size: int = 256  # pixels
    learning_rate: float = 1e-3  # DatasetGAN's
    weight_decay: float = 1.0  # AdamW's; the classifiers on the diffusion prior have it too
    pixels: int = 2048  # of each picture, at random: neighbours teach the same
    seed: int = 0


def new_bank(shape: Shape, classes: int, members: int, hidden: Sequence[int]) -> ClassifierBank:
    """`members` untrained classifiers on the activations of all styled layers.

    A generator has no timesteps: every member's is 0.
    """
    layers = range(shape.layers)
    widths = [shape.channels[(k + 1) // 2] for k in layers]
    bank: ClassifierBank = ClassifierBank(classes, [[0]] * members, [*layers], widths, [*hidden])
    return bank


@torch.no_grad()
def train_bank(
    synthesis: Synthesis,
    ws: Tensor,
    label_ids: NDArray[np.uint8],
    classes: int,
    settings: PixelTraining,
) -> ClassifierBank:
    """Classifiers trained on the activations behind `ws` (N×ws×latent), the latents of pictures
    whose label maps are `label_ids` (N×S×S). AdamW on single pixels; members differ by their first
    weights and by the order of their pixels."""
    features, labels = _labelled_pixels(synthesis, ws, label_ids, settings)
    deviation, mean = torch.std_mean(features, 0)
    deviation = deviation.clamp(min=1e-4)
    count = settings.members
    bank: ClassifierBank = new_bank(synthesis.shape, classes, count, settings.hidden).to(
        features.device
    )
    bank.train()
    for member in range(count):
        bank.initialize(member, seeded(settings.seed, "member", member))
    optimizer = torch.optim.AdamW(
        bank.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    draws = seeded(settings.seed, "pixel order")
    order = (count, settings.batch_size)
    for iteration in range(settings.iterations):
        fall = (1 + math.cos(math.pi * iteration / settings.iterations)) / 2
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * fall
        batch = torch.randint(len(labels), order, generator=draws).to(features.device)
        with torch.enable_grad():
            logits = bank((features[batch] - mean) / deviation)  # K×B×classes
            # the mean over pixels, summed over members: each has the gradient it would have alone
            loss = F.cross_entropy(logits.transpose(1, 2), labels[batch]) * count
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    bank.standardize_inputs(mean.expand(count, -1), deviation.expand(count, -1))
    bank.eval().requires_grad_(False)
    return bank


def _labelled_pixels(
    synthesis: Synthesis, ws: Tensor, label_ids: NDArray[np.uint8], settings: PixelTraining
) -> tuple[Tensor, Tensor]:
    """Features M×channels and labels int64 M of labelled pixels, some of each picture."""
    size, draws = synthesis.shape.size, seeded(settings.seed, "pixels")
    features, labels = [], []
    for own, ids in zip(ws.split(1), label_ids, strict=True):
        pixels = torch.randperm(size * size, generator=draws)[: settings.pixels]
        known = torch.from_numpy(ids.astype(np.int64)).flatten()[pixels]
        pixels = pixels[known != IGNORE].to(own.device)
        _, activations = synthesis(own)
        features.append(pixel_features(activations, pixels, size)[0])
        labels.append(known[known != IGNORE].to(own.device))
    return torch.cat(features), torch.cat(labels)


def pixel_loss(
    bank: ClassifierBank,
    activations: Sequence[Tensor],
    pixels: Tensor,
    wanted: Tensor,
    size: int,
    members: int | None = None,
) -> Tensor:
    """Cross-entropy N of the first `members`' maps with `wanted` (int64 P, or N×P with `IGNORE`
    where a picture has nothing to say) at `pixels` (int64 P), the mean over pixels and members."""
    losses = []
    for member in range(min(len(bank), members or len(bank))):
        logits = bank.logits(member, activations, pixels, size)  # N×P×classes
        expected = wanted.expand(len(logits), -1)
        own = F.cross_entropy(logits.mT, expected, reduction="none", ignore_index=IGNORE)
        losses.append(own.sum(1) / (expected != IGNORE).sum(1))
    return torch.stack(losses).mean(0)


@torch.no_grad()
def read_maps(bank: ClassifierBank, activations: Sequence[Tensor], size: int) -> NDArray[np.uint8]:
    """Label maps N×S×S: what most members say, the lower id in a tie (DatasetGAN, sec. 3.1)."""
    pixels = torch.arange(size * size, device=activations[0].device)
    votes = [bank.logits(k, activations, pixels, size).argmax(2) for k in range(len(bank))]
    ids: NDArray[np.uint8] = torch.stack(votes).cpu().mode(0).values.to(torch.uint8).numpy()
    return ids.reshape(-1, size, size)
