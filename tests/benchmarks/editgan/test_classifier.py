"""Pixel classifiers on the generator's activations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.classifier import (
    PixelTraining,
    new_bank,
    pixel_loss,
    read_maps,
    train_bank,
)
from benchmarks.editgan.networks import Generator, Shape
from conftest import seeded
from pixelguide.labels import IGNORE

from .conftest import HIDDEN

BRIEF = PixelTraining(
    members=3, hidden=HIDDEN, iterations=150, batch_size=64, weight_decay=0.0, learning_rate=1e-2
)


def labelled(generator: Generator, shape: Shape) -> tuple[torch.Tensor, np.ndarray]:
    """Latents, and maps that say where each picture's first channel is positive."""
    ws = generator.styles(torch.randn(4, shape.latent, generator=seeded(0)))
    picture, _ = generator.synthesis(ws)
    return ws, (picture[:, 0] > picture[:, 0].median()).numpy().astype(np.uint8)


def test_what_the_activations_show_is_learned(gan_generator: Generator, shape: Shape) -> None:
    ws, maps = labelled(gan_generator, shape)
    bank = train_bank(gan_generator.synthesis, ws, maps, 2, BRIEF)
    read = read_maps(bank, gan_generator.synthesis(ws)[1], shape.size)
    assert read.shape == maps.shape
    assert read.dtype == np.uint8
    assert (read == maps).mean() > 0.85
    again = train_bank(gan_generator.synthesis, ws, maps, 2, BRIEF)
    assert all(
        torch.equal(value, again.state_dict()[name]) for name, value in bank.state_dict().items()
    )
    assert not torch.equal(bank.weight1[0], bank.weight1[1])  # members differ


def test_ignored_pixels_teach_nothing(gan_generator: Generator, shape: Shape) -> None:
    ws, maps = labelled(gan_generator, shape)
    hidden = maps.copy()
    hidden[maps == 1] = IGNORE
    bank = train_bank(gan_generator.synthesis, ws, hidden, 2, replace(BRIEF, iterations=40))
    assert not read_maps(bank, gan_generator.synthesis(ws)[1], shape.size).any()


def test_loss_and_vote_are_those_of_the_members(gan_generator: Generator, shape: Shape) -> None:
    bank = new_bank(shape, 3, 5, HIDDEN).eval()
    for member in range(5):
        bank.initialize(member, seeded(member))
    ws = gan_generator.styles(torch.randn(2, shape.latent, generator=seeded(0)))
    activations = gan_generator.synthesis(ws)[1]
    full = [F.interpolate(a, shape.size, mode="bilinear", align_corners=False) for a in activations]
    rows = torch.cat(full, 1).flatten(2).mT  # N×P×channels
    logits = torch.stack([bank(own.expand(5, -1, -1)) for own in rows], 1)  # K×N×P×classes
    pixels = torch.tensor([3, 77, 200])
    wanted = torch.tensor([0, 2, 1])
    expected = F.cross_entropy(
        logits[:, :, pixels].permute(0, 1, 3, 2).flatten(0, 1),
        wanted.expand(10, 3),
        reduction="none",
    )
    made = pixel_loss(bank, activations, pixels, wanted, shape.size)
    torch.testing.assert_close(made, expected.view(5, 2, 3).mean((0, 2)), atol=1e-4, rtol=1e-4)
    votes = logits.argmax(3).mode(0).values.view(2, 16, 16)
    agree = torch.from_numpy(read_maps(bank, activations, shape.size)) == votes
    assert agree.float().mean() > 0.99  # but for ties that rounding decides
