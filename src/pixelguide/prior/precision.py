"""The precision of a training, by what the processor multiplies."""

from __future__ import annotations

import torch

from pixelguide.errors import InputError

PRECISIONS = ("no", "bf16", "fp16", "auto")


def multiplies_bf16(device: torch.device) -> bool:
    """Whether `device` has instructions for products of bfloat16: a CUDA GPU of compute capability
    8 or more, a CPU with AVX-512's or AMX's. Others turn every number into float32 and back: on a
    CPU with AVX2 a training step takes dozens of times as long as in float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return True  # MPS and others have it
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def training_precision(wanted: str, device: torch.device) -> str:
    """ "no", "bf16" or "fp16": what is wanted; "auto" is bf16 where `device` multiplies it. Raises
    InputError for another word."""
    if wanted not in PRECISIONS:
        raise InputError(
            f"unknown mixed precision '{wanted}'", hint=f"Use {', '.join(PRECISIONS[:-1])} or auto."
        )
    if wanted == "auto":
        return "bf16" if multiplies_bf16(device) else "no"
    return wanted


def precision_note(precision: str, device: torch.device) -> str | None:
    """What to say of a precision that `device` has no instructions for; None where it has."""
    if precision != "bf16" or multiplies_bf16(device):
        return None
    return (
        "this processor has no instructions for bfloat16, and float32 is many times faster on it: "
        "begin again with --mixed-precision auto"
    )
