"""Per-pixel classifiers, any number of them stacked in one module."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from pixelguide.segment.features import project_pixels

BATCH_NORM_EPS = 1e-5
BATCH_NORM_MOMENTUM = 0.1


class PixelClassifiers(nn.Module):
    """K pixel classifiers of DatasetDDPM (Baranchuk et al. 2021, arXiv 2112.03126, sec. 4).

    Each is Linear–ReLU–BatchNorm, Linear–ReLU–BatchNorm, Linear on one pixel's features. They
    share nothing but their shape, and are stacked so that one matrix product trains many: member k
    reads the activations of blocks `taps` at the timesteps `timesteps[k]`, in that order.
    f_multi is a bank of one (or an ensemble) at t = 50, 150, 250; {C_t} a bank with one t each.
    """

    weight1: nn.Parameter
    weight2: nn.Parameter
    weight3: nn.Parameter
    bias1: nn.Parameter
    bias2: nn.Parameter
    bias3: nn.Parameter

    def __init__(
        self,
        num_classes: int,
        timesteps: Sequence[Sequence[int]],
        taps: Sequence[int],
        tap_channels: Sequence[int],
        hidden: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        first, second = hidden or ((128, 32) if num_classes < 30 else (256, 128))
        count, inputs = len(timesteps), len(timesteps[0]) * sum(tap_channels)
        self.num_classes, self.tap_channels = num_classes, tuple(tap_channels)
        self.taps = tuple(taps)
        self.timesteps = tuple(tuple(member) for member in timesteps)
        widths = (inputs, first, second, num_classes)
        for layer, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
            self.register_parameter(
                f"weight{layer}", nn.Parameter(torch.zeros(count, fan_out, fan_in))
            )
            self.register_parameter(f"bias{layer}", nn.Parameter(torch.zeros(count, fan_out)))
        for layer, width in enumerate((first, second), 1):
            self.register_parameter(f"gain{layer}", nn.Parameter(torch.ones(count, width)))
            self.register_parameter(f"shift{layer}", nn.Parameter(torch.zeros(count, width)))
            self.register_buffer(f"mean{layer}", torch.zeros(count, width))
            self.register_buffer(f"variance{layer}", torch.ones(count, width))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.weight1.device

    def __len__(self) -> int:
        return len(self.timesteps)

    def initialize(self, member: int, generator: torch.Generator) -> None:
        """Draw the weights of one member as torch's Linear does (uniform, 1/√fan-in)."""
        for layer in (1, 2, 3):
            for name in ("weight", "bias"):
                value = getattr(self, f"{name}{layer}").data[member]
                bound = getattr(self, f"weight{layer}").shape[2] ** -0.5
                value.copy_((torch.rand(value.shape, generator=generator) * 2 - 1) * bound)

    def forward(self, features: Tensor) -> Tensor:
        """Logits K×B×classes of each member's own features K×B×inputs.

        In training mode BatchNorm uses, and tracks, each member's batch statistics.
        """
        # pixels last: every (member, unit) pair is then a contiguous channel of one batch norm
        hidden = torch.baddbmm(self.bias1[..., None], self.weight1, features.mT)  # K×F×B
        hidden = torch.baddbmm(self.bias2[..., None], self.weight2, self._normalize(hidden, 1))
        hidden = torch.baddbmm(self.bias3[..., None], self.weight3, self._normalize(hidden, 2))
        return hidden.mT

    def _normalize(self, hidden: Tensor, layer: int) -> Tensor:
        """ReLU, then BatchNorm, per member: K×F×B."""
        gain, shift = getattr(self, f"gain{layer}"), getattr(self, f"shift{layer}")
        mean, variance = getattr(self, f"mean{layer}"), getattr(self, f"variance{layer}")
        normal = F.batch_norm(
            hidden.relu().flatten(0, 1)[None],  # 1×KF×B
            mean.view(-1),
            variance.view(-1),
            gain.view(-1),
            shift.view(-1),
            self.training,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPS,
        )
        return normal.view_as(hidden)

    def logits(
        self, member: int, activations: Sequence[Tensor], pixels: Tensor, size: int
    ) -> Tensor:
        """Logits N×P×classes of one member at chosen pixels, in evaluation mode.

        activations: the taps at the member's timesteps, one timestep after the other.
        pixels: int64 P, row · size + column.
        """
        hidden = project_pixels(activations, self.weight1[member], pixels, size)
        hidden = self._frozen_normalize(hidden + self.bias1[member], member, 1)
        hidden = F.linear(hidden, self.weight2[member], self.bias2[member])
        hidden = self._frozen_normalize(hidden, member, 2)
        return F.linear(hidden, self.weight3[member], self.bias3[member])

    def _frozen_normalize(self, hidden: Tensor, member: int, layer: int) -> Tensor:
        gain, shift, mean, variance = (
            getattr(self, f"{name}{layer}")[member]
            for name in ("gain", "shift", "mean", "variance")
        )
        factor = gain * (variance + BATCH_NORM_EPS).rsqrt()
        normal: Tensor = hidden.relu() * factor + (shift - mean * factor)
        return normal

    def standardize_inputs(self, mean: Tensor, deviation: Tensor) -> None:
        """Make a bank trained on (features - mean) / deviation accept the features themselves.

        mean, deviation: K×inputs. Exact: both are absorbed by the first layer.
        """
        with torch.no_grad():
            self.weight1.div_(deviation[:, None])
            self.bias1.sub_((self.weight1 * mean[:, None]).sum(2))

    def nearest(self, t: int) -> int:
        """The member that was trained at the timestep nearest to t."""
        return min(range(len(self)), key=lambda k: abs(self.timesteps[k][0] - t))
