"""What is asked of a network before torch is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelguide.errors import InputError
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.network_config import check_network

BLOCKS = {"down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"]}
CONFIG = {"_class_name": "UNet2DModel", "block_out_channels": [32], "sample_size": 64, **BLOCKS}


def test_a_prior_s_configuration_is_kept_with_one_number_for_its_size() -> None:
    assert check_network(CONFIG) == CONFIG
    assert check_network({**CONFIG, "sample_size": [64, 64]}) == CONFIG


def test_a_folder_tells_its_size_without_its_weights(model_folder: Path) -> None:
    (model_folder / "manifest.json").unlink(missing_ok=True)
    config = model_folder / "unet" / "config.json"
    size = json.loads(config.read_text())["sample_size"]
    for weights in model_folder.rglob("*.safetensors"):
        weights.unlink()
    assert ModelFolder.open(model_folder).size() == size
    config.write_text(json.dumps({**json.loads(config.read_text()), "in_channels": 4}))
    with pytest.raises(InputError, match=r"4 channels in.*unet/config\.json"):
        ModelFolder.open(model_folder).size()
    config.unlink()
    with pytest.raises(InputError, match=r"config\.json"):
        ModelFolder.open(model_folder).size()
