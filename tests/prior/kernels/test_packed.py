"""Packed bfloat16 convolutions: the same function and gradient, to the rounding of the result."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from conftest import seeded
from pixelguide.prior.kernels import frozen
from pixelguide.prior.kernels.frozen import FrozenConv2d, freeze_layers
from pixelguide.prior.kernels.packed import pack, packed_conv, runs_bf16, runs_fp32
from processor import needs_packed_bf16

ROUNDING = 4e-3
"""Relative, of a value in bfloat16; those of a result are right to this."""
SHAPES = [(64, 96, 3, 1), (32, 64, 1, 0), (3, 32, 3, 1), (32, 6, 3, 1), (16, 16, 3, 0)]
"""Channels in and out, side of the filter, padding."""


def relative(own: Tensor, other: Tensor) -> float:
    return float(((own.double() - other).norm() / other.norm()).detach())


@needs_packed_bf16
@pytest.mark.parametrize(("inputs", "outputs", "side", "padding"), SHAPES)
def test_both_ways_are_those_in_double_precision(
    inputs: int, outputs: int, side: int, padding: int
) -> None:
    draws = seeded(0)
    weight = (torch.randn(outputs, inputs, side, side, generator=draws) / side).bfloat16()
    bias = torch.randn(outputs, generator=draws).bfloat16()
    there, back = pack(weight, (padding, padding), (1, inputs, 16, 16))
    for count, height, width in ((1, 16, 16), (2, 9, 20)):  # the shape packed for, and another
        x = torch.randn(count, inputs, height, width, generator=draws).bfloat16().requires_grad_()
        found = packed_conv(x, there, back, bias, (padding, padding))
        exact = x.detach().double().requires_grad_()
        expected = F.conv2d(exact, weight.double(), bias.double(), padding=padding)
        assert relative(found, expected) < ROUNDING
        pushed = torch.randn(found.shape, generator=draws).bfloat16()
        (own,) = torch.autograd.grad(found, x, pushed)
        (other,) = torch.autograd.grad(expected, exact, pushed.double())
        assert relative(own, other) < ROUNDING


@pytest.mark.skipif(not runs_fp32(torch.device("cpu")), reason="this PyTorch has no oneDNN")
@pytest.mark.parametrize(("inputs", "outputs", "side", "padding"), SHAPES)
def test_float32_is_packed_too(inputs: int, outputs: int, side: int, padding: int) -> None:
    draws = seeded(0)
    conv = nn.Conv2d(inputs, outputs, side, padding=padding).requires_grad_(False)
    for own in conv.parameters():
        own.copy_(torch.randn(own.shape, generator=draws) / side)
    fast = FrozenConv2d(conv)
    for count, height, width in ((1, 16, 16), (2, 9, 20)):  # the shape packed for, and another
        x = torch.randn(count, inputs, height, width, generator=draws).requires_grad_()
        found = fast(x)
        expected = F.conv2d(x.double(), conv.weight.double(), conv.bias.double(), padding=padding)
        torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-4)
        pushed = torch.randn(found.shape, generator=draws)
        own, other = (torch.autograd.grad((y * pushed).sum(), x)[0] for y in (found, expected))
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-4)
    assert fast.there is not None


def test_many_weights_are_not_packed_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "FEW_WEIGHTS", 8 * 8 * 9 - 1)
    conv = FrozenConv2d(nn.Conv2d(8, 8, 3, padding=1).requires_grad_(False))
    conv(torch.zeros(1, 8, 8, 8))
    assert conv.there is None


def halved(conv: nn.Conv2d) -> FrozenConv2d:
    return FrozenConv2d(conv.bfloat16().requires_grad_(False))


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed on this processor, whatever it multiplies."""
    monkeypatch.setattr(frozen, "runs_bf16", lambda _device: True)


@needs_packed_bf16
@pytest.mark.usefixtures("everywhere")
def test_packed_weights_follow_the_weights() -> None:
    conv = halved(nn.Conv2d(32, 32, 3, padding=1))
    x = torch.randn(1, 32, 8, 8, generator=seeded(0)).bfloat16()
    before = conv(x)
    assert conv.there is not None
    assert set(conv.state_dict()) == {"weight", "bias"}
    conv.load_state_dict({name: 2 * value for name, value in conv.state_dict().items()})
    torch.testing.assert_close(conv(x), 2 * before)
    assert conv.float().there is None


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    "conv", [nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.Conv2d(8, 8, 3, groups=2),
             nn.Conv2d(8, 8, 1, padding=1)],
)  # fmt: skip
def test_others_are_left_to_pytorch(conv: nn.Conv2d) -> None:
    own = halved(conv)
    x = torch.randn(1, 8, 8, 8, generator=seeded(0)).bfloat16()
    torch.testing.assert_close(own(x), conv(x))
    assert own.there is None


@needs_packed_bf16
@pytest.mark.usefixtures("everywhere")
def test_a_network_is_as_near_as_without_packing(
    tiny_unet: UNet2DModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.randn(2, 3, tiny_unet.config.sample_size, tiny_unet.config.sample_size,
                    generator=seeded(0))  # fmt: skip
    t = torch.tensor([3, 700])
    expected = tiny_unet(x, t).sample
    plain = nn.Module.to(copy.deepcopy(tiny_unet), torch.bfloat16)
    packed = freeze_layers(copy.deepcopy(plain).requires_grad_(False))
    monkeypatch.setattr(frozen, "LARGE", 1)  # the normalization in pieces, too
    errors = [relative(each(x.bfloat16(), t).sample, expected.double()) for each in (plain, packed)]
    assert 0 < errors[1] < 1.5 * errors[0]


def test_a_gpu_packs_nothing() -> None:
    assert not runs_bf16(torch.device("cuda"))
