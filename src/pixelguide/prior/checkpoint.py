"""The state of a training between two steps, in one safetensors file without pickles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from diffusers.training_utils import EMAModel

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.prior.safe import load_weights
from pixelguide.prior.threads import thread_count, threads_note

NAME = "training.safetensors"


def save_checkpoint(
    folder: Path,
    unet: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    ema: EMAModel,
    step: int,
    identity: dict[str, Any],
) -> None:
    """Write everything the next step depends on to `folder`/training.safetensors, atomically."""
    tensors = {f"model.{name}": value for name, value in unet.state_dict().items()}
    for index, value in enumerate(ema.shadow_params):
        tensors[f"ema.{index}"] = value
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    metadata = {
        "step": str(step),
        "ema_step": str(ema.optimization_step),
        "identity": json.dumps(identity, sort_keys=True),
        "threads": str(thread_count()),
    }
    write_atomically(folder / NAME, safetensors.torch.save(tensors, metadata))


def load_checkpoint(
    folder: Path,
    unet: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    ema: EMAModel,
    identity: dict[str, Any],
    on_note: Callable[[str], None] | None = None,
) -> int:
    """Fill everything from the checkpoint in `folder` and return its step; 0 if there is none.

    on_note: told in a sentence what makes the weights others than without the interruption.

    Raises InputError when the file is damaged or belongs to a training with other settings.
    """
    path = folder / NAME
    if not path.exists():
        return 0
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        step, ema_step = int(metadata["step"]), int(metadata["ema_step"])
        differing = _differing(load_json(metadata["identity"]), identity)
        threads = int(metadata["threads"]) if "threads" in metadata else None
        if step < 0 or ema_step < 0:
            raise ValueError(f"step {min(step, ema_step)}")
    except MemoryError:
        raise
    except Exception as error:  # as in `read_tensors`
        raise _damaged(path, " ".join(str(error).split())[:200]) from None
    if differing:
        raise InputError(
            f"checkpoint of another training ({'; '.join(differing)})",
            str(path),
            "Repeat its settings, or choose another folder.",
        )
    model = {name.removeprefix("model."): v for name, v in tensors.items() if name[:6] == "model."}
    load_weights(unet, model, str(path))
    state: dict[int, dict[str, torch.Tensor]] = {}
    try:
        averages = [tensors[f"ema.{index}"] for index in range(len(ema.shadow_params))]
        for own, average in zip(ema.shadow_params, averages, strict=True):
            _check_like(own, average)
        ema.shadow_params = [
            average.to(own.device) for own, average in zip(ema.shadow_params, averages, strict=True)
        ]
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".")
                if value.ndim:
                    _check_like(weights[int(index)], value)
                state.setdefault(int(index), {})[key] = value
    except (KeyError, ValueError, IndexError) as error:
        raise _damaged(path, error) from None
    if len({frozenset(own) for own in state.values()}) > 1:
        raise _damaged(path, "state of the optimizer is incomplete")
    ema.optimization_step = ema_step
    if on_note and (note := threads_note(threads)):
        on_note(note)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return step


def _differing(before: Any, now: Any, name: str = "") -> list[str]:
    """What differs between the settings of two trainings: "batch_size 16 there, 8 here"."""
    now = json.loads(json.dumps(now))  # as the file has it: tuples are lists
    if not isinstance(before, dict) or not isinstance(now, dict):
        there, here = (json.dumps(value) for value in (before, now))
        return [] if there == here else [f"{name} {there} there, {here} here"]
    found: list[str] = []
    for key in sorted(before.keys() | now.keys()):
        found += _differing(before.get(key), now.get(key), f"{name}.{key}" if name else key)
    return found


def _check_like(own: torch.Tensor, found: torch.Tensor) -> None:
    if own.shape != found.shape or not found.is_floating_point():
        raise ValueError(f"shape {tuple(found.shape)} for {tuple(own.shape)}")
    if not torch.isfinite(found.float()).all():
        raise ValueError("values that are not finite")


def _damaged(path: Path, reason: object) -> InputError:
    return InputError(f"damaged checkpoint ({reason})", str(path), "Delete it to start over.")
