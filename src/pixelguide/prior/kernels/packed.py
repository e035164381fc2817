"""Convolutions on a CPU, channels last, with weights laid out once for both ways.

The gradient with respect to the input of a convolution with stride 1 is a convolution too, of
weights turned by 180°; as such it runs two to six times faster than oneDNN's own way back (measured
in bfloat16 on a Xeon with AMX). In bfloat16 oneDNN lays weights out anew at every call unless they
are packed, which at low resolution takes longer than the convolution. In float32 channels last will
do; packed for one number of pictures, they make two threads with another number twice as slow
(measured). PyTorch itself asks oneDNN only for some shapes: single pictures go by a product of
matrices, at two thirds of the speed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor


@lru_cache
def runs_bf16(device: torch.device) -> bool:
    """Whether `packed_conv` is worth while on `device`: a CPU with instructions for products of
    bfloat16 (AMX). Without, oneDNN's are many times slower than those of float32."""
    return device.type == "cpu" and bool(
        torch.backends.mkldnn.is_available() and torch.cpu._is_amx_tile_supported()
    )


@lru_cache
def runs_fp32(device: torch.device) -> bool:
    """Whether `packed_conv` runs in float32 on `device`: on a CPU whose PyTorch has oneDNN."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    try:
        there, back = pack(torch.zeros(8, 8, 1, 1), (0, 0), (1, 8, 2, 2))
        packed_conv(torch.zeros(1, 8, 2, 2), there, back, None, (0, 0))
    except (RuntimeError, NotImplementedError, AttributeError):  # they are no public functions
        return False
    return True


def pack(weight: Tensor, padding: tuple[int, int], shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Weights out×in×h×w for the convolution and for its gradient: in float32 channels last, in
    bfloat16 in a layout of oneDNN's own.

    shape: of an input like those to come; others can be given too.
    """
    there, back = _laid_out(weight, padding, shape), turned(weight)
    height, width = (
        side + 2 * around - own + 1
        for side, around, own in zip(shape[2:], padding, weight.shape[2:], strict=True)
    )
    given = (shape[0], len(weight), height, width)
    return there, _laid_out(back, opposite(padding, weight), given)


def packed_conv(
    x: Tensor, there: Tensor, back: Tensor, bias: Tensor | None, padding: tuple[int, int]
) -> Tensor:
    """The convolution with stride 1: N×in×H×W to N×out×H'×W', channels last, of the weights' type.

    there, back: of `pack`. Differentiable with respect to x alone, for which nothing of the size of
    x is kept.
    """
    result: Tensor = _Convolution.apply(  # type: ignore[no-untyped-call]
        x, there, back, bias, padding
    )
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, there: Tensor, back: Tensor, bias: Tensor | None,
        padding: tuple[int, int],
    ) -> Tensor:  # fmt: skip
        ctx.back, ctx.padding = back, opposite(padding, there)
        return _convolve(x, there, padding, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        return _convolve(gradient, ctx.back, ctx.padding, None), None, None, None, None


def turned(weight: Tensor) -> Tensor:
    """Weights out×in×h×w of a convolution with stride 1 as those of its way back, in×out×h×w."""
    swapped = weight.transpose(0, 1)
    return swapped if weight.shape[2:] == (1, 1) else swapped.flip(2, 3)  # which copies


def opposite(padding: tuple[int, int], weight: Tensor) -> tuple[int, int]:
    """The padding of the way back, for weights of either way."""
    return weight.shape[2] - 1 - padding[0], weight.shape[3] - 1 - padding[1]


def _laid_out(weight: Tensor, padding: tuple[int, int], shape: tuple[int, ...]) -> Tensor:
    if weight.dtype == torch.float32:
        return weight.detach().contiguous(memory_format=torch.channels_last)
    laid_out: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight.contiguous(), padding, (1, 1), (1, 1), 1, shape
    )
    return laid_out


def _convolve(x: Tensor, weight: Tensor, padding: tuple[int, int], bias: Tensor | None) -> Tensor:
    x = x.contiguous(memory_format=torch.channels_last)
    if weight.dtype == torch.float32:
        return torch.mkldnn_convolution(x, weight, bias, padding, (1, 1), (1, 1), 1)
    result: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, padding, (1, 1), (1, 1), 1, "none", [], ""
    )
    return result
