"""Train the generator and the discriminator on a folder of pictures; resumable to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.layers import channels_last
from benchmarks.editgan.networks import Discriminator, Generator, Shape
from benchmarks.editgan.pictures import DecodedPictures
from benchmarks.editgan.replay import Replay
from benchmarks.editgan.storage import load_training, save_module, save_training
from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.images import from_model, save_png
from pixelguide.seeds import generator as seeded

Progress = Callable[[dict[str, Any]], None]
CHECKPOINT = "training.safetensors"
SHEET = (4, 8)  # rows and columns of the sheet of samples


@dataclass(frozen=True)
class GanTraining:
    """Settings of the adversarial training, with the reason beside each value."""

    images: int = 200_000  # real pictures to see: an hour and a half on a free core
    seconds: float | None = None  # stop, and keep what is there, after so long
    batch_size: int = 16  # half of StyleGAN2's; a short training is short of steps
    learning_rate: float = 2.5e-3  # StyleGAN2's 2e-3 for 256² and less, a little faster
    r1_gamma: float = 0.3  # StyleGAN2-ADA's 0.0002 · S² / batch is 0.05; more is calmer
    r1_every: int = 16  # steps between gradient penalties (StyleGAN2, sec. 3.1)
    mixing: float = 0.5  # share of pictures from two latents
    ema_images: float = 4_000  # half-life of the averaged generator …
    ema_rampup: float = 0.1  # … at most this share of the pictures seen so far
    checkpoint_images: int = 3_200  # a kill costs at most this many
    seed: int = 0


def train_gan(
    pictures: DecodedPictures,
    folder: Path,
    shape: Shape,
    settings: GanTraining,
    on_progress: Progress | None = None,
    record: bool = True,
) -> Generator:
    """Train on `pictures` and keep everything in `folder`; go on from its checkpoint if it has one.

    Non-saturating logistic loss (Goodfellow et al. 2014, arXiv 1406.2661, sec. 3) with R1 every
    `r1_every` steps. Both players move from the same point, so that one pass of the generator
    serves both. No path length penalty: StyleGAN2-ADA leaves it out for small pictures too.
    Step k draws everything from generators that depend on (seed, k) alone, so on a processor an
    interrupted run ends with the same weights as an uninterrupted one. On a GPU, whose sums depend
    on the order of its threads, steps are recorded once and then replayed, unless `record` is
    False.
    Returns the averaged generator. Raises InputError on settings that do not fit.
    """
    if settings.batch_size < 1 or settings.images < settings.batch_size:
        raise InputError(f"{settings.images} images in batches of {settings.batch_size}")
    if pictures.size != shape.size:
        raise InputError(f"pictures of {pictures.size} pixels for networks of {shape.size}")
    check_writable(folder)
    weights = seeded(settings.seed, "weights")
    generator, discriminator = Generator(shape, weights), Discriminator(shape, weights)
    average = Generator(shape, torch.Generator()).requires_grad_(False)
    average.load_state_dict(generator.state_dict())
    device = pictures.device
    for network in (generator, discriminator, average):
        channels_last(network.to(device))
    players = (_optimizer(generator, settings), _optimizer(discriminator, settings))
    modules = {"generator": generator, "discriminator": discriminator, "average": average}
    free = ("images", "seconds", "checkpoint_images")  # what may change between parts of a training
    identity = {name: value for name, value in asdict(settings).items() if name not in free}
    identity["shape"] = asdict(shape)
    step = load_training(folder / CHECKPOINT, modules, players, identity)

    total_steps = settings.images // settings.batch_size
    every = max(1, settings.checkpoint_images // settings.batch_size)
    began, first_step = time.monotonic(), step

    def play(inputs: Sequence[Tensor], penalized: bool) -> Tensor:
        return train_step(generator, discriminator, players, inputs, settings, penalized)

    turn = Replay(play) if record and device.type == "cuda" else play
    over = False
    while step < total_steps and not over:
        inputs = (_real_batch(pictures, settings, step), *_latents(shape, settings, step, device))
        losses = turn(inputs, step % settings.r1_every == 0)
        step += 1
        follow(average, generator, step * settings.batch_size, settings)
        if step % every and step < total_steps and step % 10:
            continue
        deceived, apart = losses.tolist()  # waits for the GPU
        over = settings.seconds is not None and time.monotonic() - began > settings.seconds
        progress = {
            "stage": "train GAN",
            "done": step * settings.batch_size,
            "total": total_steps * settings.batch_size,
            "loss": deceived,
            "loss_d": apart,
            "images_per_second": (step - first_step)
            * settings.batch_size
            / (time.monotonic() - began),
        }
        if step % every == 0 or step == total_steps or over:
            save_module(folder / "generator", average, shape)
            save_module(folder / "discriminator", discriminator, shape)
            save_png(folder / "samples.png", sample_sheet(average, settings.seed))
            save_training(folder / CHECKPOINT, modules, players, step, identity)
            progress["stage"] = "checkpoint"
        if on_progress:
            on_progress(progress)
    return average


def train_step(
    generator: Generator,
    discriminator: Discriminator,
    players: Sequence[torch.optim.Optimizer],
    inputs: Sequence[Tensor],
    settings: GanTraining,
    penalized: bool,
) -> Tensor:
    """One step of both players; their losses without penalty: generator's, discriminator's.

    inputs: real pictures N×3×S×S in [-1, 1], and what `_latents` returns.
    """
    real, z, other, crossover = inputs
    fake = generator.synthesis(generator.mixed_styles(z, other, crossover))[0]
    on_fake, on_real = discriminator(fake), discriminator(real)
    loss = F.softplus(on_fake).mean() + F.softplus(-on_real).mean()
    aim = loss
    if penalized:  # worth as much as if it were added at every step
        weight = settings.r1_gamma / 2 * settings.r1_every
        aim = loss + weight * gradient_penalty(discriminator, real)
    own = list(discriminator.parameters())
    found = torch.autograd.grad(aim, own, retain_graph=True)
    for each, gradient in zip(own, found, strict=True):
        each.grad = gradient
    deceived = F.softplus(-on_fake).mean()
    own = list(generator.parameters())
    for each, gradient in zip(own, torch.autograd.grad(deceived, own), strict=True):
        each.grad = gradient
    for player in players:
        player.step()
    return torch.stack([deceived, loss]).detach()


def gradient_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """R1 without its factor: the mean over pictures of ‖∇ D(x)‖² (Mescheder et al. 2018, eq. 9)."""
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


@torch.no_grad()
def sample_sheet(generator: Generator, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A sheet of generated pictures, always of the same latents: uint8 H×W×3."""
    rows, columns = SHEET
    z = torch.randn(rows * columns, generator.shape.latent, generator=seeded(seed, "samples"))
    z = z.to(next(generator.parameters()).device)
    tiles = from_model(generator.synthesis(generator.styles(z))[0])
    size = generator.shape.size
    grid = tiles.reshape(rows, columns, size, size, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(rows * size, columns * size, 3)


def _optimizer(network: nn.Module, settings: GanTraining) -> torch.optim.Optimizer:
    # no momentum, as in StyleGAN2: the other player moves
    weights = list(network.parameters())
    on_gpu = weights[0].device.type == "cuda"  # where steps are recorded
    return torch.optim.Adam(weights, settings.learning_rate, (0.0, 0.99), capturable=on_gpu)


@torch.no_grad()
def follow(average: Generator, generator: Generator, seen: int, settings: GanTraining) -> None:
    """Exponential moving average of the weights, with a half-life in pictures."""
    half_life = min(settings.ema_images, seen * settings.ema_rampup)
    share = 1 - 0.5 ** (settings.batch_size / max(half_life, 1e-8))
    torch._foreach_lerp_(list(average.parameters()), list(generator.parameters()), share)


def _latents(
    shape: Shape, settings: GanTraining, step: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Two z for each picture of a step, N×latent, and the layer where the second takes over, int64
    N: for all but a share `mixing` it never does."""
    draws, count = seeded(settings.seed, "step", step), settings.batch_size
    z, other = torch.randn(2, count, shape.latent, generator=draws)
    crossover = torch.randint(1, shape.ws, (count,), generator=draws)
    mixed = torch.rand(count, generator=draws) < settings.mixing
    crossover = torch.where(mixed, crossover, shape.ws)
    return z.to(device), other.to(device), crossover.to(device)


def _real_batch(pictures: DecodedPictures, settings: GanTraining, step: int) -> Tensor:
    """Random pictures of the folder, half of them mirrored: N×3×S×S in [-1, 1]."""
    draws = seeded(settings.seed, "real", step)
    size = settings.batch_size
    chosen = torch.randint(len(pictures), (size,), generator=draws)
    return pictures.batch(chosen, torch.rand(size, generator=draws) < 0.5)
