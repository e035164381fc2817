"""A model folder: one category's prior, classifiers and labels, in diffusers' layout."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import safetensors.torch
import torch
from diffusers import DDPMScheduler, UNet2DModel

from pixelguide.errors import InputError, SafetyError
from pixelguide.files import write_atomically
from pixelguide.prior.safe import load_weights, read_tensors, refuse_pickle

MANIFEST = "manifest.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class ModelFolder:
    """A model folder opened for reading, checked for links and, if it has a manifest, for damage.

    path: the folder. hashes: relative name → SHA-256 (hex) of every file of the model.
    """

    path: Path
    hashes: Mapping[str, str]

    @classmethod
    def open(cls, model: str | Path) -> ModelFolder:
        """Open a model by the name of a built-in one or by its folder.

        Raises SafetyError for links, special files and pickles; InputError for a folder that is
        missing or whose files do not match its manifest.
        """
        path = locate(model)
        hashes = {name: _sha256(path / name) for name in sorted(_files(path)) if name != MANIFEST}
        if (path / MANIFEST).exists():
            _check_manifest(path, hashes)
        return cls(path, hashes)

    @property
    def hash(self) -> str:
        """16 hex digits that change with any weight or configuration of the model."""
        relevant = {
            name: value
            for name, value in self.hashes.items()
            if name.endswith((".json", ".safetensors"))
        }
        return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:16]

    def has(self, name: str) -> bool:
        """Whether the model has a file of this relative name."""
        return name in self.hashes

    def json(self, name: str) -> dict[str, Any]:
        """Content of a JSON file; InputError if it is missing or not a JSON object."""
        return read_json(self.path, name)

    def unet(self) -> UNet2DModel:
        """The prior's network, float32, frozen, in evaluation mode."""
        config = self.json("unet/config.json")
        if config.get("_class_name") != "UNet2DModel":
            raise InputError(
                f"network of type {config.get('_class_name')}",
                "unet/config.json",
                "Only UNet2DModel is supported.",
            )
        try:
            if config.get("layers_per_block", 0) > 64 or len(config["block_out_channels"]) > 16:
                raise ValueError("more blocks than any such network has")
            with torch.device("meta"):  # a configuration alone must not be able to fill the memory
                unet = UNet2DModel.from_config(config)
        except Exception as error:  # diffusers checks little: anything may break anywhere
            raise _unusable(error, "unet/config.json") from None
        load_weights(unet, read_tensors(self.path / "unet" / WEIGHTS), f"unet/{WEIGHTS}")
        return unet.eval().requires_grad_(False)

    def scheduler(self) -> DDPMScheduler:
        """The noise schedule the prior was trained with."""
        config = self.json("scheduler/scheduler_config.json")
        try:
            return DDPMScheduler.from_config(config)
        except Exception as error:  # as above
            raise _unusable(error, "scheduler/scheduler_config.json") from None


def built_in_models() -> dict[str, Path]:
    """Names and folders of the models that come with the package."""
    root = Path(str(resources.files("pixelguide"))) / "models"
    return {path.name: path for path in sorted(root.glob("*")) if path.is_dir()}


def locate(model: str | Path) -> Path:
    """The folder of a model given by built-in name or path. Raises InputError if there is none."""
    known = built_in_models()
    if isinstance(model, str) and model in known:
        return known[model]
    path = Path(model)
    if path.is_file():
        refuse_pickle(path)
        raise InputError("a file, not a model folder", str(path), "Give the folder around it.")
    if not path.is_dir():
        raise InputError(
            f"no model '{model}'",
            hint=f"Give a model folder or one of: {', '.join(known) or 'none built in'}.",
        )
    return path


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Content of `folder`/`name`; InputError if it is missing or not a JSON object."""
    try:
        content = json.loads((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        raise InputError("part of the model is missing", name, "Fetch the model again.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not readable as JSON ({error})", name, "Fetch it again.") from None
    if not isinstance(content, dict):
        raise InputError("not a JSON object", name, "Fetch the model again.")
    return content


def write_parts(folder: Path, parts: Mapping[str, bytes]) -> None:
    """Write files of a model, each in one piece, and the manifest of all its files last.

    Killed half-way, the folder either still loads as before or is refused by its manifest.
    """
    for name, content in parts.items():
        write_atomically(folder / name, content)
    previous: dict[str, str] = {}
    if (folder / MANIFEST).exists():
        previous = _listed_hashes(folder)
    new = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    manifest = {"format": 1, "sha256": dict(sorted({**previous, **new}.items()))}
    write_atomically(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())


def prior_parts(unet: UNet2DModel, scheduler: DDPMScheduler | None = None) -> dict[str, bytes]:
    """The files of a prior: network with fp16 weights, noise schedule, diffusers' index."""
    scheduler = scheduler or DDPMScheduler(
        num_train_timesteps=1000,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        variance_type="learned_range" if unet.config.out_channels == 6 else "fixed_small",
    )
    index = {
        "_class_name": "DDPMPipeline",
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
    }
    return {
        "model_index.json": (json.dumps(index, indent=2) + "\n").encode(),
        "scheduler/scheduler_config.json": scheduler.to_json_string().encode(),
        "unet/config.json": unet.to_json_string().encode(),
        f"unet/{WEIGHTS}": tensor_bytes(unet.state_dict()),
    }


def tensor_bytes(state: Mapping[str, torch.Tensor]) -> bytes:
    """A safetensors file of `state`, floating point values as fp16."""
    small = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in state.items()
    }
    return safetensors.torch.save(small, {"format": "pt"})


def _files(folder: Path) -> list[str]:
    """Relative names of all files; anything but folders and plain files is refused."""
    names = []
    for path in folder.rglob("*"):
        relative = path.relative_to(folder).as_posix()
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise SafetyError(
                "a link or special file in a model folder", relative, "Replace it by a plain file."
            )
        if stat.S_ISREG(mode) and path.name != "training.safetensors":
            names.append(relative)
    return names


def _check_manifest(folder: Path, hashes: Mapping[str, str]) -> None:
    """Every file the manifest names must be there, inside the folder, and unchanged."""
    for name, expected in _listed_hashes(folder).items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise SafetyError("a path that leaves the model folder", name, "Do not use this model.")
        if name not in hashes:
            raise InputError("part of the model is missing", name, "Fetch the model again.")
        if hashes[name] != expected:
            raise InputError(
                "file does not match its hash in the manifest", name, "Fetch the model again."
            )


def _listed_hashes(folder: Path) -> dict[str, str]:
    listed = read_json(folder, MANIFEST).get("sha256")
    if not isinstance(listed, dict):
        raise InputError("manifest without hashes", MANIFEST, "Fetch the model again.")
    return listed


def _unusable(error: Exception, where: str) -> InputError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return InputError(f"configuration cannot be used ({reason})", where, "Fetch the model again.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
