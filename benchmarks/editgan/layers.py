"""Layers of StyleGAN2 (Karras et al. 2020, arXiv 1912.04958)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

GAIN = math.sqrt(2)  # of layers before a leaky ReLU: keeps the variance, at no cost of its own
SLOPE = 0.2


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU."""
    return F.leaky_relu(x, SLOPE)


class ScaledLinear(nn.Module):
    """A linear layer whose weights have unit variance and are scaled when used (equalized learning
    rate, Karras et al. 2018, arXiv 1710.10196, sec. 4.1). rate: share of the learning rate.
    gain: of the output."""

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        generator: torch.Generator,
        *,
        bias: float = 0.0,
        rate: float = 1.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in, generator=generator) / rate)
        self.bias = nn.Parameter(torch.full((fan_out,), bias / rate))
        self.scale = rate * gain

    def forward(self, x: Tensor) -> Tensor:
        """…×fan_in to …×fan_out."""
        weight = self.weight * (self.scale / math.sqrt(self.weight.shape[1]))
        return F.linear(x, weight, self.bias * self.scale)


class ScaledConv(nn.Module):
    """A convolution with equalized learning rate that keeps the size. gain: of the output."""

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        kernel: int,
        generator: torch.Generator,
        *,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            torch.randn(fan_out, fan_in, kernel, kernel, generator=generator)
        )
        self.bias = nn.Parameter(torch.zeros(fan_out)) if bias else None
        self.gain = gain

    def forward(self, x: Tensor) -> Tensor:
        """N×fan_in×H×W to N×fan_out×H×W."""
        weight = scaled(self.weight, self.gain)
        return F.conv2d(x, weight, self.bias, padding=weight.shape[-1] // 2)


class ModulatedConv(nn.Module):
    """A convolution whose weights a latent scales per picture (StyleGAN2, eq. 1 and 3).

    Scaling the input channels by the style and the output channels by the demodulation is the same
    as a convolution with each picture's own weights, and lets all pictures share one.
    Demodulated outputs have the variance 2, for the leaky ReLU behind them.
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        kernel: int,
        latent: int,
        generator: torch.Generator,
        *,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.affine = ScaledLinear(latent, fan_in, generator, bias=1.0)
        self.weight = nn.Parameter(
            torch.randn(fan_out, fan_in, kernel, kernel, generator=generator)
        )
        self.demodulate = demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """N×fan_in×H×W and latents N×latent to N×fan_out×H×W."""
        style, weight = self.affine(w), scaled(self.weight)
        x = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[-1] // 2)
        if self.demodulate:
            energy = style.square() @ weight.square().sum((2, 3)).T  # N×fan_out
            x = x * (GAIN * (energy + 1e-8).rsqrt())[:, :, None, None]
        return x


class StyledLayer(nn.Module):
    """Modulated convolution, doubling of the size if `up`, bias, leaky ReLU.

    StyleGAN2 convolves transposed and blurs; to convolve and then enlarge bilinearly costs as
    little, and needs no filter of our own. Noise inputs are left out, as in StyleGAN3 (Karras et
    al. 2021, arXiv 2106.12423, sec. 2): they make random detail, which is not what a reconstruction
    wants, and a generator after a short training covers faces with it.
    """

    def __init__(
        self, fan_in: int, fan_out: int, latent: int, generator: torch.Generator, *, up: bool
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv(fan_in, fan_out, 3, latent, generator)
        self.bias = nn.Parameter(torch.zeros(fan_out))
        self.up = up

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """N×fan_in×H×W and latents N×latent to N×fan_out×H×W, or twice as high and wide."""
        x = self.conv(x, w)
        if self.up:
            x = enlarge(x)
        return activate(x + self.bias[:, None, None])


class ResidualDown(nn.Module):
    """Residual block that halves the size (StyleGAN2, fig. 7 c), by means of 2×2 pixels."""

    def __init__(self, fan_in: int, fan_out: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first = ScaledConv(fan_in, fan_in, 3, generator, gain=GAIN)
        # both paths have half of the block's variance
        self.second = ScaledConv(fan_in, fan_out, 3, generator)
        self.skip = ScaledConv(fan_in, fan_out, 1, generator, bias=False, gain=1 / GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """N×fan_in×H×W to N×fan_out×H/2×W/2."""
        hidden = activate(self.second(F.avg_pool2d(activate(self.first(x)), 2)))
        out: Tensor = hidden + self.skip(F.avg_pool2d(x, 2))
        return out


def scaled(weight: Tensor, gain: float = 1.0) -> Tensor:
    """Convolution weights of unit variance, scaled by their fan-in."""
    return weight * (gain / math.sqrt(weight[0].numel()))


def channels_last(network: nn.Module) -> None:
    """Bring weights into the order in which processors convolve a third faster."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def enlarge(x: Tensor) -> Tensor:
    """N×C×H×W to N×C×2H×2W, bilinearly."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
