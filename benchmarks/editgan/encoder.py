"""The encoder: a picture's first guess in W+ (Ling et al. 2021, sec. 3.1)."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.inversion import load_gan, style_statistics
from benchmarks.editgan.layers import GAIN, ScaledLinear, activate, channels_last
from benchmarks.editgan.networks import SMALLEST, Shape, Trunk
from benchmarks.editgan.pictures import DecodedPictures
from benchmarks.editgan.storage import load_shape, load_training, save_module, save_training
from pixelguide.errors import InputError
from pixelguide.seeds import generator as seeded

HIDDEN = 256
CHECKPOINT = "encoder-training.safetensors"


class Encoder(nn.Module):
    """A trunk like the discriminator's, whose levels are read together into all of W+."""

    centre: Tensor

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.shape = shape
        self.trunk = Trunk(shape, generator)
        # the trunk's levels, from the second-finest of the generator down
        inputs = sum(shape.channels[-2::-1]) * SMALLEST**2
        self.hidden = ScaledLinear(inputs, HIDDEN, generator, gain=GAIN)
        self.out = ScaledLinear(HIDDEN, shape.ws * shape.latent, generator)
        nn.init.zeros_(self.out.weight)  # the first guess is the mean of W
        self.register_buffer("centre", torch.zeros(shape.latent))

    def forward(self, x: Tensor) -> Tensor:
        """Pictures N×3×S×S in [-1, 1] to latents N×ws×latent, as offsets from the mean of W."""
        levels = [F.adaptive_avg_pool2d(level, SMALLEST) for level in self.trunk(x)]
        offsets = self.out(activate(self.hidden(torch.cat(levels, 1).flatten(1))))
        ws: Tensor = self.centre + offsets.unflatten(1, (self.shape.ws, self.shape.latent))
        return ws


@dataclass(frozen=True)
class EncoderTraining:
    """Settings of the encoder's training, with the reason beside each value."""

    images: int = 16_000  # pictures of each kind to see: some ten minutes on one core
    batch_size: int = 8  # of generated, and as many of real pictures
    learning_rate: float = 1e-3
    style: float = 1.0  # weight of the error in W+ where the latent is known, in variances of W
    checkpoint_images: int = 2_000
    seed: int = 0


def train_encoder(
    pictures: DecodedPictures,
    folder: Path,
    settings: EncoderTraining,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> Encoder:
    """Train the encoder of the generator in `folder` on generated and real pictures together.

    Generated pictures have a known latent, real ones only themselves to be compared with. (The
    paper's first 20,000 iterations on generated pictures alone were left out for FFHQ by Matsunaga
    et al. 2022, sec. A.2, and are here.) The rate falls to zero by a half cosine. A repeated call
    goes on from the last checkpoint. Raises InputError when the generator is missing.
    """
    shape = load_shape(folder / "generator")
    if pictures.size != shape.size:
        raise InputError(f"pictures of {pictures.size} pixels for networks of {shape.size}")
    generator, distance = load_gan(folder, shape, pictures.device)
    encoder = Encoder(shape, seeded(settings.seed, "encoder")).to(pictures.device)
    encoder.trunk.load_state_dict(distance.trunk.state_dict())  # has seen these pictures
    channels_last(encoder)
    centre, variance = style_statistics(generator)
    encoder.centre.copy_(centre)
    optimizer = torch.optim.Adam(encoder.parameters(), settings.learning_rate, betas=(0.9, 0.99))
    modules = {"encoder": encoder}
    free = ("checkpoint_images",)
    identity = {name: value for name, value in asdict(settings).items() if name not in free}
    weights = (folder / "generator.safetensors").read_bytes()
    identity["generator"] = hashlib.sha256(weights).hexdigest()  # which may be trained further
    step = load_training(folder / CHECKPOINT, modules, [optimizer], identity)

    total = settings.images // settings.batch_size
    every = max(1, settings.checkpoint_images // settings.batch_size)
    began, first_step = time.monotonic(), step
    while step < total:
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * (1 + math.cos(math.pi * step / total)) / 2
        draws = seeded(settings.seed, "encoder step", step)
        z = torch.randn(settings.batch_size, shape.latent, generator=draws)
        chosen = torch.randint(len(pictures), (settings.batch_size,), generator=draws)
        with torch.no_grad():
            true = generator.styles(z.to(pictures.device, non_blocking=True))
            made, _ = generator.synthesis(true)
        both = torch.cat([made, pictures.batch(chosen)])
        ws = encoder(both.contiguous(memory_format=torch.channels_last))
        apart = distance(generator.synthesis(ws)[0], both).mean()
        missed = (ws[: len(true)] - true).square().mean() / variance
        optimizer.zero_grad(set_to_none=True)
        (apart + settings.style * missed).backward()
        optimizer.step()
        step += 1
        if step % every == 0 or step == total:
            save_module(folder / "encoder", encoder, shape)
            save_training(folder / CHECKPOINT, modules, [optimizer], step, identity)
            if on_progress:
                seconds = time.monotonic() - began
                done = {"done": step * settings.batch_size, "total": total * settings.batch_size}
                speed = (step - first_step) * settings.batch_size / seconds
                losses = {"loss": float(apart.detach()), "style": float(missed.detach())}
                on_progress({"stage": "checkpoint", **done, **losses, "images_per_second": speed})
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return encoder.eval().requires_grad_(False)
