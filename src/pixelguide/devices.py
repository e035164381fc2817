"""Which device to compute on."""

from __future__ import annotations

import torch
from torch import Tensor

from pixelguide.errors import InputError


def choose_device(device: str | torch.device) -> torch.device:
    """ "auto" as CUDA, else MPS, else CPU; anything else as torch reads it.

    Raises InputError for a device that does not exist here.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.ones(1, device=chosen).item()  # fails on "meta", which holds no values
    except (RuntimeError, AssertionError, NotImplementedError, ImportError):
        raise InputError(f"device '{device}' is not available", hint="Use auto or cpu.") from None
    return chosen


def sent(values: Tensor, device: torch.device) -> Tensor:
    """`values` of the CPU on `device`. A CUDA GPU is not waited for: it may have a whole pass to do
    before it gets there, during which the CPU can go on."""
    return values.to(device, non_blocking=device.type == "cuda")
