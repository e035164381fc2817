"""Normalization, modulation and activation in one, against the three of PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from conftest import seeded
from pixelguide.evaluate.costs import PeakBytes
from pixelguide.prior.kernels import norm as module
from pixelguide.prior.kernels.norm import norm_silu


def layer(channels: int, groups: int) -> nn.GroupNorm:
    draws = seeded(0)
    norm = nn.GroupNorm(groups, channels).requires_grad_(False)
    norm.weight.copy_(torch.rand(channels, generator=draws) + 0.5)
    norm.bias.copy_(torch.randn(channels, generator=draws))
    return norm


def by_parts(x: Tensor, norm: nn.GroupNorm, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    exact = F.group_norm(
        x.double(), norm.num_groups, norm.weight.double(), norm.bias.double(), norm.eps
    )
    if scale is not None and shift is not None:
        exact = exact * (1 + scale.double()[:, :, None, None]) + shift.double()[:, :, None, None]
    return F.silu(exact)


@pytest.mark.parametrize("shape", [(2, 12, 5, 7), (1, 4, 1, 1), (3, 8, 16, 16)])
@pytest.mark.parametrize("modulated", [False, True])
@pytest.mark.parametrize("away", [0.0, 100.0])
def test_value_and_gradient(
    shape: tuple[int, ...], modulated: bool, away: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 64)  # several pieces, the last of them shorter
    draws = seeded(1)
    x = (torch.randn(shape, generator=draws) + away).requires_grad_()
    told = torch.randn(2, *shape[:2], generator=draws).unbind() if modulated else (None, None)
    norm = layer(shape[1], 2)
    found, expected = norm_silu(x, norm, *told), by_parts(x, norm, *told)
    # far from zero the input itself carries no more digits
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5 * (1 + away))
    pushed = torch.randn(shape, generator=draws)
    (own,) = torch.autograd.grad(found, x, pushed)
    (other,) = torch.autograd.grad(expected, x, pushed.double())
    torch.testing.assert_close(own.double(), other.double(), rtol=1e-4, atol=1e-4 * (1 + away))


def test_either_layout_gives_the_same() -> None:
    x, norm = torch.randn(2, 8, 6, 6, generator=seeded(0)), layer(8, 4)
    expected = norm_silu(x, norm)
    assert torch.equal(norm_silu(x.to(memory_format=torch.channels_last), norm), expected)
    assert expected.is_contiguous(memory_format=torch.channels_last)


def test_only_the_input_is_kept() -> None:
    x = torch.randn(1, 64, 32, 32, generator=seeded(0)).to(memory_format=torch.channels_last)
    x.requires_grad_()
    norm = layer(64, 8)
    with PeakBytes() as memory:
        found = norm_silu(x, norm)
        assert memory.alive < 1.1 * found.nbytes
    with PeakBytes() as memory:
        found = F.silu(norm(x))
        assert memory.alive > 1.9 * found.nbytes
