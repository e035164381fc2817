"""A network for larger pictures keeps what the smaller one knows."""

from __future__ import annotations

import pytest
import torch
from diffusers import UNet2DModel

from pixelguide.errors import InputError
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.growing import grown

SMALL = Architecture(size=16, channels=(32, 64), attention_levels=1, head_channels=32)


@pytest.fixture
def small() -> UNet2DModel:
    """A network whose every weight is drawn, as none is in a trained one that is zero."""
    network = SMALL.build(torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network


def _grown(network: UNet2DModel, width: int = 16, seed: int = 2) -> UNet2DModel:
    return grown(network, width, torch.Generator().manual_seed(seed))


def test_it_takes_pictures_of_twice_the_size_and_gives_nothing_at_first(small: UNet2DModel) -> None:
    network = _grown(small)
    assert network.config.sample_size == 32
    assert list(network.config.block_out_channels) == [16, 32, 64]
    output = network(torch.randn(2, 3, 32, 32), torch.tensor([3, 900])).sample
    assert output.shape == (2, 6, 32, 32)
    assert not output.any()  # the output layer is fresh, which is zero


def test_inner_weights_are_kept_and_the_old_network_is_untouched(small: UNet2DModel) -> None:
    before = {name: value.clone() for name, value in small.state_dict().items()}
    new = _grown(small).state_dict()
    for name, value in before.items():
        kind, _, rest = name.partition(".")
        if kind == "mid_block":
            assert torch.equal(new[name], value)
        if kind == "down_blocks" and int(rest[0]) > 0:
            assert torch.equal(new[f"down_blocks.{int(rest[0]) + 1}{rest[1:]}"], value)
        if name.startswith(("up_blocks.0.", "time_embedding.linear_2")):
            assert torch.equal(new[name], value)
    # the old first level reads the new one's 16 channels where it read 32 of the picture's
    assert torch.equal(
        new["down_blocks.1.resnets.0.conv2.weight"], before["down_blocks.0.resnets.0.conv2.weight"]
    )
    kept = before["up_blocks.1.resnets.1.conv1.weight"][:, :48]
    assert torch.equal(new["up_blocks.1.resnets.1.conv1.weight"], kept)
    assert all(torch.equal(small.state_dict()[name], value) for name, value in before.items())


def test_timesteps_mean_what_they_meant_to_the_inner_levels(small: UNet2DModel) -> None:
    """t = 600 at twice the size hides as much of the halved picture as t' < 600 did."""
    alpha_bar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
    ratio = alpha_bar / (1 - alpha_bar)
    t = torch.arange(100, 1000)
    as_before = (ratio[None] - 4 * ratio[t][:, None]).abs().argmin(1)
    network = _grown(small)
    with torch.no_grad():
        new = network.time_embedding.linear_1(network.time_proj(t))
        wanted = small.time_embedding.linear_1(small.time_proj(as_before))
        unshifted = small.time_embedding.linear_1(small.time_proj(t))
    error = (new - wanted).square().mean()
    # half as many sinusoids cannot repeat all: these weights, drawn, weigh each of them alike
    assert error < 0.5 * wanted.var()
    assert error < (new - unshifted).square().mean()


def test_fresh_weights_depend_on_the_generator_alone(small: UNet2DModel) -> None:
    first, second, other = _grown(small), _grown(small), _grown(small, seed=3)
    same = [
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    ]
    assert all(same)
    assert not torch.equal(first.conv_in.weight, other.conv_in.weight)


def test_a_grown_network_grows_again(small: UNet2DModel) -> None:
    assert _grown(_grown(small)).config.sample_size == 64


@pytest.mark.parametrize("width", [8, 20, 0])
def test_a_width_that_does_not_fit_is_refused(small: UNet2DModel, width: int) -> None:
    with pytest.raises(InputError, match=f"a level of {width} channels"):
        _grown(small, width)
