"""Winograd's convolution against the one it stands for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from conftest import seeded
from pixelguide.evaluate.costs import PeakBytes, WorkCounter
from pixelguide.prior.kernels.winograd import (
    POINTS,
    TOGETHER,
    cook_toom,
    transform_weight,
    winograd_conv,
)


def relative(own: Tensor, other: Tensor) -> float:
    return float((own - other).detach().norm() / other.detach().norm())


def case(*shape: int, out: int) -> tuple[Tensor, Tensor, Tensor]:
    draws = seeded(0)
    weight = torch.randn(out, shape[1], 3, 3, generator=draws) / (9 * shape[1]) ** 0.5
    bias = torch.randn(out, generator=draws)
    return torch.randn(shape, generator=draws), weight, bias


@pytest.mark.parametrize("points", [POINTS, (0, 1, -1, 2, -2), (0, 1, -1), (0, 1, -1, 3)])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4])
def test_the_transforms_filter(points: tuple[float, ...], outputs: int) -> None:
    at, g, bt = cook_toom(points, outputs)
    draws = np.random.default_rng(0)
    data, taps = draws.normal(size=at.shape[1]), draws.normal(size=g.shape[1])
    expected = np.correlate(data, taps, "valid")
    assert len(expected) == outputs
    np.testing.assert_allclose(at @ ((g @ taps) * (bt @ data)), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 5),
    height=st.integers(1, 21),
    width=st.integers(1, 21),
    channels=st.integers(1, 9),
    out=st.integers(1, 9),
)
def test_any_size_and_batch_both_ways(
    count: int, height: int, width: int, channels: int, out: int
) -> None:
    x, weight, bias = case(count, channels, height, width, out=out)
    x.requires_grad_()
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    found = winograd_conv(x, transform_weight(weight), bias)
    assert found.shape == exact.shape
    assert found.dtype == torch.float32
    pushed = torch.randn(exact.shape, generator=seeded(1))
    (own,) = torch.autograd.grad(found, x, pushed)
    (other,) = torch.autograd.grad(exact, x, pushed.double())
    for ours, theirs in ((found, exact), (own, other)):
        torch.testing.assert_close(ours.double(), theirs.double(), rtol=0, atol=2e-5)


# the widths of ADM-256, at sizes of one and of several parts
@pytest.mark.parametrize(("shape", "out"), [((1, 512, 32, 32), 256), ((2, 128, 80, 72), 128)])
def test_the_error_stays_near_that_of_single_precision(shape: tuple[int, ...], out: int) -> None:
    x, weight, bias = case(*shape, out=out)
    x.requires_grad_()
    transformed = transform_weight(weight)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    found = winograd_conv(x, transformed, bias)
    assert relative(found, exact) < 5e-6
    pushed = torch.randn(exact.shape, generator=seeded(1))
    (own,) = torch.autograd.grad(found, x, pushed)
    (other,) = torch.autograd.grad(exact, x, pushed.double())
    assert relative(own, other) < 5e-6
    assert torch.equal(found, winograd_conv(x, transformed, bias))


def test_layouts_and_inputs_that_are_views_do_not_matter() -> None:
    x, weight, bias = case(2, 8, 16, 12, out=4)
    transformed = transform_weight(weight)
    expected = winograd_conv(x, transformed, bias)
    for view in (x.to(memory_format=torch.channels_last), x.repeat(1, 2, 1, 1)[:, :8]):
        assert torch.equal(winograd_conv(view, transformed, bias), expected)
    assert expected.is_contiguous(memory_format=torch.channels_last)


def test_neighbours_in_a_batch_leave_a_picture_alone_but_for_rounding() -> None:
    x, weight, bias = case(5, 8, 16, 16, out=8)
    transformed = transform_weight(weight)
    together = winograd_conv(x, transformed, bias)
    for k in range(5):
        alone = winograd_conv(x[k : k + 1], transformed, bias)
        assert relative(together[k : k + 1], alone) < 1e-6


def test_a_quarter_of_the_multiplications_and_nothing_kept() -> None:
    x, weight, bias = case(1, 128, 64, 64, out=128)
    transformed = transform_weight(weight)
    x.requires_grad_()
    direct = 2 * 9 * 128 * 128 * 64 * 64
    assert TOGETHER >= (64 // 4) ** 2
    with WorkCounter() as work:
        found = winograd_conv(x, transformed, bias)
    transforms = 2 * (2 * 6 * 36 + 6 * 24 + 4 * 24) * 256 * 128
    assert work.flops == direct / 4 + transforms
    with PeakBytes() as memory:
        found = winograd_conv(x, transformed, bias)
        assert memory.alive == found.nbytes


def test_transformed_weights_are_four_times_as_large_and_exact() -> None:
    weight = torch.randn(70, 3, 3, 3, generator=seeded(0))
    transformed = transform_weight(weight)
    assert transformed.numel() == 4 * weight.numel()
    _, g, _ = cook_toom(POINTS, 4)
    expected = g @ weight[69, 2].double().numpy() @ g.T
    np.testing.assert_allclose(transformed[:, 2, 69].view(6, 6).numpy(), expected, rtol=1e-6)
