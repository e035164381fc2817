"""The network as one function: what the hooks read, and gradients that end at the last tap."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import UNet2DModel

from conftest import seeded
from pixelguide.prior.frozen import freeze_layers
from pixelguide.prior.taps import TapReader
from pixelguide.prior.unrolled import UnrolledUNet
from prior.test_taps import unet  # noqa: F401 - every kind of network

X_T, T = torch.randn(2, 3, 16, 16, generator=seeded(0)), torch.tensor([3, 700])


@pytest.mark.parametrize("indices", [(0, 2, 5), (3,), (1, 4)])
def test_it_gives_what_the_hooks_read(unet: UNet2DModel, indices: tuple[int, ...]) -> None:  # noqa: F811
    output, taps = TapReader(unet, indices)(X_T, T)
    unrolled = UnrolledUNet(unet, indices)
    found = unrolled(X_T, T, stop=False)
    for own, other in zip(found, [*taps, output], strict=True):
        assert torch.equal(own, other)
    for own, other in zip(unrolled(X_T, T, stop=True), taps, strict=True):
        assert torch.equal(own, other)


def test_gradients_come_through_the_taps_alone(unet: UNet2DModel) -> None:  # noqa: F811
    x = X_T.clone().requires_grad_()
    *taps, output = UnrolledUNet(unet, (1, 3))(x, T, stop=False)
    assert all(tap.requires_grad for tap in taps)
    assert not output.requires_grad


def test_frozen_layers_unroll_too(tiny_unet: UNet2DModel) -> None:
    fast = freeze_layers(copy.deepcopy(tiny_unet))
    output, (tap,) = TapReader(fast, (2,))(X_T, T)
    found = UnrolledUNet(fast, (2,))(X_T, T, stop=False)
    assert torch.equal(found[0], tap)
    assert torch.equal(found[1], output)
