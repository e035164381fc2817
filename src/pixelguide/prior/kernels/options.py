"""How a frozen network is run: what makes it fast where it runs, and what has to be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from pixelguide.errors import InputError
from pixelguide.prior.kernels.frozen import freeze_layers
from pixelguide.prior.kernels.packed import runs_bf16
from pixelguide.prior.unet import Network

Precision = Literal["fp32", "bf16"]
TYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class InferenceOptions:
    """precision: of the network's weights and activations; what it gives is float32 in any case.
    compile: by `torch.compile`; the first passes take minutes, later processes reuse what
    inductor keeps on disk. plain: the layers as diffusers has them, for comparisons. graphs: on a
    CUDA GPU, whole passes are recorded once for a shape and then replayed.

    Raises InputError for an unknown precision, and for two ways of running at once.
    """

    precision: Precision = "fp32"
    compile: bool = False
    plain: bool = False
    graphs: bool = False

    def __post_init__(self) -> None:
        if self.precision not in TYPES:
            raise InputError(f"precision '{self.precision}'", hint="Use fp32, bf16 or auto.")
        if self.compile and self.graphs:
            raise InputError("compile and graphs", "speed", "Compiling uses graphs by itself.")


DEFAULT_OPTIONS = InferenceOptions()


def choose_precision(precision: str, device: torch.device) -> Precision:
    """ "auto" as bf16 where `device` has instructions for its products: a CUDA GPU of compute
    capability 8 or more, a CPU with AMX; else fp32. Elsewhere bf16 is slower than fp32.

    Raises InputError for anything but "auto" and a precision.
    """
    if precision == "auto":
        has = runs_bf16(device)
        if device.type == "cuda":
            has = torch.cuda.get_device_capability(device) >= (8, 0)
        return "bf16" if has else "fp32"
    return InferenceOptions(precision).precision  # type: ignore[arg-type]  # which it checks


def prepare(
    unet: Network, device: torch.device, options: InferenceOptions = DEFAULT_OPTIONS
) -> Network:
    """Move `unet` to `device`, freeze it, and make it fast there. Returns it, changed.

    On a CPU in float32, or bf16 where it has instructions for that, and on a CUDA GPU its layers
    become those of `frozen`. On a GPU its
    weights are laid out channels last, and cuDNN is held to algorithms that repeat their results
    (for the process); with `compile` or `graphs` it times them and takes the fastest. What was
    saved of it is the same as before. Raises InputError for graphs where there is no CUDA.
    """
    if options.graphs and device.type != "cuda":
        raise InputError(f"graphs on {device.type}", "speed", "They need a CUDA GPU.")
    unet.eval().requires_grad_(False)
    nn.Module.to(unet, device, TYPES[options.precision])  # diffusers' own warns of every cast
    if device.type == "cuda":
        nn.Module.to(unet, memory_format=torch.channels_last)  # type: ignore[call-overload]
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark |= options.compile or options.graphs
    own = device.type == "cuda" or (
        device.type == "cpu" and (options.precision == "fp32" or runs_bf16(device))
    )
    if own and not options.plain and not options.compile:
        freeze_layers(unet)
    return unet
