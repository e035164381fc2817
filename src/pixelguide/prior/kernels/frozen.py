"""Layers of a network whose weights are frozen: they compute the same with less work and memory.

Nothing is kept for gradients with respect to weights, and what is cheap to compute twice is.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv2d_input

from pixelguide.errors import InputError
from pixelguide.prior.kernels.norm import norm_silu, runs_on
from pixelguide.prior.kernels.packed import (
    opposite,
    pack,
    packed_conv,
    runs_bf16,
    runs_fp32,
    turned,
)
from pixelguide.prior.kernels.winograd import transform_weight, winograd_conv
from pixelguide.prior.unet import Network
from pixelguide.prior.unet_layers import Attention, ResidualBlock

FEWEST_CHANNELS, FEWEST_PIXELS = 96, 32 * 32
"""From here on Winograd's algorithm pays: fewer channels leave its products small next to its
transforms (measured: no gain at 64, a third of the time saved at 128), and at low resolution a
network has most of its weights, four times as much memory transformed, and little of its work."""
MADE = ("transformed", "there", "back")
"""What a convolution makes of its weights: for `winograd`, and for `packed` in either direction."""
FEW_WEIGHTS = 1 << 19
"""Up to here (2 MB) a convolution goes by `packed` in float32 too: the networks that gain are
small, and in large ones turned weights would take more memory than the activations."""
LARGE = 1 << 21
"""Values (8 MB) from which activations leave the cache and working in pieces, channels last, is no
slower. Below, PyTorch's own functions run in the layout they are given."""


class FrozenConv2d(nn.Module):
    """An `nn.Conv2d` with the same parameters that keeps no activation for its gradient.

    On a CPU, 3×3 with stride 1 goes by `winograd` in float32 where that pays. Every other stride 1
    goes by `packed`: in float32 if it has few weights, in bfloat16 where the processor multiplies
    that. What these make of the weights is made at the first such call, once to four times the
    layer's own, and forgotten when it moves.
    """

    transformed: Tensor | None
    there: Tensor | None
    back: Tensor | None

    def __init__(self, conv: nn.Conv2d) -> None:
        """Takes the parameters over. Raises InputError if they want gradients."""
        super().__init__()
        if any(own.requires_grad for own in conv.parameters()):
            raise InputError(
                "weights that want gradients", "network", "Freeze it: requires_grad_(False)."
            )
        self.weight, self.bias = conv.weight, conv.bias
        self.in_channels, self.out_channels = conv.in_channels, conv.out_channels
        self.kernel_size = conv.kernel_size
        self._padding = cast(tuple[int, int], conv.padding)  # never "same" in these networks
        self._how = (conv.stride, self._padding, conv.dilation, conv.groups)
        self._may = (
            (conv.kernel_size, *self._how) == ((3, 3), (1, 1), (1, 1), (1, 1), 1)
            and min(conv.in_channels, conv.out_channels) >= FEWEST_CHANNELS
        )  # fmt: skip
        # then the gradient of its input is a convolution too
        self._turns = (conv.stride, conv.dilation, conv.groups) == ((1, 1), (1, 1), 1) and all(
            around < side for around, side in zip(self._padding, conv.kernel_size, strict=True)
        )
        for made in MADE:
            self.register_buffer(made, None, persistent=False)
        self._version = -1

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Whether `module` is a convolution that this class can take the place of."""
        return type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(
            module.padding, str
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """N×in×H×W to N×out×H'×W'."""
        if self.weight.requires_grad:
            raise InputError("weights that want gradients", "frozen network")
        pixels = x.shape[2] * x.shape[3]
        single = x.device.type == "cpu" and x.dtype == self.weight.dtype == torch.float32
        if self._may and single and pixels >= FEWEST_PIXELS:
            return winograd_conv(x, self._transformed(), self.bias)
        if self._turns and x.dtype == self.weight.dtype and self._is_packed(x.device):
            return packed_conv(x, *self._packed(x.shape), self.bias, padding=self._padding)
        if len(x) * self.out_channels * pixels >= LARGE:
            x = x.contiguous(memory_format=torch.channels_last)
        result: Tensor = _Convolution.apply(  # type: ignore[no-untyped-call]
            x, self.weight, self.bias, self._turns, *self._how
        )
        return result

    def _is_packed(self, device: torch.device) -> bool:
        if self.weight.dtype == torch.bfloat16:
            return runs_bf16(device)
        few = self.weight.dtype == torch.float32 and self.weight.numel() <= FEW_WEIGHTS
        return few and runs_fp32(device)

    def _transformed(self) -> Tensor:
        known = self.transformed
        if known is None or self._version != self.weight._version:  # loading writes in place
            with torch.inference_mode(False), torch.no_grad():
                known = transform_weight(self.weight)
            self.transformed, self._version = known, self.weight._version
        return known

    def _packed(self, shape: torch.Size) -> tuple[Tensor, Tensor]:
        there, back = self.there, self.back
        if there is None or back is None or self._version != self.weight._version:
            with torch.inference_mode(False), torch.no_grad():
                there, back = pack(self.weight, self._padding, shape)
                if there.dtype == torch.float32:
                    self.weight.data = there  # the same values in another order: once is enough
            self.there, self.back, self._version = there, back, self.weight._version
        return there, back

    def _apply(self, *args: Any, **kwargs: Any) -> FrozenConv2d:
        self.transformed = self.there = self.back = None
        moved: FrozenConv2d = super()._apply(*args, **kwargs)  # type: ignore[no-untyped-call]
        return moved


class _Convolution(torch.autograd.Function):
    """PyTorch's convolution without the copy of its input that a gradient of weights would need."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, turns: bool, *how: Any
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.shape, ctx.turns, ctx.how = x.shape, turns, how
        return F.conv2d(x, weight, bias, *how)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        # oneDNN's own way takes up to six times longer, but weights that outnumber the activations
        # take longer to turn than to use (both measured)
        few = weight.numel() <= gradient.numel()
        if ctx.turns and few and gradient.device.type == "cpu":
            back = _turned_conv(weight, gradient, ctx.how[1])
        else:
            back = conv2d_input(ctx.shape, weight, gradient, *ctx.how)
        return (back, *[None] * (3 + len(ctx.how)))


