"""A training goes on from priors that were trained as it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model_folders import edit_json, without_manifest
from pixelguide.errors import InputError
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.start_model import start_network


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, ""),
        ({"beta_schedule": "squaredcos_cap_v2"}, "another noise schedule"),
        ({"num_train_timesteps": 4000}, "another noise schedule"),
        ({"prediction_type": "v_prediction"}, "predicts 'v_prediction'"),
    ],
)
def test_a_start_must_have_been_trained_the_same_way(
    model_folder: Path, changes: dict[str, Any], message: str
) -> None:
    edit_json(without_manifest(model_folder) / "scheduler/scheduler_config.json", **changes)
    model = ModelFolder.open(model_folder)
    if message:
        with pytest.raises(InputError, match=message):
            start_network(model)
    else:
        assert start_network(model).config.sample_size == 16
