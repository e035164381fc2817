"""3×3 convolutions with a quarter of the multiplications, for frozen weights on a CPU.

Winograd's minimal filtering F(4×4, 3×3) as Lavin & Gray 2016 (arXiv 1509.09308) apply it: a tile of
4×4 outputs comes from 6×6 inputs by 36 multiplications a pair of channels, not 144. Cook-Toom
transforms lead to the 36 places and back; at each place there is a matrix product over channels.

The gradient with respect to the input is such a convolution too, of weights turned by 180°. A
turned filter is a reversed polynomial, whose value at a is a² times the first one's at 1/a. So the
same transformed weights serve both ways, if the way back evaluates at the inverse points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.polynomial import polynomial
from numpy.typing import NDArray
from torch import Tensor

OUT, TILE = 4, 6
"""Sides of what a tile gives and of what it reads, by a filter of 3."""
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
"""And infinity. Barabasz et al. 2018 (arXiv 1803.10986) found no more accurate set of this size;
its error is a third to two thirds of that of 0, ±1, ±2."""
TOGETHER = 256
"""Tiles that pass at once. Measured: from 128 to 256 the products run at full speed, and what lies
between them is still in the cache."""

Matrix = NDArray[np.float64]


def cook_toom(points: Sequence[float], outputs: int) -> tuple[Matrix, Matrix, Matrix]:
    """A^T, G and B^T of the filter of `outputs` values that evaluates at `points` and infinity.

    A^T ((G g) ⊙ (B^T d)) is the correlation of d with g, which has len(points) + 2 - outputs taps.
    Shapes: outputs×n, n×taps and n×n, with n = len(points) + 1.
    """
    n = len(points) + 1
    taps = n + 1 - outputs
    at, g, bt = np.zeros((outputs, n)), np.zeros((n, taps)), np.zeros((n, n))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        at[:, j] = point ** np.arange(outputs)
        g[j] = point ** np.arange(taps) / np.prod(point - others)
        bt[j, :-1] = polynomial.polyfromroots(others)
    at[-1, -1] = g[-1, -1] = 1
    bt[-1] = polynomial.polyfromroots(points)
    return at, g, bt


class Transforms(NamedTuple):
    """Of one dimension, float32. data: 6×6, from a tile's inputs to the places. result: 4×6, from
    there to its outputs."""

    data: Tensor
    result: Tensor


def _transforms() -> tuple[Transforms, Transforms, Tensor]:
    """Those of the convolution and of its gradient, and G (float64 6×3)."""
    at, g, bt = cook_toom(POINTS, OUT)
    inverse = [1 / point for point in POINTS[1:]]  # 0 and infinity change places
    back_at, back_g, back_bt = cook_toom([*inverse, 0.0], OUT)
    back_at, back_g, back_bt = (
        np.roll(matrix, 1, axis) for matrix, axis in ((back_at, 1), (back_g, 0), (back_bt, 0))
    )
    # both evaluate the same polynomial at the same place, up to a factor
    factor = (back_g[:, ::-1] * g).sum(1) / (g * g).sum(1)
    both = [
        Transforms(*(torch.from_numpy(each).float() for each in pair))
        for pair in ((bt, at), (back_bt * factor[:, None], back_at))
    ]
    return both[0], both[1], torch.from_numpy(g)


FORWARD, BACKWARD, KERNEL = _transforms()


def transform_weight(weight: Tensor) -> Tensor:
    """Float32 out×in×3×3 to 36×in×out, by way of float64: four times the memory."""
    places = torch.empty(TILE * TILE, *weight.shape[1::-1])
    places_of = places.view(TILE, TILE, *places.shape[1:])
    # output channels in parts, so that the float64 in between stays small
    for own, part in zip(weight.split(64), places_of.split(64, 3), strict=True):
        part.copy_(torch.einsum("ik,jl,ockl->ijco", KERNEL, KERNEL, own.double()))
    return places


def winograd_conv(x: Tensor, transformed: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution with stride 1 and padding 1: float32 N×in×H×W to N×out×H×W, channels last.

    transformed: of `transform_weight`. Differentiable with respect to x alone, for which nothing
    of the size of x is kept. On a CPU, relative to PyTorch's own: 3e-6 or less.
    """
    result: Tensor = _Convolution.apply(x, transformed, bias)  # type: ignore[no-untyped-call]
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, transformed: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(transformed)
        return _convolve(x, transformed, FORWARD, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (transformed,) = ctx.saved_tensors
        return _convolve(gradient, transformed.transpose(1, 2), BACKWARD, None), None, None


def _convolve(
    x: Tensor, transformed: Tensor, transforms: Transforms, bias: Tensor | None
) -> Tensor:
    count, width_in, height, width = x.shape
    width_out = transformed.shape[2]
    down, across = -(-height // OUT), -(-width // OUT)  # tiles
    x = x.permute(0, 2, 3, 1)  # N×H×W×C
    result = torch.empty(
        count, width_out, down * OUT, across * OUT, memory_format=torch.channels_last
    )
    y = result.permute(0, 2, 3, 1)
    scratch: dict[str, Tensor] = {}

    def space(name: str, *shape: int) -> Tensor:
        """Memory that later parts use again."""
        size = math.prod(shape)
        if name not in scratch or len(scratch[name]) < size:
            scratch[name] = x.new_empty(size)
        return scratch[name][:size].view(shape)

    for pictures, rows in _parts(count, down, across):
        n, k = len(pictures), len(rows)
        own = slice(pictures.start, pictures.stop)
        padded = space("padded", n, k * OUT + 2, across * OUT + 2, width_in)
        _fill(padded, x[own], rows.start * OUT - 1)
        picture, line, pixel = padded.stride()[:3]
        windows = padded.as_strided(
            (TILE, TILE, n, k, across, width_in),
            (line, pixel, picture, OUT * line, OUT * pixel, 1),
        )
        values = space("values", *windows.shape).copy_(windows)
        places = _along_both(transforms.data, values, space).view(TILE * TILE, -1, width_in)
        products = space("values", *places.shape[:2], width_out)
        torch.bmm(places, transformed, out=products)
        tiles = _along_both(transforms.result, products, space)
        into = y[own, rows.start * OUT : rows.stop * OUT].view(n, k, OUT, across, OUT, width_out)
        tiles = tiles.view(OUT, OUT, n, k, across, width_out).permute(2, 3, 0, 4, 1, 5)
        if bias is None:
            into.copy_(tiles)
        else:
            torch.add(tiles, bias, out=into)
    if result.shape[2:] != (height, width):
        result = result[:, :, :height, :width].contiguous(memory_format=torch.channels_last)
    return result


def _along_both(matrix: Tensor, values: Tensor, space: Callable[..., Tensor]) -> Tensor:
    """`matrix` (M×6) along both dimensions of tiles, which `values` (6·6·R) opens with: M×M×R."""
    size = len(matrix)
    half = torch.mm(matrix, values.view(TILE, -1), out=space("half", size, values.numel() // TILE))
    half = half.view(size, TILE, -1)
    whole = space("whole", size, size, half.shape[2])
    return torch.bmm(matrix.expand(size, -1, -1), half, out=whole)


def _parts(count: int, down: int, across: int) -> Iterator[tuple[range, range]]:
    """Pictures and rows of tiles in parts of about `TOGETHER` tiles, the largest first."""
    rows = min(down, max(1, TOGETHER // across))
    pictures = max(1, TOGETHER // (down * across)) if rows == down else 1
    for picture in range(0, count, pictures):
        for row in range(0, down, rows):
            yield (
                range(picture, min(picture + pictures, count)),
                range(row, min(row + rows, down)),
            )


def _fill(padded: Tensor, x: Tensor, top: int) -> None:
    """Rows of x (N×H×W×C) from `top` on, one column further right, and zeros all around."""
    height, width = x.shape[1:3]
    first, last = max(top, 0), min(top + padded.shape[1], height)
    padded[:, : first - top].zero_()
    padded[:, last - top :].zero_()
    padded[:, :, 0].zero_()
    padded[:, :, width + 1 :].zero_()
    padded[:, first - top : last - top, 1 : width + 1] = x[:, first:last]
