"""The layers against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks.editgan.layers import (
    GAIN,
    ModulatedConv,
    ResidualDown,
    ScaledConv,
    ScaledLinear,
    StyledLayer,
    activate,
)
from conftest import seeded


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_modulated_convolution_is_one_with_each_pictures_own_weights(
    kernel: int, demodulate: bool
) -> None:
    """StyleGAN2, eq. 1 and 3: w' = s·w, w'' = w' / √(Σ w'² + ε), picture by picture."""
    conv = ModulatedConv(5, 4, kernel, 6, seeded(0), demodulate=demodulate).double()
    x = torch.randn(3, 5, 7, 7, generator=seeded(1), dtype=torch.float64)
    w = torch.randn(3, 6, generator=seeded(2), dtype=torch.float64)
    made = conv(x, w)
    for k in range(3):
        style = conv.affine.weight @ w[k] / math.sqrt(6) + conv.affine.bias
        weight = conv.weight / math.sqrt(5 * kernel**2) * style[None, :, None, None]
        if demodulate:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt() * GAIN
        expected = F.conv2d(x[k : k + 1], weight, padding=kernel // 2)
        torch.testing.assert_close(made[k : k + 1], expected)


def test_styles_begin_around_one() -> None:
    conv = ModulatedConv(5, 4, 3, 6, seeded(0))
    torch.testing.assert_close(conv.affine(torch.zeros(1, 6)), torch.ones(1, 5))


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_the_rate_slows_learning_without_changing_the_output(rate: float) -> None:
    plain = ScaledLinear(8, 4, seeded(0), bias=0.5, gain=2.0)
    slow = ScaledLinear(8, 4, seeded(0), bias=0.5, gain=2.0, rate=rate)
    x = torch.randn(3, 8, generator=seeded(1))
    torch.testing.assert_close(slow(x), plain(x))
    moved = [torch.autograd.grad(layer(x).sum(), layer.weight)[0] for layer in (slow, plain)]
    torch.testing.assert_close(moved[0], moved[1] * rate)


def test_layers_keep_the_second_moment() -> None:
    x = torch.randn(64, 32, 8, 8, generator=seeded(0))
    hidden = activate(ScaledConv(32, 32, 1, seeded(1), gain=GAIN)(x)).detach()
    # a leaky ReLU of slope 0.2 halves the second moment, but for 2 %
    assert float(hidden.square().mean()) == pytest.approx(1.0, abs=0.15)
    assert ResidualDown(32, 16, seeded(2))(x).shape == (64, 16, 4, 4)


def test_a_styled_layer_convolves_enlarges_and_activates() -> None:
    layer = StyledLayer(4, 5, 6, seeded(0), up=True)
    x, w = torch.randn(2, 4, 4, 4, generator=seeded(1)), torch.randn(2, 6, generator=seeded(2))
    with torch.no_grad():
        layer.bias.copy_(torch.arange(5) - 2)
    wide = F.interpolate(layer.conv(x, w), size=(8, 8), mode="bilinear", align_corners=False)
    expected = F.leaky_relu(wide + layer.bias.view(5, 1, 1), 0.2)
    torch.testing.assert_close(layer(x, w), expected)
