"""Building a prior's network from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.kinds import FITS, NoPriorError
from pixelguide.prior.network_config import check_network
from pixelguide.prior.safe import aligned
from pixelguide.prior.unet import UNet
from pixelguide.prior.unet_layers import UNetConfig

if TYPE_CHECKING:
    from diffusers import UNet2DModel


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
