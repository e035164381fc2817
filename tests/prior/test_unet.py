"""Our network for inference is diffusers' to the last bit, from the same configuration."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DModel

from conftest import seeded
from pixelguide.prior.kernels.unrolled import UnrolledUNet
from pixelguide.prior.network import build_network, inference_network
from pixelguide.prior.taps import list_taps

PLAIN = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
         "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}  # fmt: skip
ADM = {
    "down_block_types": ("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "downsample_type": "resnet", "upsample_type": "resnet",
    "resnet_time_scale_shift": "scale_shift",
}  # fmt: skip
ATTENDS_ABOVE = {
    "down_block_types": ("AttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "AttnUpBlock2D"),
}
SHAPES: dict[str, dict[str, Any]] = {
    "DDPM's": PLAIN,
    "ADM's": ADM,
    "ADM's with norms in the middle": {**ADM, "attn_norm_num_groups": 4, "act_fn": "gelu"},
    "three layers, one head": {**PLAIN, "layers_per_block": 3, "attention_head_dim": None},
    "heads that do not divide": {**PLAIN, "attention_head_dim": 12},
    "no middle": {**PLAIN, "mid_block_type": None},
    "middle without attention": {**ADM, "add_attention": False},
    "divided middle": {**PLAIN, "mid_block_scale_factor": 1.4},
    "sines first": {**PLAIN, "flip_sin_to_cos": False, "freq_shift": 1},
    "odd sinusoids": {**PLAIN, "block_out_channels": (15, 30), "norm_num_groups": 5},
    "learned timesteps": {
        **ADM, "time_embedding_type": "learned", "num_train_timesteps": 1000,
        "time_embedding_dim": 40,
    },
    "padded on one side": {**ATTENDS_ABOVE, "downsample_padding": 0, "act_fn": "mish"},
    "residual resampling where it attends": {
        **ATTENDS_ABOVE, "downsample_type": "resnet", "upsample_type": "resnet",
    },
    "resampling unnamed where it attends": {
        **ATTENDS_ABOVE, "downsample_type": None, "upsample_type": None,
    },
    "centred": {**PLAIN, "center_input_sample": True, "act_fn": "relu"},
    "one level": {
        "down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",),
        "block_out_channels": (16,),
    },
}  # fmt: skip


def _config(shape: dict[str, Any]) -> dict[str, Any]:
    common = {
        "_class_name": "UNet2DModel", "sample_size": 16, "in_channels": 3, "out_channels": 6,
        "block_out_channels": (16, 32), "layers_per_block": 1, "norm_num_groups": 8,
    }  # fmt: skip
    return {**common, **shape}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_output_is_diffusers_to_the_last_bit(shape: dict[str, Any]) -> None:
    config = _config(shape)
    theirs = UNet2DModel.from_config(config).eval().requires_grad_(False)
    generator = seeded(0)
    for weight in theirs.parameters():
        weight.normal_(std=0.1, generator=generator)
    ours = inference_network(config)
    ours.load_state_dict(theirs.state_dict(), assign=True)  # the same names, and no other
    x_t, t = torch.randn(2, 3, 16, 16, generator=generator), torch.tensor([3, 700])
    *_, output = UnrolledUNet(ours.requires_grad_(False), [0])(x_t, t, False)
    assert torch.equal(output, theirs(x_t, t).sample)
    assert list_taps(ours) == list_taps(theirs)
    assert ours.dtype == theirs.dtype
    assert ours.device == theirs.device


@pytest.mark.parametrize(
    "changes",
    [
        {"block_out_channels": [16, 32, 64]},
        {"norm_num_groups": 7},
        {"act_fn": "tanh"},
        {"resnet_time_scale_shift": "spatial"},
        {"time_embedding_type": "learned"},
        {"downsample_type": "fir"},
    ],
)
def test_what_diffusers_cannot_build_is_not_built_here(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        inference_network(_config({**PLAIN, **changes}))


def test_it_takes_no_memory(tiny_unet: UNet2DModel) -> None:
    config = {**tiny_unet.config, "_class_name": "UNet2DModel"}
    ours = inference_network(config)
    assert all(weight.is_meta for weight in ours.parameters())
    shapes = {name: weight.shape for name, weight in build_network(config).state_dict().items()}
    assert {name: weight.shape for name, weight in ours.state_dict().items()} == shapes
