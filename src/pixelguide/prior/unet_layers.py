"""The layers of a prior's network, under the names that diffusers gives to their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "silu": nn.SiLU, "swish": nn.SiLU, "mish": nn.Mish, "gelu": nn.GELU, "relu": nn.ReLU,
}  # fmt: skip
"""By the names of `act_fn`."""


@dataclass(frozen=True)
class UNetConfig:
    """`unet/config.json` of a diffusers folder, as far as a prior's network depends on it."""

    sample_size: int
    in_channels: int = 3
    out_channels: int = 3
    center_input_sample: bool = False
    time_embedding_type: Literal["positional", "learned"] = "positional"
    time_embedding_dim: int | None = None
    freq_shift: int = 0
    flip_sin_to_cos: bool = True
    down_block_types: tuple[str, ...] = ("DownBlock2D", *["AttnDownBlock2D"] * 3)
    mid_block_type: str | None = "UNetMidBlock2D"
    up_block_types: tuple[str, ...] = (*["AttnUpBlock2D"] * 3, "UpBlock2D")
    block_out_channels: tuple[int, ...] = (224, 448, 672, 896)
    layers_per_block: int = 2
    mid_block_scale_factor: float = 1
    downsample_padding: int = 1
    downsample_type: Literal["conv", "resnet"] | None = "conv"
    upsample_type: Literal["conv", "resnet"] | None = "conv"
    act_fn: str = "silu"
    attention_head_dim: int | None = 8
    norm_num_groups: int = 32
    attn_norm_num_groups: int | None = None
    norm_eps: float = 1e-5
    resnet_time_scale_shift: Literal["default", "scale_shift"] = "default"
    add_attention: bool = True
    num_train_timesteps: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """The known ones of `config`'s entries; dropout, which inference has not, is not."""
        known: dict[str, Any] = {
            field.name: config[field.name] for field in fields(cls) if field.name in config
        }
        lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**{**known, **lists})


class Sinusoids(nn.Module):
    """Timesteps N as sines and cosines N×width, float32 (Vaswani et al. 2017, sec. 3.5)."""

    def __init__(self, width: int, cosines_first: bool, shift: float) -> None:
        super().__init__()
        self.width, self.cosines_first, self.shift = width, cosines_first, shift

    def forward(self, t: Tensor) -> Tensor:
        """t: N, of any type."""
        half = self.width // 2
        exponent = -math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device)
        angles = t[:, None].float() * torch.exp(exponent / (half - self.shift))[None]
        waves = [angles.cos(), angles.sin()] if self.cosines_first else [angles.sin(), angles.cos()]
        return F.pad(torch.cat(waves, dim=-1), (0, self.width % 2))


class TimestepEmbedding(nn.Module):
    """Two layers from sinusoids N×width to what residual blocks are told, N×temb."""

    def __init__(self, width: int, temb: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, temb), nn.Linear(temb, temb)

    def forward(self, sinusoids: Tensor) -> Tensor:
        """N×width to N×temb."""
        embedded: Tensor = self.linear_2(F.silu(self.linear_1(sinusoids)))
        return embedded


class ResidualBlock(nn.Module):
    """Norm, SiLU, convolution, twice, modulated by the timestep; maybe resampling on the way."""

    def __init__(
        self,
        config: UNetConfig,
        channels: int,
        out_channels: int,
        temb: int,
        resampling: Literal["up", "down"] | None = None,
        divisor: float = 1,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = channels, out_channels
        self.time_embedding_norm = config.resnet_time_scale_shift
        told = {"default": 1, "scale_shift": 2}[self.time_embedding_norm]
        groups, eps = config.norm_num_groups, config.norm_eps
        self.norm1 = nn.GroupNorm(groups, channels, eps)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(temb, told * out_channels)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.conv_shortcut = (
            nn.Conv2d(channels, out_channels, 1) if channels != out_channels else None
        )
        self.upsample = enlarge if resampling == "up" else None
        self.downsample = halve if resampling == "down" else None
        self.nonlinearity = ACTIVATIONS[config.act_fn]()
        self.output_scale_factor = divisor

    def forward(self, x: Tensor, temb: Tensor) -> Tensor:
        """x: N×in×H×W. temb: N×width, of the timestep. Returns N×out×H'×W'."""
        hidden = self.nonlinearity(self.norm1(x))
        resample = self.upsample or self.downsample
        if resample is not None:
            x, hidden = resample(x), resample(hidden)
        hidden = self.conv1(hidden)
        told = self.time_emb_proj(self.nonlinearity(temb))[:, :, None, None]
        if self.time_embedding_norm == "scale_shift":
            scale, shift = told.chunk(2, dim=1)
            hidden = self.norm2(hidden) * (1 + scale) + shift
        else:
            hidden = self.norm2(hidden + told)
        hidden = self.conv2(self.nonlinearity(hidden))
        if self.conv_shortcut is not None:
            x = self.conv_shortcut(x)
        result: Tensor = (x + hidden) / self.output_scale_factor
        return result


class Attention(nn.Module):
    """Self-attention over all pixels, with its residual connection."""

    def __init__(
        self, channels: int, head: int, groups: int | None, eps: float, divisor: float = 1
    ) -> None:
        super().__init__()
        self.heads = channels // head
        inner = self.heads * head
        self.group_norm = nn.GroupNorm(groups, channels, eps) if groups else None
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, inner) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(inner, channels)])
        self.rescale_output_factor = divisor

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W to the same."""
        hidden = x.flatten(2)  # N×C×HW
        if self.group_norm is not None:
            hidden = self.group_norm(hidden)
        hidden = hidden.transpose(1, 2)  # N×HW×C
        q, k, v = (
            layer(hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # N×heads×HW×head
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        result: Tensor = self.to_out[0](attended).transpose(1, 2).reshape(x.shape) + x
        return result / self.rescale_output_factor


class Resampling(nn.Module):
    """Halving by a convolution with stride 2, or doubling and then a convolution."""

    def __init__(self, channels: int, way: Literal["up", "down"], padding: int = 1) -> None:
        super().__init__()
        self.way, self.padding = way, padding
        stride = 2 if way == "down" else 1
        self.conv = nn.Conv2d(channels, channels, 3, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W to N×C×H/2×W/2 or N×C×2H×2W."""
        if self.way == "up":
            x = enlarge(x)
        elif self.padding == 0:
            x = F.pad(x, (0, 1, 0, 1))
        result: Tensor = self.conv(x)
        return result


def resampled(module: nn.Module, hidden: Tensor, temb: Tensor) -> Tensor:
    """`hidden` through a level's resampling, which is told the timestep if it is residual."""
    result: Tensor = module(hidden, temb) if hasattr(module, "time_emb_proj") else module(hidden)
    return result


def enlarge(x: Tensor) -> Tensor:
    """Each pixel as 2×2."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def halve(x: Tensor) -> Tensor:
    """The mean of each 2×2 pixels."""
    return F.avg_pool2d(x, 2)
