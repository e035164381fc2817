"""From a picture to its latent: how far two pictures are apart, and descent on that distance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.layers import channels_last
from benchmarks.editgan.networks import Discriminator, Generator, Shape, Synthesis, Trunk
from benchmarks.editgan.storage import fill_module
from pixelguide.seeds import generator as seeded

AVERAGED = 4096  # latents that the mean of W is taken over


class Distance(nn.Module):
    """L_RGB of EditGAN (Ling et al. 2021, sec. 3.2): a perceptual distance plus squared errors.

    The perceptual part is LPIPS's formula (Zhang et al. 2018, arXiv 1801.03924, eq. 1, all
    channels worth the same) on the discriminator's features, since no other network here has seen
    pictures. pixel: weight of the mean squared error of colours in [-1, 1].
    """

    def __init__(self, trunk: Trunk, pixel: float = 10.0) -> None:
        super().__init__()
        self.trunk = trunk.eval().requires_grad_(False)
        self.pixel = pixel

    def features(self, x: Tensor) -> list[Tensor]:
        """Pictures N×3×S×S to features of length 1 at every place, N×C×h×w each."""
        return [F.normalize(each, dim=1, eps=1e-6) for each in self.trunk(x)]

    def forward(self, x: Tensor, y: Tensor, known: list[Tensor] | None = None) -> Tensor:
        """Distances N of pictures x and y, N×3×S×S in [-1, 1]. known: `features(y)`, if at hand."""
        known = self.features(y) if known is None else known
        perceptual = torch.stack(
            [
                (own - other).square().sum(1).mean((1, 2))
                for own, other in zip(self.features(x), known, strict=True)
            ]
        ).sum(0)
        squared = (x - y).square().mean((1, 2, 3))
        total: Tensor = perceptual + self.pixel * squared
        return total


def refine(
    synthesis: Synthesis,
    distance: Distance,
    ws: Tensor,
    pictures: Tensor,
    steps: int,
    rate: float,
) -> Tensor:
    """W+ latents of `pictures` (N×3×S×S in [-1, 1]) after `steps` of Adam from `ws`.

    Each picture's descent is its own, however many are refined together.
    """
    known = distance.features(pictures)

    def loss(moved: Tensor) -> Tensor:
        apart: Tensor = distance(synthesis(moved)[0], pictures, known)
        return apart

    return descend(ws, loss, steps, rate)


@torch.enable_grad()
def descend(ws: Tensor, loss: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    """`ws` after `steps` of Adam on the sum of `loss(ws)` (N), the rate falling to 0 by a half
    cosine; gradients are taken with respect to the latents only."""
    ws = ws.detach().clone().requires_grad_(True)
    optimizer = torch.optim.Adam([ws], lr=rate)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, steps))
    for _ in range(steps):
        (ws.grad,) = torch.autograd.grad(loss(ws).sum(), ws)
        optimizer.step()
        fall.step()
    return ws.detach()


def load_gan(
    folder: Path, shape: Shape, device: torch.device | str = "cpu"
) -> tuple[Generator, Distance]:
    """The trained generator, and the distance that its discriminator's features give; frozen.

    Raises InputError when either is missing or damaged.
    """
    nothing = torch.Generator()
    generator, discriminator = Generator(shape, nothing), Discriminator(shape, nothing)
    fill_module(folder / "generator", generator)
    fill_module(folder / "discriminator", discriminator)
    distance = Distance(discriminator.trunk)
    for network in (generator, distance):
        channels_last(network.to(device))
    return generator, distance


@torch.no_grad()
def style_statistics(generator: Generator) -> tuple[Tensor, float]:
    """The mean of W (latent) and the mean variance around it, over latents always the same."""
    latent = generator.shape.latent
    z = torch.randn(AVERAGED, latent, generator=seeded(0, "mean style"))
    w = generator.mapping(z.to(next(generator.parameters()).device))
    return w.mean(0), float(w.var(0).mean())
