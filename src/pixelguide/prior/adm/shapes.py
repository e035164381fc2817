"""ADM networks of guided-diffusion: what the names and shapes of their weights say about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from diffusers import DDPMScheduler, UNet2DModel
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.foreign_numbers import TIMESTEPS

GROUPS = 32
"""Every normalization of these networks has 32 groups (and PyTorch's epsilon of 1e-5)."""

SIZES: dict[tuple[float, ...], int] = {
    (1, 2, 3, 4): 64,
    (1, 1, 2, 3, 4): 128,
    (1, 1, 2, 2, 4, 4): 256,
    (0.5, 1, 1, 2, 2, 4, 4): 512,
}
"""Picture sizes guided-diffusion has for the widths of the levels, in units of the base width."""


@dataclass(frozen=True)
class AdmSettings:
    """What the weights of an ADM do not tell.

    size: pixels along each side of the pictures; None: by the widths of the levels (`SIZES`).
    head_channels, heads: width or number of attention heads (not both); None: 64 channels a head,
        as the paper's networks have, which those with residual resampling are taken for.
    attention_order: whether the rows of a qkv layer lie by head and then by q, k, v ("legacy",
        every published network) or by q, k, v and then by head ("new").
    schedule, timesteps: noise schedule of the training; "linear" or "cosine".
    """

    size: int | None = None
    head_channels: int | None = None
    heads: int | None = None
    attention_order: str = "legacy"
    schedule: str = "linear"
    timesteps: int = 1000

    def __post_init__(self) -> None:
        for name in ("size", "head_channels", "heads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} {value}", hint="Give a positive number.")
        if (self.size or 0) > 4096:
            raise InputError(f"size {self.size}", hint="Give at most 4096.")
        if self.heads and self.head_channels:
            raise InputError("heads and head channels", hint="Give one of the two.")
        if self.attention_order not in ("legacy", "new"):
            raise InputError(
                f"unknown attention order '{self.attention_order}'", hint="Use legacy or new."
            )
        if self.schedule not in ("linear", "cosine"):
            raise InputError(f"unknown schedule '{self.schedule}'", hint="Use linear or cosine.")
        # below 21 the linear schedule's last beta exceeds 1
        if not 21 <= self.timesteps <= TIMESTEPS:
            raise InputError(f"{self.timesteps} timesteps", hint=f"Give 21 to {TIMESTEPS}.")

    def scheduler(self, learned_variance: bool) -> DDPMScheduler:
        """The noise schedule; the linear one is scaled to end where 1000 steps would end."""
        scale = 1000 / self.timesteps
        return DDPMScheduler(
            num_train_timesteps=self.timesteps,
            beta_start=scale * 1e-4,
            beta_end=scale * 0.02,
            beta_schedule="linear" if self.schedule == "linear" else "squaredcos_cap_v2",
            # what guided-diffusion samples with
            variance_type="learned_range" if learned_variance else "fixed_large",
        )


@dataclass(frozen=True)
class AdmShape:
    """The shape of an ADM U-Net (Dhariwal & Nichol 2021, arXiv 2105.05233).

    base: width of the timesteps' sinusoidal embedding, the unit of the levels' widths.
    channels: width of each level, finest first. layers: residual blocks per level on the way
    down. attends: for each level whether it attends globally; the middle does in any case.
    out_channels: 3, or 6 with learned variance. scale_shift: how timesteps enter residual blocks.
    residual_resampling: residual blocks change the resolution; else convolutions do.
    """

    base: int
    channels: tuple[int, ...]
    layers: int
    attends: tuple[bool, ...]
    out_channels: int
    scale_shift: bool
    residual_resampling: bool

    def size(self, settings: AdmSettings, where: str) -> int:
        """Side of the pictures; InputError if it is neither given nor known, or cannot be."""
        multipliers = tuple(width / self.base for width in self.channels)
        size = settings.size or SIZES.get(multipliers)
        if size is None:
            shown = ", ".join(f"{value:g}" for value in multipliers)
            raise InputError(
                f"unknown picture size (levels of {shown} × {self.base} channels)",
                where,
                "Give it by --size.",
            )
        if size % (1 << (len(self.channels) - 1)):
            raise InputError(
                f"size {size} for {len(self.channels)} levels (the last of them begins at "
                f"'{self.input_block(len(self.channels) - 1)}')",
                where,
                f"Give a multiple of {1 << (len(self.channels) - 1)} by --size.",
            )
        return size

    def head_channels(self, settings: AdmSettings, where: str) -> int | None:
        """Width of the attention heads; None for a single head however wide the level.

        Raises InputError naming the layer that contradicts the settings, or if they are needed.
        """
        layers = {  # of attention, and their widths
            f"{self.input_block(level)}.1.qkv.weight": self.channels[level]
            for level in range(len(self.channels))
            if self.attends[level]
        } | {"middle_block.1.qkv.weight": self.channels[-1]}
        if settings.heads == 1:
            return None
        if settings.heads is None and settings.head_channels is None:
            if not self.residual_resampling:
                raise InputError(
                    "the weights do not tell the number of attention heads",
                    where,
                    "Give --heads (guided-diffusion's default is 4) or --head-channels.",
                )
            settings = AdmSettings(head_channels=64)
        for key, width in layers.items():
            if width % (settings.heads or settings.head_channels or 1):
                wanted = (
                    f"{settings.heads} heads"
                    if settings.heads
                    else f"heads of {settings.head_channels} channels"
                )
                raise InputError(
                    f"{wanted} do not divide '{key}' ({width} channels)",
                    where,
                    "Give --heads or --head-channels.",
                )
        if settings.head_channels:
            return settings.head_channels
        widths = {width // (settings.heads or 1): key for key, width in layers.items()}
        if len(widths) > 1:
            raise InputError(
                f"{settings.heads} heads are of several widths ("
                + ", ".join(f"{width} in '{key}'" for width, key in widths.items())
                + ")",
                where,
                "UNet2DModel has heads of one width throughout; this network cannot be converted.",
            )
        return next(iter(widths))

    def input_block(self, level: int) -> str:
        """Name of the first residual block of a level on the way down, without its part."""
        return f"input_blocks.{1 + level * (self.layers + 1)}"

    def network(self, settings: AdmSettings, where: str) -> UNet2DModel:
        """The `UNet2DModel` that computes the same, without memory (on the meta device)."""
        down = "ResnetDownsampleBlock2D" if self.residual_resampling else "DownBlock2D"
        up = "ResnetUpsampleBlock2D" if self.residual_resampling else "UpBlock2D"
        resampling = "resnet" if self.residual_resampling else "conv"
        embedding = {}
        if self.base != self.channels[0]:
            # diffusers derives the sinusoids' number from the finest level's width; where ADM has
            # another, a table takes their place (see adm_weights.embedding_table)
            embedding = {
                "time_embedding_type": "learned",
                "time_embedding_dim": 4 * self.base,
                "num_train_timesteps": settings.timesteps,
            }
        with torch.device("meta"):
            return UNet2DModel(
                sample_size=self.size(settings, where),
                in_channels=3,
                out_channels=self.out_channels,
                down_block_types=tuple("AttnDownBlock2D" if a else down for a in self.attends),
                up_block_types=tuple("AttnUpBlock2D" if a else up for a in self.attends[::-1]),
                block_out_channels=self.channels,
                layers_per_block=self.layers,
                downsample_type=resampling,  # of the levels that attend; the others' names say so
                upsample_type=resampling,
                attention_head_dim=self.head_channels(settings, where),
                norm_num_groups=GROUPS,
                attn_norm_num_groups=GROUPS,
                norm_eps=1e-5,
                resnet_time_scale_shift="scale_shift" if self.scale_shift else "default",
                flip_sin_to_cos=True,
                freq_shift=0,
                **embedding,
            )


def read_shape(state: Mapping[str, Tensor], where: str) -> AdmShape:
    """The shape of the network `state` (name → weights) belongs to, by a few of its layers.

    Raises InputError, naming `where` and the layer, for anything but an unconditional ADM of RGB.
    """
    _refuse_relatives(state, where)
    decoder = {
        int(key.split(".")[1]) for key in state if re.match(r"output_blocks\.[0-9]{1,4}\.", key)
    }
    upsamplers = {
        int(found[1]): found[2] == "in_layers"
        for key in state
        if (found := re.match(r"output_blocks\.([0-9]{1,4})\.[12]\.(conv|in_layers)\.", key))
    }
    # the first decoder block that changes the resolution is the last of the coarsest level
    layers = min(upsamplers, default=len(decoder) - 1)
    if layers < 1 or len(decoder) % (layers + 1) or decoder != set(range(len(decoder))):
        raise InputError(
            f"not a guided-diffusion network ({len(decoder)} output blocks, "
            f"'output_blocks.{layers}' ends the coarsest level)",
            where,
            "Give an ADM checkpoint.",
        )
    first_blocks = [
        f"input_blocks.{1 + level * (layers + 1)}" for level in range(len(decoder) // (layers + 1))
    ]
    channels = tuple(
        _rows(state, f"{block}.0.out_layers.3.weight", 4, where) for block in first_blocks
    )
    for block, width in zip(first_blocks, channels, strict=True):
        if width < GROUPS or width % GROUPS:
            raise InputError(
                f"'{block}.0.out_layers.3.weight' has {width} channels",
                where,
                f"guided-diffusion's are multiples of {GROUPS}.",
            )
    embedding = f"{first_blocks[0]}.0.emb_layers.1.weight"
    out_channels = _rows(state, "out.2.weight", 4, where)
    if out_channels not in (3, 6):
        raise InputError(
            f"'out.2.weight' has {out_channels} channels", where, "Only 3 or 6 are of RGB."
        )
    return AdmShape(
        base=_rows(state, "time_embed.0.weight", 2, where) // 4,
        channels=channels,
        layers=layers,
        attends=tuple(f"{block}.1.qkv.weight" in state for block in first_blocks),
        out_channels=out_channels,
        scale_shift=_rows(state, embedding, 2, where) == 2 * channels[0],
        residual_resampling=upsamplers.get(layers, False),
    )


def _refuse_relatives(state: Mapping[str, Tensor], where: str) -> None:
    """InputError with the reason for guided-diffusion's other networks and for what is none."""
    stem = state.get("input_blocks.0.0.weight")
    if stem is None:
        raise InputError(
            "not a guided-diffusion network ('input_blocks.0.0.weight' is missing)",
            where,
            "Give an ADM checkpoint.",
        )
    if "label_emb.weight" in state:
        raise InputError(
            "a class-conditional network ('label_emb.weight')",
            where,
            "A prior takes no class; give an unconditional checkpoint.",
        )
    if not any(key.startswith("output_blocks.") for key in state):
        raise InputError(
            "a classifier of noisy pictures (it has no 'output_blocks')",
            where,
            "Give the diffusion checkpoint.",
        )
    if stem.ndim != 4 or stem.shape[1] != 3:
        kind = "a super-resolution network" if stem.shape[1:2] == (6,) else "not a network for RGB"
        raise InputError(
            f"{kind} ('input_blocks.0.0.weight' has shape {tuple(stem.shape)})",
            where,
            "A prior takes 3 channels.",
        )


def _rows(state: Mapping[str, Tensor], key: str, dims: int, where: str) -> int:
    """First dimension of the weights called `key`, which must have `dims` of them."""
    if key not in state:
        raise InputError(f"wrong weights ('{key}' is missing)", where, "Fetch it again.")
    if state[key].ndim != dims or not state[key].shape[0]:
        raise InputError(
            f"wrong weights ('{key}' has shape {tuple(state[key].shape)})",
            where,
            "Fetch it again.",
        )
    return int(state[key].shape[0])
