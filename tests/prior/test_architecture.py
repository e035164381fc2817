"""The network's shape, its initial weights, and where they come from."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pixelguide.errors import InputError
from pixelguide.prior.architecture import Architecture

SMALL = Architecture(size=16, channels=(16, 32), attention_levels=1, head_channels=16)


def _weights(architecture: Architecture, seed: int) -> torch.Tensor:
    unet = architecture.build(torch.Generator().manual_seed(seed))
    return torch.nn.utils.parameters_to_vector(unet.parameters())


def test_weights_depend_on_the_generator_alone() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        first = _weights(SMALL, 7)
        torch.manual_seed(2)
        assert torch.equal(first, _weights(SMALL, 7))
        assert not torch.equal(first, _weights(SMALL, 8))


def test_global_generator_is_untouched() -> None:
    before = torch.random.get_rng_state()
    _weights(SMALL, 7)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "architecture",
    [
        SMALL,
        Architecture(size=16, channels=(16, 16), attention_levels=0, head_channels=16),
        Architecture(size=12, channels=(16, 16, 16), layers=2, attention_levels=3, head_channels=8),
        Architecture(size=16, channels=(48, 64), head_channels=16),
        Architecture(size=16, channels=(32,), attention_levels=1),
    ],
)
def test_output_is_noise_and_variance_and_zero_at_the_start(architecture: Architecture) -> None:
    unet = architecture.build(torch.Generator().manual_seed(0))
    x = torch.randn(2, 3, architecture.size, architecture.size)
    output = unet(x, torch.tensor([3, 900])).sample
    assert output.shape == (2, 6, architecture.size, architecture.size)
    assert not output.any()
    assert {p.dtype for p in unet.parameters()} == {torch.float32}


def test_network_is_of_the_described_shape() -> None:
    architecture = Architecture(
        size=32, channels=(16, 32, 64), layers=2, attention_levels=2, head_channels=16
    )
    unet = architecture.build(torch.Generator().manual_seed(0))
    assert unet.config.sample_size == 32
    assert [len(block.resnets) for block in unet.down_blocks] == [2, 2, 2]
    assert [len(block.resnets) for block in unet.up_blocks] == [3, 3, 3]
    assert [block.resnets[0].out_channels for block in unet.down_blocks] == [16, 32, 64]
    assert [hasattr(block, "attentions") for block in unet.down_blocks] == [False, True, True]
    assert [hasattr(block, "attentions") for block in unet.up_blocks] == [True, True, False]
    assert unet.down_blocks[2].attentions[0].heads == 4
    # ADM: scale-shift norm, cosine before sine in the embedding of t
    assert unet.config.resnet_time_scale_shift == "scale_shift"
    assert unet.config.flip_sin_to_cos is True
    assert unet.config.freq_shift == 0


def test_every_attention_is_normalized_first() -> None:
    unet = Architecture(size=16, channels=(16, 32), attention_levels=1, head_channels=16).build(
        torch.Generator()
    )
    attentions = [module for module in unet.modules() if type(module).__name__ == "Attention"]
    assert len(attentions) == 1 + 1 + 2  # down, middle, up
    assert all(attention.group_norm is not None for attention in attentions)


@pytest.mark.parametrize("channels", [(16, 32), (32, 32, 64), (48, 64), (128, 256), (64, 80, 96)])
def test_norm_groups_divide_every_level_into_four_or_more_channels(
    channels: tuple[int, ...],
) -> None:
    with torch.device("meta"):
        unet = Architecture(channels=channels, head_channels=16).build(torch.Generator("cpu"))
    groups = unet.config.norm_num_groups
    assert all(width % groups == 0 and width // groups >= 4 for width in channels)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 63}, "size 63 with 4 levels.*multiple of 8"),
        ({"size": 0}, "size 0"),
        ({"channels": (16, 24)}, "multiples of 16"),
        ({"channels": (0, 16)}, "multiples of 16"),
        ({"channels": ()}, "levels|channels"),
        (
            {"channels": (16, 32), "head_channels": 32, "attention_levels": 2},
            "last 2 .* heads of 32",
        ),
        (
            {"channels": (32, 48), "head_channels": 32, "attention_levels": 1},
            "channels 32,48.*heads of 32",
        ),
        ({"channels": (64, 16), "attention_levels": 0}, "heads of 32"),
    ],
)
def test_impossible_shapes_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Architecture(**values)


def test_every_resampling_is_residual_as_in_adm() -> None:
    unet = Architecture(size=32, channels=(16, 16, 32), attention_levels=1, head_channels=16).build(
        torch.Generator().manual_seed(0)
    )
    resampling = [
        module
        for block in (*unet.down_blocks, *unet.up_blocks)
        for module in (
            getattr(block, "downsamplers", None) or getattr(block, "upsamplers", None) or []
        )
    ]
    assert len(resampling) == 4
    assert all(type(module).__name__ == "ResnetBlock2D" for module in resampling)
