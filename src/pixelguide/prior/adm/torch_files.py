"""Reading PyTorch's own files, for converters alone: tensors and plain containers, never code."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.adm.foreign import whose

PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
"""How pickles start (older ones have no mark of their own)."""
FETCH = "Fetch the file again."
WRAPPERS = ("ema", "ema_state_dict", "state_dict", "model_state_dict", "model")
"""Names under which checkpoints keep the weights; averaged ones, the ones to use, come first."""


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Name → weights of a checkpoint, mapped from disk where the file allows.

    The weights are the file's whole content, or what lies under the first of `WRAPPERS` that
    holds a mapping, and so on inside. A `module.` before every name (DataParallel's) is dropped.
    Raises InputError if that is not a mapping of names to dense tensors, and as `read_torch_file`.
    """
    return state_dict_of(read_torch_file(path), path)


def state_dict_of(content: Any, path: Path) -> dict[str, Tensor]:
    """As `read_state_dict`, from the content of the file `path`."""
    for _ in range(4):  # deep enough; what contains itself has no end
        if isinstance(content, dict):
            inner = (content.get(name) for name in WRAPPERS)
            content = next((value for value in inner if isinstance(value, dict)), content)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError("no weights by name inside", path.name, "Give a checkpoint.")
    for name, value in content.items():
        if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_quantized:
            raise InputError(f"{name!r:.80} is not a dense tensor", path.name, "Give a checkpoint.")
        if value.dtype == getattr(torch, "float4_e2m1fn_x2", None):
            raise InputError(
                f"weights packed as {value.dtype} ('{name:.80}')",
                path.name,
                "Give float32, float16 or bfloat16.",
            )
    # views can make a small file claim any size
    if sum(value.numel() * value.itemsize for value in content.values()) > path.stat().st_size:
        raise InputError("tensors larger than the file", path.name, FETCH)
    if all(name.startswith("module.") for name in content):
        return {name.removeprefix("module."): value for name, value in content.items()}
    return dict(content)


def read_torch_file(path: Path) -> Any:
    """Content of a file that `torch.save` wrote: tensors in dicts and lists, on the CPU.

    Nothing in the file is run (`weights_only=True`). Values stay on disk until they are used; only
    files in PyTorch's format of before 2020 are read into memory.
    Raises SafetyError for a file that asks for anything but tensors and plain containers, and
    InputError for one that is missing, truncated, damaged or no PyTorch file.
    """
    if not path.is_file():  # nor a pipe, which would be waited for
        raise InputError("no such file", str(path), "Give a checkpoint.")
    try:
        with path.open("rb") as file:
            start = file.read(2)
        zipped = start == b"PK"
        if zipped:
            _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about rare protocols; refused, if they are
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except (InputError, MemoryError):
        raise
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))
        if wanted or zipped or start in PICKLES:
            what = wanted[1] if wanted else "objects that are no tensors"
            raise SafetyError(
                f"a pickle that wants {what}; reading it could run code",
                path.name,
                f"{whose(path)}Only tensors in plain containers are read; do not trust this file's "
                "source.",
            ) from None
        raise InputError("not a PyTorch file", path.name, "Give a checkpoint (.pt).") from None
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", path.name, FETCH) from None
    except Exception:  # torch checks little: a damaged file may break anything
        raise InputError("truncated or damaged, or not a PyTorch file", path.name, FETCH) from None


def _check_archive(path: Path) -> None:
    """InputError if a file in the archive is damaged or compressed: mapped, it would be noise.

    PyTorch compares no checksums. It writes 0 for them when told to save time.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    raise InputError("compressed weights", path.name, "Save them by torch.save.")
                if entry.CRC == 0:
                    continue
                with archive.open(entry) as file:
                    while file.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise InputError("truncated or damaged", path.name, FETCH) from None
