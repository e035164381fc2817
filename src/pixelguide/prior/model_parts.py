"""The files of a prior, made from a network of diffusers'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch

from pixelguide.prior.bundle import INDEX
from pixelguide.prior.kinds import OWN_PIPELINE
from pixelguide.prior.weight_files import WEIGHTS

if TYPE_CHECKING:
    from diffusers import DDPMScheduler, UNet2DModel


CODE = "pipeline.py"
PIPELINE_CODE = "from pixelguide.edit.pipeline import PixelGuidedPipeline  # noqa: F401\n"
"""What `DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)` runs: it names the
installed class."""
PIPELINE_INDEX: dict[str, Any] = {
    "_class_name": [CODE.removesuffix(".py"), OWN_PIPELINE],
    "unet": ["diffusers", "UNet2DModel"],
    "scheduler": ["diffusers", "DDPMScheduler"],
    "segmenter": ["pixelguide.segment.classifier", "ClassifierBank"],
    "guide": ["pixelguide.segment.classifier", "ClassifierBank"],
}
"""The index of a category, but for its labels."""


def prior_parts(unet: UNet2DModel, scheduler: DDPMScheduler | None = None) -> dict[str, bytes]:
    """The files of a prior: network with fp16 weights, noise schedule, diffusers' index."""
    return prior_configs(unet, scheduler) | {f"unet/{WEIGHTS}": tensor_bytes(unet.state_dict())}


def prior_configs(unet: UNet2DModel, scheduler: DDPMScheduler | None = None) -> dict[str, bytes]:
    """The files of a prior but for the weights of its network, which may be on the meta device."""
    from diffusers import DDPMScheduler

    scheduler = scheduler or DDPMScheduler(
        num_train_timesteps=1000,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        variance_type="learned_range" if unet.config.out_channels == 6 else "fixed_small",
    )
    index = {
        "_class_name": "DDPMPipeline",
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
    }
    return {
        INDEX: (json.dumps(index, indent=2) + "\n").encode(),
        "scheduler/scheduler_config.json": scheduler.to_json_string().encode(),
        "unet/config.json": unet.to_json_string().encode(),
    }


def tensor_bytes(state: Mapping[str, torch.Tensor]) -> bytes:
    """A safetensors file of `state`, floating point values as fp16."""
    small = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in state.items()
    }
    return safetensors.torch.save(small, {"format": "pt"})
