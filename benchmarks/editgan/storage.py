"""Networks and unfinished trainings as safetensors files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from benchmarks.editgan.networks import Shape
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.prior.safe import load_weights, read_tensors


def save_module(place: Path, module: nn.Module, shape: Shape) -> None:
    """Write `place`.safetensors, in float16, and `place`.json (the shape).

    Weights of this size lose nothing that an edit would show, and whatever is trained on a stored
    network is trained on the same rounded one.
    """
    halves = {name: value.half() for name, value in module.state_dict().items()}
    write_atomically(place.with_suffix(".safetensors"), tensor_bytes(halves))
    write_atomically(place.with_suffix(".json"), (json.dumps(asdict(shape)) + "\n").encode())


def load_shape(place: Path) -> Shape:
    """The shape in `place`.json. Raises InputError if it is missing or malformed."""
    path = place.with_suffix(".json")
    try:
        content = json.loads(path.read_text())
        return Shape(**{**content, "channels": tuple(content["channels"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"no shape of a network ({error})", str(path), "Train it first.") from None


def fill_module(place: Path, module: nn.Module) -> None:
    """Load `place`.safetensors into `module`, frozen. Raises InputError if it does not fit."""
    path = place.with_suffix(".safetensors")
    load_weights(module, read_tensors(path), path.name)
    module.eval().requires_grad_(False)


def save_training(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    step: int,
    identity: Mapping[str, Any],
) -> None:
    """Write everything that the next step depends on to the file `path`, atomically."""
    tensors = {
        f"{name}.{key}": value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    for number, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                tensors[f"optimizer{number}.{index}.{key}"] = torch.as_tensor(value)
    tensors["step"] = torch.tensor(step)
    text = json.dumps(identity, sort_keys=True).encode()
    tensors["identity"] = torch.tensor(list(text), dtype=torch.uint8)
    write_atomically(path, tensor_bytes(tensors))


def load_training(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    identity: Mapping[str, Any],
) -> int:
    """Fill modules and optimizers from the checkpoint `path`; its step, 0 without one.

    Raises InputError for a checkpoint that is damaged or of other settings.
    """
    if not path.exists():
        return 0
    tensors = read_tensors(path)
    try:
        known = bytes(tensors.pop("identity").tolist()).decode()
        step = int(tensors.pop("step"))
    except (KeyError, ValueError) as error:
        raise InputError(f"no checkpoint ({error})", str(path), "Delete it.") from None
    if known != json.dumps(identity, sort_keys=True):
        raise InputError(
            f"checkpoint of another training ({known})",
            str(path),
            "Repeat its settings, or choose another folder.",
        )
    for name, module in modules.items():
        load_weights(module, _part(tensors, f"{name}."), path.name)
    for number, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _part(tensors, f"optimizer{number}.").items():
            index, key = name.split(".")
            # mapped memory belongs to the file
            state.setdefault(int(index), {})[key] = value.clone()
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return step


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """A safetensors file of `tensors`, of the types that they have."""
    return safetensors.torch.save(
        {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    )


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
