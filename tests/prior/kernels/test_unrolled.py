"""The network as one function: its own output, and gradients that end at the last tap."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from diffusers import UNet2DModel

from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.prior.kernels.frozen import freeze_layers
from pixelguide.prior.kernels.unrolled import UnrolledUNet
from prior.test_taps import unet  # noqa: F401 - every kind of network

X_T, T = torch.randn(2, 3, 16, 16, generator=seeded(0)), torch.tensor([3, 700])


@pytest.mark.parametrize("indices", [(0, 2, 5), (3,), (1, 4)])
def test_the_output_is_the_networks_own(unet: UNet2DModel, indices: tuple[int, ...]) -> None:  # noqa: F811
    unrolled = UnrolledUNet(unet, indices)
    *taps, output = unrolled(X_T, T, stop=False)
    assert torch.equal(output, unet(X_T, T).sample)
    for own, other in zip(unrolled(X_T, T, stop=True), taps, strict=True):
        assert torch.equal(own, other)


def test_gradients_come_through_the_taps_alone(unet: UNet2DModel) -> None:  # noqa: F811
    x = X_T.clone().requires_grad_()
    *taps, output = UnrolledUNet(unet, (1, 3))(x, T, stop=False)
    assert all(tap.requires_grad for tap in taps)
    assert not output.requires_grad


def test_frozen_layers_unroll_too(tiny_unet: UNet2DModel) -> None:
    fast = freeze_layers(copy.deepcopy(tiny_unet))
    _, output = UnrolledUNet(fast, (2,))(X_T, T, stop=False)
    torch.testing.assert_close(output, tiny_unet(X_T, T).sample, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "kind",
    [
        {"num_class_embeds": 4},
        {"time_embedding_type": "fourier"},
        {"down_block_types": ["SkipDownBlock2D"] * 2, "up_block_types": ["SkipUpBlock2D"] * 2},
    ],
)
def test_other_kinds_of_networks_are_refused(kind: dict[str, Any]) -> None:
    plain = {"down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2}
    with torch.device("meta"):
        unet = UNet2DModel(block_out_channels=(32, 32), layers_per_block=1, **{**plain, **kind})
    with pytest.raises(InputError, match="a network"):
        UnrolledUNet(unet, (0,))
