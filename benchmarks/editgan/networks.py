"""Generator and discriminator of StyleGAN2 (Karras et al. 2020, arXiv 1912.04958), small."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.layers import (
    GAIN,
    ModulatedConv,
    ResidualDown,
    ScaledConv,
    ScaledLinear,
    StyledLayer,
    activate,
    enlarge,
)
from pixelguide.errors import InputError

SMALLEST = 4  # side of the learned constant
STD_GROUP = 4  # pictures that the discriminator compares, as in StyleGAN2


@dataclass(frozen=True)
class Shape:
    """What both networks share.

    channels: of each resolution, from 4² doubling to the pictures' size. latent: length of z and
    w. mapping: layers of the mapping network.
    """

    channels: tuple[int, ...] = (128, 128, 64, 32, 16)
    latent: int = 128
    mapping: int = 4

    def __post_init__(self) -> None:
        if len(self.channels) < 2 or min(*self.channels, self.latent, self.mapping) < 1:
            raise InputError(f"shape {self}", "channels", "Give two resolutions or more.")

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return int(SMALLEST << (len(self.channels) - 1))

    @property
    def layers(self) -> int:
        """Styled layers, of which each has a w of its own in W+; the last w is for the colours."""
        return 2 * len(self.channels) - 1

    @property
    def ws(self) -> int:
        """Latents of a picture in W+."""
        return self.layers + 1


class Mapping(nn.Module):
    """z to w: a perceptron with a hundredth of the learning rate (Karras et al. 2019, sec. 2)."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            ScaledLinear(shape.latent, shape.latent, generator, rate=0.01, gain=GAIN)
            for _ in range(shape.mapping)
        )

    def forward(self, z: Tensor) -> Tensor:
        """N×latent to N×latent."""
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = activate(layer(w))
        return w


class Synthesis(nn.Module):
    """W+ to a picture, with skip connections of the colours (StyleGAN2, fig. 7 b)."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.shape = shape
        first = shape.channels[0]
        self.constant = nn.Parameter(torch.randn(1, first, SMALLEST, SMALLEST, generator=generator))

        def layer(fan_in: int, fan_out: int, up: bool) -> StyledLayer:
            return StyledLayer(fan_in, fan_out, shape.latent, generator, up=up)

        layers = [layer(first, first, False)]
        for fan_in, fan_out in pairwise(shape.channels):
            layers += [layer(fan_in, fan_out, True), layer(fan_out, fan_out, False)]
        self.layers = nn.ModuleList(layers)
        self.colours = nn.ModuleList(
            ModulatedConv(width, 3, 1, shape.latent, generator, demodulate=False)
            for width in shape.channels
        )
        self.colour_bias = nn.Parameter(torch.zeros(3, 1, 1))

    def forward(self, ws: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Pictures N×3×S×S, about [-1, 1], and the activations of every layer, coarse to fine.

        ws: N×`shape.ws`×latent.
        """
        x = self.constant.expand(len(ws), -1, -1, -1)
        picture: Tensor = self.colour_bias
        activations = []
        for k, layer in enumerate(self.layers):
            x = layer(x, ws[:, k])
            activations.append(x)
            if k % 2 == 0:  # a resolution is complete
                picture = enlarge(picture) if k else picture
                picture = picture + self.colours[k // 2](x, ws[:, k + 1])
        return picture, activations


class Generator(nn.Module):
    """z to w to a picture."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.shape = shape
        self.mapping = Mapping(shape, generator)
        self.synthesis = Synthesis(shape, generator)

    def styles(self, z: Tensor) -> Tensor:
        """z (N×latent) as a point of W+ (N×ws×latent), the same w for every layer."""
        w: Tensor = self.mapping(z)
        return w[:, None].expand(-1, self.shape.ws, -1)

    def mixed_styles(self, z: Tensor, other: Tensor, crossover: Tensor) -> Tensor:
        """W+ with w of `z` before layer `crossover` (int64 N) and w of `other` from there on
        (style mixing, Karras et al. 2019, sec. 3.1)."""
        later = torch.arange(self.shape.ws, device=crossover.device) >= crossover[:, None]
        return torch.where(later[:, :, None], self.styles(other), self.styles(z))


class Trunk(nn.Module):
    """Residual blocks down to 4²: of the discriminator and of the encoder.

    The picture enters at half its size with each 2×2 pixels side by side as channels: a level at
    full size, as StyleGAN2 has it, would double the cost of a training.
    """

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        widths = shape.channels[-2::-1]
        self.stem = ScaledConv(12, widths[0], 3, generator, gain=GAIN)
        self.blocks = nn.ModuleList(
            ResidualDown(fan_in, fan_out, generator) for fan_in, fan_out in pairwise(widths)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Pictures N×3×S×S to the output of the stem and of each block, fine to coarse."""
        outputs = [activate(self.stem(F.pixel_unshuffle(x, 2)))]
        for block in self.blocks:
            outputs.append(block(outputs[-1]))
        return outputs


class Discriminator(nn.Module):
    """Residual discriminator that also sees how much the pictures of a group differ (StyleGAN2)."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        width = shape.channels[0]
        self.trunk = Trunk(shape, generator)
        self.conv = ScaledConv(width + 1, width, 3, generator, gain=GAIN)
        self.hidden = ScaledLinear(width * SMALLEST**2, width, generator, gain=GAIN)
        self.out = ScaledLinear(width, 1, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures N×3×S×S to logits N: high for real ones."""
        hidden = self.trunk(x)[-1]
        hidden = activate(self.conv(torch.cat([hidden, deviation_channel(hidden)], 1)))
        logits: Tensor = self.out(activate(self.hidden(hidden.flatten(1))))[:, 0]
        return logits


def deviation_channel(x: Tensor) -> Tensor:
    """N×C×H×W to N×1×H×W: the mean standard deviation within each group of up to 4 pictures
    (Karras et al. 2018, arXiv 1710.10196, sec. 3)."""
    count = len(x)
    group = next(size for size in range(min(STD_GROUP, count), 0, -1) if count % size == 0)
    # pictures k, k + N/group, … form a group
    grouped = x.reshape(group, count // group, *x.shape[1:])
    variance = (grouped - grouped.mean(0)).square().mean(0)
    deviation = (variance + 1e-8).sqrt().mean((1, 2, 3))  # N/group
    return deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])
