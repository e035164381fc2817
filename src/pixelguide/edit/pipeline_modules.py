"""A pipeline's modules as inference needs them, while the modules themselves stay as they are.

They may be in training, in half precision, compiled, or offloaded; what is made here shares their
weights where it can and copies them where it must.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pixelguide.edit.pipeline_scheduler import noise_levels
from pixelguide.errors import InputError
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.frozen import freeze_layers
from pixelguide.prior.network import shared_network
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.pixel_classifiers import PixelClassifiers

TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def inference_parts(
    components: Mapping[str, Any], device: torch.device
) -> tuple[Denoiser, PixelClassifiers, PixelClassifiers]:
    """Denoiser, segmenter and guide of the components "unet", "scheduler", "segmenter" and "guide",
    on `device`.

    Raises InputError for parts of which none can be made (see `read_weights` and `noise_levels`).
    """
    segmenter, guide = (_bank(components[name], name, device) for name in ("segmenter", "guide"))
    if segmenter.taps != guide.taps:
        raise InputError("segmenter and guide read different taps", "guide")
    unet = _bare(components["unet"])
    network = freeze_layers(shared_network(unet, read_weights(unet, "unet", device)))
    scheduler = components["scheduler"]
    kind = str(scheduler.config.get("prediction_type", "epsilon"))
    denoiser = Denoiser(network, noise_levels(scheduler), segmenter.taps, kind)
    return denoiser, segmenter, guide


def read_weights(module: nn.Module, name: str, device: torch.device) -> dict[str, Tensor]:
    """The weights of `module` on `device`, those that are there already shared with it.

    Weights that accelerate keeps elsewhere (sequential offload) are fetched. name: for errors.
    Raises InputError for weights that are not there, and for such as hold no plain numbers: fp8
    layers, quantized ones.
    """
    state = module.state_dict()
    if any(value.is_meta for value in state.values()):
        state = _fetched(module, state)
    for key, value in state.items():
        if value.is_meta or value.numel() == 0:
            raise InputError(
                f"weights that are not in memory ('{key}')", name,
                "Offload to the CPU, not to disk, or load the pipeline anew.",
            )  # fmt: skip
        if value.dtype not in TYPES:
            kind = str(value.dtype).removeprefix("torch.")
            raise InputError(
                f"weights stored as {kind} ('{key}'), which layers of ours cannot read", name,
                "Leave out layerwise casting and quantization; use float16, bfloat16 or float32.",
            )  # fmt: skip
    return {key: value.detach().to(device) for key, value in state.items()}


def _fetched(module: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` with the values that accelerate's hooks would put in place for a forward pass.

    Its `align_module_device` passes over modules with several hooks, such as whole models with
    parameters of their own.
    """
    fetched = dict(state)
    for place, part in module.named_modules():
        hook = getattr(part, "_hf_hook", None)
        for each in getattr(hook, "hooks", [hook]):
            known = getattr(each, "weights_map", None)
            if known is None:
                continue
            for name, value in (*part.named_parameters(), *part.named_buffers()):
                key = f"{place}.{name}" if place else name
                if value.is_meta and key in fetched and name in known:
                    fetched[key] = known[name]
    return fetched


def _bank(module: ClassifierBank, name: str, device: torch.device) -> PixelClassifiers:
    """The same classifiers in float32, as the activations of any network are."""
    bare: Any = _bare(module)
    with torch.device("meta"):
        bank = PixelClassifiers(
            **{key: bare.config[key] for key in
               ("num_classes", "timesteps", "taps", "tap_channels", "hidden")}
        )  # fmt: skip
    weights = {key: value.float() for key, value in read_weights(bare, name, device).items()}
    bank.requires_grad_(False).load_state_dict(weights, assign=True)
    return bank.eval()


def _bare(module: Any) -> Any:
    """What `torch.compile` wrapped."""
    return getattr(module, "_orig_mod", module)
