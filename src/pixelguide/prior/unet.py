"""The network of a prior as inference needs it: `UNet2DModel` from its configuration, without
diffusers, which takes longer to import than most edits take to make.

Modules, parameters and configuration carry diffusers' names, so its folders open as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Union

import torch
from torch import Tensor, nn

from pixelguide.prior.unet_layers import (
    Attention,
    Resampling,
    ResidualBlock,
    Sinusoids,
    TimestepEmbedding,
    UNetConfig,
    resampled,
)

if TYPE_CHECKING:
    from diffusers import UNet2DModel


class UNet(nn.Module):
    """A frozen prior's network: DDPM's (Ho et al. 2020) or ADM's (Dhariwal & Nichol 2021).

    It is run by `TapReader`, which reads its decoder on the way.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.block_out_channels
        if len({len(widths), len(config.down_block_types), len(config.up_block_types)}) > 1:
            raise ValueError("levels of different numbers on the way down, up, and in width")
        temb = config.time_embedding_dim or 4 * widths[0]
        self.time_proj: nn.Module = Sinusoids(widths[0], config.flip_sin_to_cos, config.freq_shift)
        if config.time_embedding_type == "learned":
            if config.num_train_timesteps is None:
                raise ValueError("learned timesteps of no number")
            self.time_proj = nn.Embedding(config.num_train_timesteps, widths[0])
        self.time_embedding = TimestepEmbedding(widths[0], temb)
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
        above = (widths[0], *widths)
        coarsest = len(widths) - 1
        self.down_blocks = nn.ModuleList(
            DownBlock(config, kind, above[level], widths[level], temb, level < coarsest)
            for level, kind in enumerate(config.down_block_types)
        )
        self.mid_block = MidBlock(config, widths[-1], temb) if config.mid_block_type else None
        below = (widths[-1], *widths[::-1])
        self.up_blocks = nn.ModuleList(
            UpBlock(
                config, kind, below[k], widths[coarsest - k], widths[max(coarsest - k - 1, 0)],
                temb, k < coarsest,
            )
            for k, kind in enumerate(config.up_block_types)
        )  # fmt: skip
        self.conv_norm_out = nn.GroupNorm(config.norm_num_groups, widths[0], config.norm_eps)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(widths[0], config.out_channels, 3, padding=1)

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.conv_in.weight.dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.conv_in.weight.device


Network = Union[UNet, "UNet2DModel"]
"""What a denoiser runs: ours, or diffusers' own where a pipeline or a training brings it."""


def _attentions(config: UNetConfig, kind: str, channels: int, count: int) -> nn.ModuleList | None:
    if not kind.startswith("Attn"):
        return None
    head = config.attention_head_dim or channels
    return nn.ModuleList(
        Attention(channels, head, config.norm_num_groups, config.norm_eps) for _ in range(count)
    )


def _resampling(
    config: UNetConfig, kind: str, way: Literal["up", "down"], channels: int, temb: int
) -> nn.ModuleList:
    """A level's way to the next resolution. Of levels that attend the configuration says it, of
    others their kind."""
    asked = (config.downsample_type if way == "down" else config.upsample_type) or "conv"
    if asked not in ("conv", "resnet"):
        raise ValueError(f"resampling by '{asked}'")
    if asked == "resnet" if kind.startswith("Attn") else kind.startswith("Resnet"):
        return nn.ModuleList([ResidualBlock(config, channels, channels, temb, way)])
    padding = config.downsample_padding if way == "down" else 1
    return nn.ModuleList([Resampling(channels, way, padding)])


class DownBlock(nn.Module):
    """One level of the way down."""

    def __init__(
        self, config: UNetConfig, kind: str, channels: int, out_channels: int, temb: int,
        resamples: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        widths = [channels, *[out_channels] * (config.layers_per_block - 1)]
        self.resnets = nn.ModuleList(
            ResidualBlock(config, width, out_channels, temb) for width in widths
        )
        self.attentions = _attentions(config, kind, out_channels, len(widths))
        self.downsamplers = (
            _resampling(config, kind, "down", out_channels, temb) if resamples else None
        )

    def forward(self, hidden: Tensor, temb: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """What the next level gets, and what the way up gets: one of each residual block and, if
        there is one, of the downsampling."""
        skips: list[Tensor] = []
        for position, resnet in enumerate(self.resnets):
            hidden = resnet(hidden, temb)
            if self.attentions is not None:
                hidden = self.attentions[position](hidden)
            skips.append(hidden)
        if self.downsamplers is not None:
            hidden = resampled(self.downsamplers[0], hidden, temb)
            skips.append(hidden)
        return hidden, tuple(skips)


class UpBlock(nn.Module):
    """One level of the way up, which `UnrolledUNet` walks through."""

    def __init__(
        self, config: UNetConfig, kind: str, below: int, out_channels: int, skip: int, temb: int,
        resamples: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        layers = config.layers_per_block + 1
        inputs = [below, *[out_channels] * (layers - 1)]
        skips = [*[out_channels] * (layers - 1), skip]
        self.resnets = nn.ModuleList(
            ResidualBlock(config, own + other, out_channels, temb)
            for own, other in zip(inputs, skips, strict=True)
        )
        self.attentions = _attentions(config, kind, out_channels, layers)
        self.upsamplers = _resampling(config, kind, "up", out_channels, temb) if resamples else None


class MidBlock(nn.Module):
    """The coarsest level between both ways."""

    def __init__(self, config: UNetConfig, channels: int, temb: int) -> None:
        super().__init__()
        divisor = config.mid_block_scale_factor
        self.resnets = nn.ModuleList(
            ResidualBlock(config, channels, channels, temb, divisor=divisor) for _ in range(2)
        )
        groups = config.attn_norm_num_groups
        if groups is None and config.resnet_time_scale_shift == "default":
            groups = config.norm_num_groups
        head = config.attention_head_dim or channels
        attention = Attention(channels, head, groups, config.norm_eps, divisor)
        self.attentions = nn.ModuleList([attention] if config.add_attention else [])

    def forward(self, hidden: Tensor, temb: Tensor) -> Tensor:
        """N×C×H×W to the same."""
        hidden = self.resnets[0](hidden, temb)
        for attention in self.attentions:
            hidden = attention(hidden)
        result: Tensor = self.resnets[1](hidden, temb)
        return result
