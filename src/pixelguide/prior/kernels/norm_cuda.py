"""`norm.norm_silu` on a GPU: three kernels each way, channels last as cuDNN's convolutions have it.

PyTorch's own group normalization lays its input out anew, and modulation, SiLU and the next
convolution pass over it once more each. Triton comes with PyTorch where CUDA does.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

# Kernels read globals only where these are `constexpr`; so they need not be parameters of each.
PART = tl.constexpr(256)
"""Pixels that one program sums up."""
ROWS, COLUMNS = tl.constexpr(32), tl.constexpr(64)
"""Pixels and channels that it reads at once."""
TOGETHER = tl.constexpr(64)
"""Parts whose sums are added up at once."""


def norm_silu_cuda(x: Tensor, gain: Tensor, offset: Tensor, groups: int, eps: float) -> Tensor:
    """SiLU(normalized x · gain + offset): N×C×H×W, of any floating type, channels last.

    gain, offset: N×C. Sums and what is between reading and writing are float32. Differentiable with
    respect to x alone.
    """
    result: Tensor = _NormSilu.apply(x, gain, offset, groups, eps)
    return result


class _NormSilu(torch.autograd.Function):
    """It is u = x · a + b with a, b: N×C. coefficients: 4×N×C float32, a, b, mean and 1/deviation,
    the last two equal within a group."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gain: Tensor, offset: Tensor, groups: int, eps: float
    ) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        gain, offset = gain.float().contiguous(), offset.float().contiguous()
        count, width, pixels, parts = _sizes(x)
        sums = _partial(x, parts)
        grid = (parts, triton.cdiv(width, COLUMNS.value), count)
        _sums[grid](x, sums, pixels, width, parts)
        coefficients = torch.empty(4, count, width, device=x.device)
        _coefficients[(groups, count)](
            x, sums, gain, offset, coefficients, pixels, width, width // groups, eps,
            count * width, parts, triton.next_power_of_2(width // groups),
        )  # fmt: skip
        y = torch.empty_like(x)
        _apply[grid](x, coefficients, y, pixels, width, count * width)
        ctx.save_for_backward(x, gain, coefficients)
        ctx.groups = groups
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        x, gain, coefficients = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        count, width, pixels, parts = _sizes(x)
        sums = _partial(x, parts)
        grid = (parts, triton.cdiv(width, COLUMNS.value), count)
        _pushed_sums[grid](x, gradient, coefficients, sums, pixels, width, parts, count * width)
        line = torch.empty(2, count, width, device=x.device)
        _slopes[(ctx.groups, count)](
            sums, gain, coefficients, line, pixels, width, width // ctx.groups, count * width,
            parts, triton.next_power_of_2(width // ctx.groups),
        )  # fmt: skip
        result = torch.empty_like(x)
        _push[grid](x, gradient, coefficients, line, result, pixels, width, count * width)
        return result, None, None, None, None


def _sizes(x: Tensor) -> tuple[int, int, int, int]:
    """N, C, HW and the parts that HW is summed up in."""
    count, width, height, across = x.shape
    return count, width, height * across, triton.cdiv(height * across, PART.value)


def _partial(x: Tensor, parts: int) -> Tensor:
    return torch.empty(2, len(x), parts, x.shape[1], device=x.device)


@triton.jit
def _own_columns(width):
    """The picture and the channels of this program, and which of these there are."""
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    return tl.program_id(2), column, column < width


@triton.jit
def _own_rows(first, pixels, inside):
    """The pixels of this program from its `first` on, and which pixels and channels there are."""
    row = tl.program_id(0) * PART + first + tl.arange(0, ROWS)
    return row, (row < pixels)[:, None] & inside[None, :]


@triton.jit
def _own_members(members, block: tl.constexpr):
    """The picture and the channels of this program's group, and which of these there are."""
    member = tl.arange(0, block)
    return tl.program_id(1), tl.program_id(0) * members + member, member < members


@triton.jit
def _two(planes, plane, place, inside):
    """Values of the first and of the second of `planes`."""
    first = tl.load(planes + place, mask=inside, other=0.0)
    return first, tl.load(planes + plane + place, mask=inside, other=0.0)


@triton.jit
def _keep_two(planes, plane, place, inside, first, second):
    """Store values of the first and of the second of `planes`."""
    tl.store(planes + place, first, mask=inside)
    tl.store(planes + plane + place, second, mask=inside)


@triton.jit
def _sums(x, sums, pixels, width, parts):
    """Sums and sums of squares, from the picture's first pixel, next to which squares are small."""
    n, column, inside = _own_columns(width)
    picture = x + n * pixels * width
    pivot = tl.load(picture + column, mask=inside, other=0.0).to(tl.float32)
    total = tl.zeros((COLUMNS,), tl.float32)
    squares = tl.zeros((COLUMNS,), tl.float32)
    for first in range(0, PART, ROWS):
        row, mask = _own_rows(first, pixels, inside)
        values = tl.load(picture + row[:, None] * width + column[None, :], mask=mask, other=0.0)
        away = tl.where(mask, values.to(tl.float32) - pivot[None, :], 0.0)
        total += tl.sum(away, 0)
        squares += tl.sum(away * away, 0)
    place = (n * parts + tl.program_id(0)) * width + column
    _keep_two(sums, tl.num_programs(2) * parts * width, place, inside, total, squares)


@triton.jit
def _added_up(sums, n, column, inside, width, parts: tl.constexpr, block: tl.constexpr):
    """Both sums of one group's channels over all parts."""
    first_sum = tl.zeros((block,), tl.float32)
    second_sum = tl.zeros((block,), tl.float32)
    second = sums + tl.num_programs(1) * parts * width
    for first in range(0, parts, TOGETHER):
        own = first + tl.arange(0, TOGETHER)
        mask = (own < parts)[:, None] & inside[None, :]
        place = (n * parts + own)[:, None] * width + column[None, :]
        first_sum += tl.sum(tl.load(sums + place, mask=mask, other=0.0), 0)
        second_sum += tl.sum(tl.load(second + place, mask=mask, other=0.0), 0)
    return first_sum, second_sum


@triton.jit
def _coefficients(
    x, sums, gain, offset, coefficients, pixels, width, members, eps, plane,
    parts: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """a, b, mean and 1/deviation of one group's channels."""
    n, column, inside = _own_members(members, block)
    total, squares = _added_up(sums, n, column, inside, width, parts, block)
    pivot = tl.load(x + n * pixels * width + column, mask=inside, other=0.0).to(tl.float32)
    away = total / pixels
    mean_of_channel = away + pivot
    mean = tl.sum(tl.where(inside, mean_of_channel, 0.0), 0) / members
    apart = mean_of_channel - mean
    spread = squares / pixels - away * away + apart * apart
    variance = tl.sum(tl.where(inside, spread, 0.0), 0) / members
    inverse = 1.0 / tl.sqrt(variance + eps)
    place = n * width + column
    a = tl.load(gain + place, mask=inside, other=0.0) * inverse
    b = tl.load(offset + place, mask=inside, other=0.0) - mean * a
    _keep_two(coefficients, plane, place, inside, a, b)
    everywhere = tl.zeros((block,), tl.float32)
    _keep_two(
        coefficients + 2 * plane, plane, place, inside, mean + everywhere, inverse + everywhere
    )


@triton.jit
def _apply(x, coefficients, y, pixels, width, plane):
    """SiLU(x · a + b)."""
    n, column, inside = _own_columns(width)
    a, b = _two(coefficients, plane, n * width + column, inside)
    for first in range(0, PART, ROWS):
        row, mask = _own_rows(first, pixels, inside)
        place = n * pixels * width + row[:, None] * width + column[None, :]
        values = tl.load(x + place, mask=mask, other=0.0).to(tl.float32)
        u = values * a[None, :] + b[None, :]
        tl.store(y + place, u * tl.sigmoid(u), mask=mask)


@triton.jit
def _pushed(x, gradient, place, mask, a, b):
    """Values there, and the gradient with respect to u."""
    values = tl.load(x + place, mask=mask, other=0.0).to(tl.float32)
    u = values * a[None, :] + b[None, :]
    share = tl.sigmoid(u)
    slope = share * (1.0 + u * (1.0 - share))
    return values, tl.load(gradient + place, mask=mask, other=0.0).to(tl.float32) * slope


@triton.jit
def _pushed_sums(x, gradient, coefficients, sums, pixels, width, parts, plane):
    """Sums of the gradient with respect to u, plain and times the distance from the mean."""
    n, column, inside = _own_columns(width)
    known = n * width + column
    a, b = _two(coefficients, plane, known, inside)
    mean = tl.load(coefficients + 2 * plane + known, mask=inside, other=0.0)
    plain = tl.zeros((COLUMNS,), tl.float32)
    along = tl.zeros((COLUMNS,), tl.float32)
    for first in range(0, PART, ROWS):
        row, mask = _own_rows(first, pixels, inside)
        place = n * pixels * width + row[:, None] * width + column[None, :]
        values, pushed = _pushed(x, gradient, place, mask, a, b)
        plain += tl.sum(pushed, 0)
        along += tl.sum(pushed * (values - mean[None, :]), 0)
    place = (n * parts + tl.program_id(0)) * width + column
    _keep_two(sums, tl.num_programs(2) * parts * width, place, inside, plain, along)


@triton.jit
def _slopes(
    sums, gain, coefficients, line, pixels, width, members, plane,
    parts: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    """What mean and deviation give back: x · slope + start, equal within a group."""
    n, column, inside = _own_members(members, block)
    plain, along = _added_up(sums, n, column, inside, width, parts, block)
    place = n * width + column
    weight = tl.load(gain + place, mask=inside, other=0.0)
    mean, inverse = _two(coefficients + 2 * plane, plane, place, inside)
    count = pixels * members
    slope = -inverse * inverse * inverse * (tl.sum(weight * along, 0) / count)
    start = -inverse * (tl.sum(weight * plain, 0) / count) - slope * mean
    _keep_two(line, plane, place, inside, slope, start)


@triton.jit
def _push(x, gradient, coefficients, line, result, pixels, width, plane):
    """The gradient with respect to x."""
    n, column, inside = _own_columns(width)
    known = n * width + column
    a, b = _two(coefficients, plane, known, inside)
    slope, start = _two(line, plane, known, inside)
    for first in range(0, PART, ROWS):
        row, mask = _own_rows(first, pixels, inside)
        place = n * pixels * width + row[:, None] * width + column[None, :]
        values, pushed = _pushed(x, gradient, place, mask, a, b)
        pushed = pushed * a[None, :] + values * slope[None, :] + start[None, :]
        tl.store(result + place, pushed, mask=mask)
