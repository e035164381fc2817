"""Which networks can serve as a prior, and building one from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.kinds import FITS, NoPriorError
from pixelguide.prior.safe import aligned
from pixelguide.prior.unet import UNet
from pixelguide.prior.unet_layers import UNetConfig

if TYPE_CHECKING:
    from diffusers import UNet2DModel

BLOCKS = {f"{kind}{way}" for kind in ("", "Attn") for way in ("DownBlock2D", "UpBlock2D")} | {
    "ResnetDownsampleBlock2D",
    "ResnetUpsampleBlock2D",
}
"""The blocks of DDPM and ADM. Others (score-based models' skip blocks) have no decoder to tap."""


def check_network(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a `UNet2DModel` with one number for the size, if it can be a prior's.

    A prior is unconditional, takes and gives RGB pictures, square ones of a known size, and may
    give as many channels again for its variance. Raises NoPriorError for one that is no prior, and
    whatever comes of entries of the wrong type.
    """
    if config.get("_class_name") != "UNet2DModel":
        raise NoPriorError(_other_network(config))
    if config.get("layers_per_block", 0) > 64 or len(config["block_out_channels"]) > 16:
        raise NoPriorError("more blocks than any such network has")
    if config.get("num_class_embeds") or config.get("class_embed_type"):
        raise NoPriorError("class-conditional; a prior knows no classes")
    if config.get("time_embedding_type") == "fourier":
        raise NoPriorError(
            "conditioned on noise scales, as score-based (VE) models are; a prior is told timesteps"
        )
    channels = config.get("in_channels", 3), config.get("out_channels", 3)
    if channels not in ((3, 3), (3, 6)):
        raise NoPriorError(_other_channels(*channels))
    blocks = {*config["down_block_types"], *config["up_block_types"]}
    if blocks - BLOCKS:
        raise NoPriorError(f"blocks of type {min(map(str, blocks - BLOCKS))}")
    size = config.get("sample_size")
    if isinstance(size, (list, tuple)) and len(size) == 2 and size[0] == size[1]:
        size = size[0]
    if not isinstance(size, int) or not 1 <= size <= 4096:
        raise NoPriorError(
            f"sample_size {size}; give the side of its square pictures",
            "Correct sample_size there.",
        )
    return {**config, "sample_size": size}


def _other_network(config: dict[str, Any]) -> str:
    kind = str(config.get("_class_name"))
    if "Conditional" in kind or "Condition" in kind:
        return f"a {kind}, which is told a text or a picture; only UNet2DModel is supported"
    return f"a {kind}; only UNet2DModel is supported"


def _other_channels(into: Any, out: Any) -> str:
    if (into, out) in ((1, 1), (1, 2)):
        kind = "of grey pictures"
    elif into == out == 4:
        kind = "of latents"
    elif (into, out) in ((6, 3), (6, 6)):
        kind = "of super-resolution, told a small picture"
    else:
        kind = "of something else"
    return f"{into} channels in, {out} out, {kind}; a prior has 3, and 3 or 6"


def build_network(config: dict[str, Any]) -> UNet2DModel:
    """The `UNet2DModel` of a configuration, without memory for its weights (meta device).

    Raises as `check_network`, and whatever diffusers raises for a configuration that it cannot use.
    """
    from diffusers import UNet2DModel

    with torch.device("meta"):  # a configuration alone must not be able to fill the memory
        network: UNet2DModel = UNet2DModel.from_config(check_network(config))
    return network


def shared_network(unet: UNet2DModel, weights: Mapping[str, Tensor] | None = None) -> UNet:
    """Our network for inference with the weights of `unet`, which stays as it is: nothing is
    copied, and nothing that is asked of the weights' gradients here is asked there.

    weights: its state where that cannot be read from it as it is. Raises InputError for a network
    that is no prior's, and for layers beside its own (adapters).
    """
    try:
        network = inference_network({**unet.config, "_class_name": type(unet).__name__})
    except ValueError as error:
        hint = error.hint if isinstance(error, NoPriorError) else FITS
        raise InputError(f"a network that is no prior ({error})", "unet", hint) from None
    state = unet.state_dict() if weights is None else weights
    own = {name: aligned(value.detach()) for name, value in state.items()}
    try:
        network.requires_grad_(False).load_state_dict(own, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"layers beside the network's own ({reason})", "unet", "Fuse adapters, or unload them."
        ) from None
    return network.eval()


def inference_network(config: dict[str, Any]) -> UNet:
    """As `build_network`, our own network for inference."""
    with torch.device("meta"):
        return UNet(UNetConfig.of(check_network(config)))
