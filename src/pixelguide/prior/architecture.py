"""The shape of a prior's network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DModel

from pixelguide.errors import InputError


@dataclass(frozen=True)
class Architecture:
    """A `UNet2DModel` of ADM shape (Dhariwal & Nichol 2021, arXiv 2105.05233).

    Scale-shift norm, residual up- and downsampling, ADM's order of the timestep embedding, and
    six output channels: ε and the variance v. Sizes are chosen for the machine at hand.

    size: pixels along each side of the (square) picture.
    channels: width of each level, finest first; each level halves the resolution.
    layers: residual blocks per level on the way down (one more on the way up).
    attention_levels: how many of the coarsest levels attend globally.
    head_channels: width of an attention head.
    """

    size: int = 64
    channels: tuple[int, ...] = (16, 32, 64, 128)
    layers: int = 1
    attention_levels: int = 2
    head_channels: int = 32

    def __post_init__(self) -> None:
        # the middle of the network attends in any case
        attending = max(1, min(self.attention_levels, len(self.channels)))
        if (
            not self.channels
            or any(width < 16 or width % 16 for width in self.channels)
            or any(width % self.head_channels for width in self.channels[-attending:])
        ):
            raise InputError(
                f"channels {','.join(map(str, self.channels))}",
                hint=f"Use multiples of 16; the last {attending} attend with heads of "
                f"{self.head_channels} and must be multiples of that, too.",
            )
        if self.size < 1 or self.size % (1 << (len(self.channels) - 1)):
            raise InputError(
                f"size {self.size} with {len(self.channels)} levels",
                hint=f"The size must be a multiple of {1 << (len(self.channels) - 1)}.",
            )

    def build(self, generator: torch.Generator) -> UNet2DModel:
        """The network with fresh float32 weights that depend on `generator` alone."""
        levels = len(self.channels)
        # at least four channels a group: with one, every channel would lose its mean, and with it
        # the colours would drift
        groups = math.gcd(32, *(width // 4 for width in self.channels))
        attends = [level >= levels - self.attention_levels for level in range(levels)]
        config = {
            "sample_size": self.size,
            "in_channels": 3,
            "out_channels": 6,
            "down_block_types": tuple(
                "AttnDownBlock2D" if attend else "ResnetDownsampleBlock2D" for attend in attends
            ),
            "up_block_types": tuple(
                "AttnUpBlock2D" if attend else "ResnetUpsampleBlock2D"
                for attend in reversed(attends)
            ),
            "block_out_channels": self.channels,
            "layers_per_block": self.layers,
            "downsample_type": "resnet",  # of the levels that attend; the others' names say so
            "upsample_type": "resnet",
            "attention_head_dim": self.head_channels,
            "norm_num_groups": groups,
            "attn_norm_num_groups": groups,  # of the middle, which has no norm otherwise
            "resnet_time_scale_shift": "scale_shift",
            "flip_sin_to_cos": True,
            "freq_shift": 0,
        }
        return fresh_network(config, generator)


def fresh_network(config: Mapping[str, Any], generator: torch.Generator) -> UNet2DModel:
    """A `UNet2DModel` of this configuration with fresh weights that depend on `generator` alone."""
    # diffusers draws initial weights from torch's global generator: lend it a state of ours
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
        )
        unet: UNet2DModel = UNet2DModel.from_config(dict(config))
    _zero_last_layers(unet)
    return unet


def _zero_last_layers(unet: UNet2DModel) -> None:
    """Start every residual branch, and the output, at zero, as ADM does: training starts calmer."""
    for name, module in unet.named_modules():
        if name.endswith((".conv2", ".to_out.0")) or name == "conv_out":
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
