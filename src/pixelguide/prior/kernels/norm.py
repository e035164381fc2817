"""Group normalization, modulation and SiLU in one, a piece at a time, for frozen weights.

Of a residual block's activations (Dhariwal & Nichol 2021, arXiv 2105.05233, appendix) only those
that go in are kept for the gradient; PyTorch keeps two more. Pieces stay in the cache.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

PIECE = 1 << 18
"""Values that are worked on at once: 1 MB."""


def norm_silu(
    x: Tensor, norm: nn.GroupNorm, scale: Tensor | None = None, shift: Tensor | None = None
) -> Tensor:
    """SiLU(norm(x) (1 + scale) + shift), N×C×H×W, channels last.

    scale, shift: N×C. Differentiable with respect to x alone.
    """
    gain, offset = (own.float().expand(len(x), -1) for own in (norm.weight, norm.bias))
    if scale is not None and shift is not None:
        scale, shift = scale.float(), shift.float()
        gain, offset = gain * (1 + scale), offset * (1 + scale) + shift
    if x.is_cuda:
        from pixelguide.prior.kernels.norm_cuda import norm_silu_cuda

        return norm_silu_cuda(x, gain, offset, norm.num_groups, norm.eps)
    result: Tensor = _NormSilu.apply(  # type: ignore[no-untyped-call]
        x, gain, offset, norm.num_groups, norm.eps
    )
    return result


@lru_cache
def runs_on(device: torch.device) -> bool:
    """Whether `norm_silu` runs on `device`: on a CPU, and on a GPU where Triton can compile.

    Tried once; a failure is a warning, not an error, since PyTorch's own layers do the same.
    """
    if device.type != "cuda":
        return device.type == "cpu"
    if importlib.util.find_spec("triton") is None:
        return False
    try:
        x = torch.ones(1, 4, 2, 2, device=device, requires_grad=True)
        with torch.enable_grad():
            y = norm_silu(x, torch.nn.GroupNorm(2, 4, device=device).requires_grad_(False))
            torch.autograd.grad(y.sum(), x)
        torch.cuda.synchronize(device)
    except Exception as error:  # whatever a missing compiler or an old driver makes of it
        lines = str(error).strip().splitlines() or [type(error).__name__]
        warnings.warn(f"no fused normalization on {device}: {lines[0]}", stacklevel=2)
        return False
    return True


class _NormSilu(torch.autograd.Function):
    """gain, offset: N×C, after the normalization. It is u = x · a + b with a, b: N×C."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gain: Tensor, offset: Tensor, groups: int, eps: float
    ) -> Tensor:
        rows = _rows(x)  # N×HW×C
        mean, rstd = _moments(rows, groups, eps)  # N×C, equal within a group
        a = gain * rstd
        b = offset - mean * a
        y = torch.empty_like(rows)
        for n, piece in _pieces(rows):
            single = rows.dtype == a.dtype
            own = rows[n, piece].to(a.dtype)
            u = torch.addcmul(b[n], own, a[n], out=y[n, piece] if single else own)
            torch.nn.functional.silu(u, inplace=True)
            if not single:
                y[n, piece] = u
        ctx.save_for_backward(x, gain, a, b, mean, rstd)
        ctx.groups = groups
        return _picture(y, x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        x, gain, a, b, mean, rstd = ctx.saved_tensors
        rows, into = _rows(x), _rows(gradient)
        result = torch.empty_like(rows, dtype=a.dtype)
        plain, along = (torch.zeros(gain.shape, dtype=torch.float64) for _ in range(2))
        for n, piece in _pieces(rows):
            own = rows[n, piece].to(a.dtype)
            u = torch.addcmul(b[n], own, a[n])
            pushed = torch.ops.aten.silu_backward.grad_input(
                into[n, piece].to(a.dtype), u, grad_input=result[n, piece]
            )
            plain[n] += pushed.sum(0)
            along[n] += torch.sub(own, mean[n], out=u).mul_(pushed).sum(0)
        count = rows.shape[1]
        plain, along = (
            _over_groups(gain * sums / count, ctx.groups).float() for sums in (plain, along)
        )
        slope = -(rstd**3) * along
        start = -rstd * plain - slope * mean
        for n, piece in _pieces(rows):
            own = result[n, piece]
            own.mul_(a[n]).addcmul_(rows[n, piece], slope[n]).add_(start[n])
        return _picture(result.to(x.dtype), x), None, None, None, None


def _moments(rows: Tensor, groups: int, eps: float) -> tuple[Tensor, Tensor]:
    """Mean and 1/√(variance + eps) of each group, at each of its channels: N×C."""
    count, width = rows.shape[1:]
    # from the first pixels' mean, next to which no precision is lost in squares
    pivot = rows[:, : max(1, PIECE // width)].mean(1, dtype=torch.float32)
    sums, squares = (torch.zeros(pivot.shape, dtype=torch.float64) for _ in range(2))
    for n, piece in _pieces(rows):
        away = rows[n, piece].to(pivot.dtype) - pivot[n]
        sums[n] += away.sum(0)
        squares[n] += away.square_().sum(0)
    mean_of_channel = sums / count + pivot
    mean = _over_groups(mean_of_channel, groups)
    spread = squares / count - (sums / count).square() + (mean_of_channel - mean).square()
    variance = _over_groups(spread, groups)
    return mean.float(), (variance + eps).rsqrt().float()


def _over_groups(values: Tensor, groups: int) -> Tensor:
    """N×C to each channel's mean over its group, N×C."""
    mean = values.view(len(values), groups, -1).mean(2, keepdim=True)
    return mean.expand(-1, -1, values.shape[1] // groups).flatten(1)


def _pieces(rows: Tensor) -> Iterator[tuple[int, slice]]:
    step = max(1, PIECE // rows.shape[2])
    for n in range(len(rows)):
        for first in range(0, rows.shape[1], step):
            yield n, slice(first, first + step)


def _rows(x: Tensor) -> Tensor:
    """N×C×H×W as N×HW×C, a view if its channels are last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2).contiguous()


def _picture(rows: Tensor, like: Tensor) -> Tensor:
    """The way back from `_rows`."""
    height, width = like.shape[2:]
    return rows.view(len(rows), height, width, -1).permute(0, 3, 1, 2)