def _turned_conv(weight: Tensor, gradient: Tensor, padding: tuple[int, int]) -> Tensor:
    """The gradient of a stride-1 convolution's input, as `packed` has it."""
    return F.conv2d(gradient, turned(weight), padding=opposite(padding, weight))


class FrozenResidual(nn.Module):
    """A residual block with the same parts, whose normalizations keep nothing but their input."""

    def __init__(self, block: Any) -> None:
        """Takes the parts over."""
        super().__init__()
        self.norm1, self.conv1 = block.norm1, block.conv1
        self.time_emb_proj = block.time_emb_proj
        self.norm2, self.conv2 = block.norm2, block.conv2
        self.conv_shortcut = block.conv_shortcut
        self.resample = block.upsample or block.downsample
        self.in_channels, self.out_channels = block.in_channels, block.out_channels
        self._modulates = block.time_embedding_norm == "scale_shift"
        self._divisor = float(block.output_scale_factor)

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Whether `module` is a residual block that this class can take the place of."""
        return (
            _is_residual(module)
            and module.time_embedding_norm in ("default", "scale_shift")
            and module.time_emb_proj is not None
            and not getattr(module, "skip_time_act", False)
            and isinstance(module.nonlinearity, nn.SiLU)
            and all(isinstance(norm, nn.GroupNorm) for norm in (module.norm1, module.norm2))
        )

    def forward(self, x: Tensor, temb: Tensor, *_args: Any, **_kwargs: Any) -> Tensor:
        """x: N×in×H×W. temb: N×width or 1×width, of the timestep. Returns N×out×H'×W'."""
        hidden = _normed(x, self.norm1)
        if self.resample is not None:
            x, hidden = self.resample(x), self.resample(hidden)
        hidden = self.conv1(hidden)
        embedding = self.time_emb_proj(F.silu(temb))
        if self._modulates:
            scale, shift = embedding.chunk(2, dim=1)
            hidden = _normed(hidden, self.norm2, scale, shift)
        else:
            hidden = _normed(hidden.add_(embedding[:, :, None, None]), self.norm2)
        hidden = self.conv2(hidden)
        if self.conv_shortcut is not None:
            x = self.conv_shortcut(x)
        result: Tensor = hidden.add_(x)
        return result if self._divisor == 1 else result.div_(self._divisor)


class FrozenAttention(nn.Module):
    """An `Attention` with the same parts that reads channels last as they lie."""

    def __init__(self, attention: Attention) -> None:
        """Takes the parts over."""
        super().__init__()
        self.group_norm, self.to_out = attention.group_norm, attention.to_out
        self.to_q, self.to_k, self.to_v = attention.to_q, attention.to_k, attention.to_v
        self.heads = attention.heads
        self._divisor = float(attention.rescale_output_factor)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W to the same."""
        count, channels, height, width = x.shape
        hidden = x if self.group_norm is None else self.group_norm(x)
        rows = hidden.permute(0, 2, 3, 1).reshape(count, height * width, channels)
        q, k, v = (
            layer(rows).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # N×heads×HW×head
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        rows = self.to_out[0](attended).view(count, height, width, channels)
        result: Tensor = rows.permute(0, 3, 1, 2) + x
        return result if self._divisor == 1 else result.div_(self._divisor)


def _is_residual(module: nn.Module) -> bool:
    """Whether `module` is a residual block of ours or diffusers', which is not imported for it."""
    kind = type(module)
    named = (kind.__module__, kind.__name__)
    return kind is ResidualBlock or named == ("diffusers.models.resnet", "ResnetBlock2D")


def _normed(
    x: Tensor, norm: nn.GroupNorm, scale: Tensor | None = None, shift: Tensor | None = None
) -> Tensor:
    if (x.is_cuda and runs_on(x.device)) or (x.device.type == "cpu" and x.numel() >= LARGE):
        return norm_silu(x, norm, scale, shift)
    if scale is None or shift is None:
        return F.silu(norm(x))
    if len(scale) == 1:  # one timestep for all: the norm's own gain and offset take it along
        gain, offset = norm.weight * (1 + scale[0]), norm.bias * (1 + scale[0]) + shift[0]
        return F.silu(F.group_norm(x, norm.num_groups, gain, offset, norm.eps))
    return F.silu(norm(x) * (1 + scale[:, :, None, None]) + shift[:, :, None, None])


def freeze_layers(unet: Network) -> Network:
    """Put the layers above in place of those of `unet`, whose parameters keep their names.

    Raises InputError if a weight wants gradients.
    """
    for parent in list(unet.modules()):
        for name, child in list(parent.named_children()):
            if FrozenConv2d.fits(child):
                setattr(parent, name, FrozenConv2d(child))
    for parent in list(unet.modules()):
        for name, child in list(parent.named_children()):
            if FrozenResidual.fits(child):
                setattr(parent, name, FrozenResidual(child))
            elif type(child) is Attention:
                setattr(parent, name, FrozenAttention(child))
    return unet
