"""Layers of a frozen network: the same results, names and parameters, and less memory."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DModel
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.evaluate.costs import PeakBytes
from pixelguide.prior.kernels import frozen
from pixelguide.prior.kernels.frozen import FrozenConv2d, FrozenResidual, freeze_layers

FEW = {"own": ("AttnUpBlock2D", "scale_shift"), "ddpm": ("UpBlock2D", "default")}


@pytest.fixture(params=FEW)
def unet(request: pytest.FixtureRequest) -> UNet2DModel:
    """Residual resampling with modulation, or plain convolutions with addition."""
    up, embedding = FEW[request.param]
    resample = "resnet" if embedding == "scale_shift" else "conv"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DModel(
            sample_size=16,
            out_channels=6,
            block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", up.replace("Up", "Down")),
            up_block_types=(up, "UpBlock2D"),
            layers_per_block=1,
            attention_head_dim=8,
            norm_num_groups=4,
            downsample_type=resample,
            upsample_type=resample,
            resnet_time_scale_shift=embedding,
        )
    return unet.eval().requires_grad_(False)


@pytest.mark.parametrize("all_fast", [False, True])
def test_the_network_computes_the_same(
    unet: UNet2DModel, all_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if all_fast:  # even where it does not pay
        for name in ("LARGE", "FEWEST_CHANNELS", "FEWEST_PIXELS"):
            monkeypatch.setattr(frozen, name, 1)
    fast = freeze_layers(copy.deepcopy(unet))
    x = torch.randn(2, 3, 16, 16, generator=seeded(0)).requires_grad_()
    t = torch.tensor([3, 700])
    outputs = [each(x, t).sample for each in (unet, fast)]
    torch.testing.assert_close(outputs[1], outputs[0], rtol=1e-4, atol=1e-4)
    expected, found = (torch.autograd.grad(own.square().sum(), x)[0] for own in outputs)
    assert float((found - expected).norm() / expected.norm()) < 1e-4
    used = [each.transformed is not None for each in fast.modules() if type(each) is FrozenConv2d]
    assert any(used) is all_fast


def test_names_and_files_stay(unet: UNet2DModel, tmp_path: Path) -> None:
    fast = freeze_layers(copy.deepcopy(unet))
    assert sum(isinstance(each, FrozenResidual) for each in fast.modules()) > 5
    assert not any(type(each) is nn.Conv2d for each in fast.modules())
    x, t = torch.randn(1, 3, 16, 16, generator=seeded(0)), torch.tensor([3])
    fast(x, t)
    before, after = unet.state_dict(), fast.state_dict()
    assert sorted(before) == sorted(after)
    for name, value in before.items():
        assert torch.equal(value, after[name])
    fast.save_pretrained(tmp_path)
    again = UNet2DModel.from_pretrained(tmp_path)
    torch.testing.assert_close(again(x, t).sample, unet(x, t).sample)


def wide() -> FrozenConv2d:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FrozenConv2d(nn.Conv2d(96, 96, 3, padding=1).requires_grad_(False))


def test_winograd_from_some_size_on() -> None:
    conv = wide()
    for side, transformed in ((31, False), (32, True)):
        x = torch.randn(1, 96, side, side, generator=seeded(0))
        expected = nn.functional.conv2d(x, conv.weight, conv.bias, padding=1)
        torch.testing.assert_close(conv(x), expected, rtol=1e-4, atol=1e-4)
        assert (conv.transformed is not None) is transformed
    for other in (
        nn.Conv2d(64, 96, 3, padding=1), nn.Conv2d(96, 96, 1),
        nn.Conv2d(96, 96, 3, stride=2, padding=1), nn.Conv2d(96, 96, 3, padding=1, groups=2),
    ):  # fmt: skip
        direct = FrozenConv2d(other.requires_grad_(False))
        x = torch.randn(1, other.in_channels, 32, 32, generator=seeded(0))
        torch.testing.assert_close(direct(x), other(x), rtol=1e-4, atol=1e-4)
        assert direct.transformed is None


def test_transformed_weights_follow_the_weights() -> None:
    conv, x = wide(), torch.randn(1, 96, 32, 32, generator=seeded(0))
    before = conv(x)
    assert "transformed" not in conv.state_dict()
    conv.load_state_dict({name: 2 * value for name, value in conv.state_dict().items()})
    torch.testing.assert_close(conv(x), 2 * before, rtol=1e-4, atol=1e-4)
    conv.to(torch.float64)
    assert conv.transformed is None
    torch.testing.assert_close(conv(x.double()).float(), 2 * before, rtol=1e-4, atol=1e-4)
    assert conv.transformed is None


@torch.inference_mode()
def _first_use(conv: FrozenConv2d) -> None:
    conv(torch.zeros(1, 96, 32, 32))


def test_a_first_use_without_gradients_does_not_bar_them() -> None:
    conv = wide()
    _first_use(conv)
    x = torch.randn(1, 96, 32, 32, generator=seeded(0)).requires_grad_()
    assert torch.autograd.grad(conv(x).sum(), x)[0].any()


def test_no_activation_is_kept() -> None:
    conv = FrozenConv2d(nn.Conv2d(64, 8, 3, padding=1).requires_grad_(False))
    x = torch.randn(1, 64, 16, 16, generator=seeded(0)).requires_grad_()
    conv(x)  # which packs the weights, once
    with PeakBytes() as memory:
        hidden = conv(x * 1)
        assert memory.alive == hidden.nbytes


def test_weights_that_want_gradients_are_refused(unet: UNet2DModel) -> None:
    with pytest.raises(InputError, match="requires_grad_"):
        FrozenConv2d(nn.Conv2d(3, 3, 3))
    fast = freeze_layers(unet).requires_grad_(True)
    with pytest.raises(InputError, match="weights that want gradients"):
        fast(torch.zeros(1, 3, 16, 16), torch.tensor([3]))


@given(
    channels=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    padding=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    stride=st.integers(1, 2),
    side=st.integers(5, 12),
)
def test_the_way_back_is_pytorchs(
    channels: tuple[int, int],
    kernel: tuple[int, int],
    padding: tuple[int, int],
    stride: int,
    side: int,
) -> None:
    draws = seeded(0)
    conv = nn.Conv2d(*channels, kernel, stride, padding).requires_grad_(False)
    for own in conv.parameters():
        own.copy_(torch.randn(own.shape, generator=draws))
    x = torch.randn(2, channels[0], side, side, generator=draws).requires_grad_()
    weight, bias = conv.weight.double(), conv.bias.double()
    expected = F.conv2d(x.double(), weight, bias, stride, padding)
    found = FrozenConv2d(conv)(x)
    weights = torch.randn(found.shape, generator=draws)
    gradients = [torch.autograd.grad((own * weights).sum(), x)[0] for own in (found, expected)]
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("side", "turned"), [(8, False), (64, True)])
def test_weights_are_turned_where_they_are_few(
    side: int, turned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    known = frozen._turned_conv
    monkeypatch.setattr(frozen, "runs_fp32", lambda _device: False)  # where nothing can be packed
    monkeypatch.setattr(frozen, "_turned_conv", lambda *given: calls.append(1) or known(*given))
    conv = FrozenConv2d(nn.Conv2d(32, 32, 3, padding=1).requires_grad_(False))
    x = torch.zeros(1, 32, side, side, requires_grad=True)
    conv(x).sum().backward()
    assert bool(calls) is turned
