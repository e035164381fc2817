"""ADM's U-Net, straight from its equations, over a state dict with guided-diffusion's names.

Dhariwal & Nichol 2021 (arXiv 2105.05233), sec. 3; Nichol & Dhariwal 2021 (arXiv 2102.09672). It
shares no code with the converter: layers are written out, and attention takes its rows head by
head. Weights are made when they are first asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it


@dataclass
class AdmNetwork:
    """A U-Net of any of guided-diffusion's shapes with random weights.

    base, multipliers: widths of the levels, finest first. layers: residual blocks per level.
    attends: levels with attention. head_channels: width of a head; heads: their number instead.
    """

    base: int = 32
    multipliers: tuple[float, ...] = (1, 2)
    layers: int = 1
    attends: tuple[int, ...] = (1,)
    head_channels: int = 16
    heads: int | None = None
    new_order: bool = False
    scale_shift: bool = True
    residual_resampling: bool = True
    in_channels: int = 3
    out_channels: int = 6
    seed: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._generator = torch.Generator().manual_seed(self.seed)
        side = 2 << (len(self.multipliers) - 1)
        device = "meta" if self.base > 64 else "cpu"  # the large ones for their shapes alone
        self.device = torch.device(device)
        self(torch.zeros(1, self.in_channels, side, side, device=device), torch.zeros(1))

    def __call__(self, x: Tensor, t: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Output for x (N×C×H×W) at timesteps t (N), and what leaves each output block."""
        widths = [int(multiplier * self.base) for multiplier in self.multipliers]
        emb = self._embedding(t.to(x.device))
        h = self._conv("input_blocks.0.0", x, widths[0])
        skips = [h]
        for level, width in enumerate(widths):
            for _ in range(self.layers):
                name = f"input_blocks.{len(skips)}"
                h = self._residual(f"{name}.0", h, emb, width)
                if level in self.attends:
                    h = self._attention(f"{name}.1", h)
                skips.append(h)
            if level + 1 < len(widths):
                name = f"input_blocks.{len(skips)}.0"
                if self.residual_resampling:
                    h = self._residual(name, h, emb, width, scale="down")
                else:
                    h = self._conv(f"{name}.op", h, width, stride=2)
                skips.append(h)

        h = self._residual("middle_block.0", h, emb, widths[-1])
        h = self._attention("middle_block.1", h)
        h = self._residual("middle_block.2", h, emb, widths[-1])

        leaving: list[Tensor] = []
        for level in reversed(range(len(widths))):
            for i in range(self.layers + 1):
                name = f"output_blocks.{len(leaving)}"
                h = self._residual(f"{name}.0", torch.cat([h, skips.pop()], 1), emb, widths[level])
                part = 1
                if level in self.attends:
                    h = self._attention(f"{name}.1", h)
                    part = 2
                if level > 0 and i == self.layers:
                    if self.residual_resampling:
                        h = self._residual(f"{name}.{part}", h, emb, widths[level], scale="up")
                    else:
                        h = self._conv(f"{name}.{part}.conv", _doubled(h), widths[level])
                leaving.append(h)
        h = F.silu(self._norm("out.0", h))
        return self._conv("out.2", h, self.out_channels), leaving

    def _embedding(self, t: Tensor) -> Tensor:
        half = self.base // 2
        steps = torch.arange(half, dtype=torch.float32, device=t.device) / half
        phase = t.float()[:, None] * torch.exp(-math.log(10_000) * steps)
        emb = torch.cat([phase.cos(), phase.sin()], 1)
        emb = self._linear("time_embed.0", emb, 4 * self.base)
        return self._linear("time_embed.2", F.silu(emb), 4 * self.base)

    def _residual(self, name: str, x: Tensor, emb: Tensor, width: int, scale: str = "") -> Tensor:
        h = F.silu(self._norm(f"{name}.in_layers.0", x))
        if scale == "down":
            x, h = F.avg_pool2d(x, 2), F.avg_pool2d(h, 2)
        elif scale == "up":
            x, h = _doubled(x), _doubled(h)
        h = self._conv(f"{name}.in_layers.2", h, width)
        rows = 2 * width if self.scale_shift else width
        shift = self._linear(f"{name}.emb_layers.1", F.silu(emb), rows)[:, :, None, None]
        if self.scale_shift:
            gain, offset = shift[:, :width], shift[:, width:]
            h = self._norm(f"{name}.out_layers.0", h) * (1 + gain) + offset
        else:
            h = self._norm(f"{name}.out_layers.0", h + shift)
        h = self._conv(f"{name}.out_layers.3", F.silu(h), width)
        if x.shape[1] != width:
            x = self._conv(f"{name}.skip_connection", x, width, kernel=1)
        return x + h

    def _attention(self, name: str, x: Tensor) -> Tensor:
        batch, width = x.shape[:2]
        tokens = self._norm(f"{name}.norm", x).reshape(batch, width, -1)
        rows = F.conv1d(tokens, *self._weights(f"{name}.qkv", 3 * width, width, 1))
        d = width // self.heads if self.heads else self.head_channels
        results = []
        for head in range(width // d):
            if self.new_order:
                starts = [part * width + head * d for part in range(3)]
            else:
                starts = [(3 * head + part) * d for part in range(3)]
            q, k, v = (rows[:, start : start + d] for start in starts)
            weights = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(d), dim=2)
            results.append(v @ weights.transpose(1, 2))
        h = F.conv1d(torch.cat(results, 1), *self._weights(f"{name}.proj_out", width, width, 1))
        return x + h.reshape(x.shape)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        gain, shift = self._weights(name, x.shape[1])
        return F.group_norm(x, 32, gain, shift, eps=1e-5)

    def _linear(self, name: str, x: Tensor, width: int) -> Tensor:
        return F.linear(x, *self._weights(name, width, x.shape[1]))

    def _conv(self, name: str, x: Tensor, width: int, kernel: int = 3, stride: int = 1) -> Tensor:
        weight, bias = self._weights(name, width, x.shape[1], kernel, kernel)
        return F.conv2d(x, weight, bias, stride=stride, padding=kernel // 2)

    def _weights(self, name: str, *shape: int) -> tuple[Tensor, Tensor]:
        """Weights and biases of a layer: gains near 1, matrices that keep the variance."""
        if f"{name}.weight" not in self.state:
            weight, bias = torch.zeros(shape, device=self.device), torch.zeros(shape[0])
            if self.device.type == "cpu":
                spread = 0.2 if len(shape) == 1 else 1 / math.sqrt(math.prod(shape[1:]))
                weight.normal_(float(len(shape) == 1), spread, generator=self._generator)
                bias.normal_(0, 0.2, generator=self._generator)
            self.state |= {f"{name}.weight": weight, f"{name}.bias": bias.to(self.device)}
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]


def _doubled(x: Tensor) -> Tensor:
    """Every pixel four times."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
