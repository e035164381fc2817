"""Networks that can serve as a prior, in today's and in the first layout of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DModel

from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.manifest import MANIFEST
from pixelguide.prior.network import build_network


def _config(unet: UNet2DModel, **changes: Any) -> dict[str, Any]:
    return {**unet.config, "_class_name": "UNet2DModel", **changes}


def test_a_network_without_memory_of_the_right_shapes(tiny_unet: UNet2DModel) -> None:
    built = build_network(_config(tiny_unet))
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    assert shapes == {name: value.shape for name, value in tiny_unet.state_dict().items()}
    assert all(value.is_meta for value in built.state_dict().values())


def test_the_size_may_be_a_pair(tiny_unet: UNet2DModel) -> None:
    assert build_network(_config(tiny_unet, sample_size=[16, 16])).config.sample_size == 16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_class_name": "UNet2DConditionModel"}, "a UNet2DConditionModel"),
        ({"in_channels": 4}, "4 channels in, 6 out"),
        ({"out_channels": 9}, "3 channels in, 9 out"),
        ({"num_class_embeds": 1000}, "class-conditional"),
        ({"time_embedding_type": "fourier"}, "conditioned on noise scales"),
        ({"class_embed_type": "timestep"}, "class-conditional"),
        ({"sample_size": None}, "sample_size None"),
        ({"sample_size": [16, 32]}, "sample_size"),
        ({"sample_size": 0}, "sample_size 0"),
        ({"sample_size": 1 << 40}, "sample_size"),
        ({"up_block_types": ["SkipUpBlock2D", "UpBlock2D"]}, "blocks of type SkipUpBlock2D"),
        ({"layers_per_block": 10**9}, "layers_per_block"),
        ({"block_out_channels": [16] * 17}, "more blocks"),
    ],
)
def test_what_is_no_prior_is_refused(
    tiny_unet: UNet2DModel, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_network(_config(tiny_unet, **changes))


def test_the_first_models_of_the_hub_had_no_folders(
    model_folder: Path, tiny_unet: UNet2DModel
) -> None:
    for old, new in (
        ("unet/config.json", "config.json"),
        (f"unet/{WEIGHTS}", WEIGHTS),
        ("scheduler/scheduler_config.json", "scheduler_config.json"),
    ):
        (model_folder / old).rename(model_folder / new)
    (model_folder / MANIFEST).unlink()
    folder = ModelFolder.open(model_folder)
    x, t = torch.ones(1, 3, 16, 16), torch.tensor([10])
    with torch.no_grad():
        assert (folder.unet()(x, t).sample - tiny_unet(x, t).sample).abs().max() < 0.01
    assert folder.scheduler().config.variance_type == "learned_range"
