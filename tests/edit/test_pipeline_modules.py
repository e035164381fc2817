"""Modules that cannot be read as they are say why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.edit.pipeline_modules import read_weights
from pixelguide.errors import InputError

CPU = torch.device("cpu")


@pytest.fixture
def pipe(category: Path) -> PixelGuidedPipeline:
    return PixelGuidedPipeline.from_pretrained(category)


@pytest.mark.parametrize("storage", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_layerwise_casting_is_refused_with_a_reason(
    pipe: PixelGuidedPipeline, storage: torch.dtype
) -> None:
    pipe.unet.enable_layerwise_casting(storage_dtype=storage, compute_dtype=torch.float32)
    with pytest.raises(InputError, match=r"stored as float8.*Leave out layerwise casting"):
        pipe._editor()


def test_quantized_weights_are_refused(pipe: PixelGuidedPipeline) -> None:
    with torch.no_grad():
        pipe.guide.weight1 = nn.Parameter(pipe.guide.weight1.to(torch.int8), requires_grad=False)
    with pytest.raises(InputError, match=r"stored as int8 \('weight1'\).*guide"):
        pipe._editor()


def test_weights_that_are_nowhere_are_told() -> None:
    with torch.device("meta"):
        layer = nn.Linear(2, 2)
    with pytest.raises(InputError, match=r"not in memory \('weight'\), unet"):
        read_weights(layer, "unet", CPU)


def test_layers_beside_the_networks_own_are_told(pipe: PixelGuidedPipeline) -> None:
    pipe.unet.conv_in.adapter = nn.Linear(2, 2)
    with pytest.raises(InputError, match=r"layers beside the network's own.*adapter.*Fuse"):
        pipe._editor()


def test_a_network_that_is_no_prior_is_told(pipe: PixelGuidedPipeline) -> None:
    from diffusers import UNet2DModel

    known: dict[str, Any] = dict(pipe.unet.config)
    pipe.unet = UNet2DModel.from_config({**known, "num_class_embeds": 4})
    with pytest.raises(InputError, match=r"class-conditional.*Take an unconditional DDPM"):
        pipe._editor()


def test_banks_of_different_taps_are_told(pipe: PixelGuidedPipeline) -> None:
    pipe.guide.register_to_config(taps=[0, 1, 2])
    with pytest.raises(InputError, match="different taps"):
        pipe._editor()
