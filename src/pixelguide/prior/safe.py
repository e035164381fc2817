"""Reading weights from outside: safetensors only, checked before they are used."""

from __future__ import annotations

import os
import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pixelguide.errors import InputError, SafetyError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PICKLE_SUFFIXES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
AGAIN = "Fetch or copy the model again."


def refuse_pickle(path: Path) -> None:
    """Raise SafetyError if `path` is named like a pickle: reading one can run code."""
    if path.suffix.lower() in PICKLE_SUFFIXES:
        # .bin is what diffusers calls its own
        what = "diffusers FOLDER" if path.suffix.lower() == ".bin" else f"adm {path.name}"
        raise SafetyError(
            "a pickle can run code when it is read",
            path.name,
            f"Only safetensors are loaded; convert it: `pixelguide convert {what} -o MODEL`.",
        )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, mapped from disk rather than read into memory.

    Raises SafetyError for a pickle under or in place of that name and InputError for a missing,
    truncated or otherwise damaged file.
    """
    import safetensors.torch  # imports torch, which is not needed to refuse a file

    refuse_pickle(path)
    try:
        with path.open("rb") as file:
            start, size = file.read(8), os.fstat(file.fileno()).st_size
    except OSError as error:
        for suffix in PICKLE_SUFFIXES:  # a model published as a pickle only
            if path.with_suffix(suffix).exists():
                refuse_pickle(path.with_suffix(suffix))
        raise InputError(f"cannot read weights ({error.strerror})", path.name, AGAIN) from None
    if _is_cut(start, size):
        refuse_disguised_pickle(path)
        raise InputError("truncated weights", path.name, AGAIN)
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"damaged weights ({error})", path.name, AGAIN) from None


def refuse_disguised_pickle(path: Path) -> None:
    """Raise SafetyError if `path`, which should be safetensors, is a pickle. Nothing of it is
    run."""
    with path.open("rb") as file:
        start, size = file.read(8), os.fstat(file.fileno()).st_size
    if _is_cut(start, size) and _looks_pickled(path):
        raise SafetyError(
            "a pickle under the name of safetensors", path.name, "Do not trust its source."
        )


def _is_cut(start: bytes, size: int) -> bool:
    """Whether a file that begins with `start` is too short for the header this says."""
    return len(start) < 8 or int.from_bytes(start, "little") > size - 8


def _looks_pickled(path: Path) -> bool:
    """Whether a file that is no safetensors is a pickle. Nothing of it is run."""
    with path.open("rb") as file:
        content = file.read(1 << 20)
    # torch's zip files start with PK, pickles from protocol 2 on with PROTO
    if content[:2] in (b"PK", *(bytes((0x80, protocol)) for protocol in range(2, 6))):
        return True
    try:  # protocols 0 and 1 have no mark of their own, but every opcode must parse
        return any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(content))
    except (ValueError, UnicodeDecodeError):
        return False


_UNFIT = (
    "The weights are not those of the configuration beside them, or damaged: "
    "compare both with their source."
)


def load_weights(module: torch.nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Copy `tensors` into `module` (cast to its dtype) if names, shapes and values are right.

    A module on the meta device, which has shapes but no memory yet, takes the tensors over.
    Raises InputError naming `where` and the first key that is missing, unknown, of another shape
    or kind, or not finite; the module is untouched then.
    """
    import torch

    packed = getattr(torch, "float4_e2m1fn_x2", None)  # two numbers a byte; nothing computes it
    expected = module.state_dict()
    for name, own in expected.items():
        if name not in tensors:
            problem = f"'{name}' is missing"
        elif tensors[name].dtype == packed:
            raise InputError(
                f"weights packed as {tensors[name].dtype} ('{name}')",
                where,
                "Save the model in float32, float16 or bfloat16.",
            )
        elif tensors[name].shape != own.shape:
            problem = f"'{name}' has shape {tuple(tensors[name].shape)}, not {tuple(own.shape)}"
        elif tensors[name].is_floating_point() != own.is_floating_point():
            problem = f"'{name}' has type {tensors[name].dtype}, not {own.dtype}"
        elif own.is_floating_point() and not torch.isfinite(tensors[name].float()).all():
            problem = f"'{name}' holds values that are not finite"
        else:
            continue
        raise InputError(f"wrong weights ({problem})", where, _UNFIT)
    for name in tensors:
        if name not in expected:
            raise InputError(f"wrong weights ('{name}' is not of this model)", where, _UNFIT)
    cast = {name: aligned(value.to(expected[name].dtype)) for name, value in tensors.items()}
    module.load_state_dict(cast, assign=any(own.is_meta for own in expected.values()))


def aligned(tensor: Tensor) -> Tensor:
    """`tensor`, copied if it is a matrix that does not begin at a cache line, as in a mapped file:
    the last bit of MKL's product with a single row depends on it, and bytes of results would."""
    return tensor.clone() if tensor.ndim == 2 and tensor.data_ptr() % 64 else tensor
