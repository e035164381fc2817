"""A model folder: one category's prior, classifiers and labels, in diffusers' layout.

Files are found and checked without torch, which is imported when a network is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pixelguide.errors import InputError
from pixelguide.prior.kinds import (
    NoPriorError,
    check_files,
    check_index,
    check_scheduler,
)
from pixelguide.prior.manifest import MANIFEST, check_manifest, file_names, read_json, sha256
from pixelguide.prior.public.registry import REGISTRY, find, is_hub_id
from pixelguide.prior.safe import load_weights, refuse_pickle
from pixelguide.prior.weight_files import WEIGHTS, find_pickles, find_weights, read_weights

if TYPE_CHECKING:
    import torch
    from diffusers import DDPMScheduler, UNet2DModel

    from pixelguide.prior.schedule import Schedule
    from pixelguide.prior.unet import UNet

INDEX = "model_index.json"


@dataclass(frozen=True)
class ModelFolder:
    """A model folder opened for reading, checked for links and, if it has a manifest, for damage.

    path: the folder. hashes: relative name → SHA-256 (hex) of every file of the model.
    """

    path: Path
    hashes: Mapping[str, str]

    @classmethod
    def open(cls, model: str | Path) -> ModelFolder:
        """Open a model by its folder or by the name of a built-in or pulled one.

        Raises SafetyError for links, special files and pickles; InputError for a folder that is
        missing, cannot be read, whose files do not match its manifest, or whose index is of a model
        that is no prior (see `check_index`).
        """
        try:
            path = locate(model)
            names = sorted(file_names(path))
            if not any(name.endswith((".json", ".safetensors")) for name in names):
                raise InputError(
                    "no model in this folder", str(path), "Give one with unet/config.json."
                )
            hashes = {name: sha256(path / name) for name in names if name != MANIFEST}
            if (path / MANIFEST).exists():
                check_manifest(path, hashes)
        except OSError as error:
            raise InputError(
                f"cannot read the model ({error.strerror})",
                str(error.filename or model),
                "Check the path, and that nothing writes to it.",
            ) from None
        check_files(hashes, str(path))
        if INDEX in hashes:
            check_index(read_json(path, INDEX), INDEX)
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

    def size(self) -> int:
        """Side S of the prior's pictures, in pixels.

        Raises InputError for a configuration that is missing or is not that of a prior; what only a
        network that is built finds wrong with it is not found here. Torch is not imported.
        """
        from pixelguide.prior.network_config import check_network

        return int(self._built(check_network)["sample_size"])

    def network(self) -> UNet2DModel:
        """The prior's network as diffusers has it, without its weights (on the meta device).

        Raises InputError for a configuration that is missing or is not that of a prior.
        """
        from pixelguide.prior.network import build_network

        network: UNet2DModel = self._built(build_network)
        return network

    def unet(self) -> UNet2DModel:
        """The prior's network as diffusers has it, float32, frozen, in evaluation mode: for a
        training, or to save it.

        Raises InputError as `network`, and for weights that are missing or damaged.
        """
        network: UNet2DModel = self._with_weights(self.network())
        return network

    def shape(self) -> UNet:
        """As `network`, for inference: diffusers is not imported."""
        from pixelguide.prior.network import inference_network

        network: UNet = self._built(inference_network)
        return network

    def frozen(self) -> UNet:
        """As `unet`, for inference: diffusers is not imported."""
        network: UNet = self._with_weights(self.shape())
        return network

    def _built(self, build: Callable[[dict[str, Any]], Any]) -> Any:
        where = self._place("unet/config.json")
        config = self.json(where)
        try:
            return build(config)
        except (
            Exception
        ) as error:  # diffusers checks little: any error may come from a bad configuration
            raise _unusable(error, where) from None

    def _with_weights(self, network: Any) -> Any:
        self.load_into(network, "unet")
        return network.eval().requires_grad_(False)

    def load_into(self, module: torch.nn.Module, part: str) -> None:
        """Load the weights of the part "unet", "segmenter" or "guide" into `module`, see
        `load_weights`. They may be one file, shards, or a variant, as diffusers writes them.

        Raises SafetyError for weights that are there as pickles alone; InputError as `load_weights`
        and `read_tensors` do.
        """
        places = (part, "") if part == "unet" else (part,)
        found = next(filter(None, (find_weights(self.hashes, place) for place in places)), None)
        if found is None:
            for name in find_pickles(self.hashes, places):
                refuse_pickle(self.path / name)
        weights = found or self._place(f"{part}/{WEIGHTS}")
        load_weights(module, read_weights(self.path, weights), weights)

    def schedule(self) -> tuple[Schedule, str]:
        """The noise levels the prior was trained with, and what it answers ("epsilon", …), as
        `scheduler` has them."""
        from pixelguide.prior.schedule import Schedule

        where = self._place("scheduler/scheduler_config.json")
        config = self.json(where)
        try:
            known = Schedule.from_config(config)
        except (ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
            raise _unusable(error, where) from None
        kind = str(config.get("prediction_type", "epsilon"))
        return known or Schedule.from_scheduler(self.scheduler()), kind

    def scheduler(self) -> DDPMScheduler:
        """The noise schedule the prior was trained with, as diffusers has it."""
        from diffusers import DDPMScheduler

        where = self._place("scheduler/scheduler_config.json")
        config = self.json(where)
        try:
            check_scheduler(config)  # diffusers would silently take its defaults
            return DDPMScheduler.from_config(config)
        except Exception as error:  # as in `_built`
            raise _unusable(error, where) from None

    def _place(self, name: str) -> str:
        """Where a part is: in its folder, or beside the others as in the hub's first models."""
        flat = PurePosixPath(name).name
        return flat if self.has(flat) and not self.has(name) else name


def built_in_models() -> dict[str, Path]:
    """Names and folders of the models that come with the package."""
    root = Path(str(resources.files("pixelguide"))) / "models"
    return {path.name: path for path in sorted(root.glob("*")) if path.is_dir()}


def locate(model: str | Path) -> Path:
    """The folder of a model: by path, by the name of a built-in one, or of a pulled one.

    A model in the current folder comes before others of its name, as with diffusers: who trains
    `portraits-64` anew means the new one. Raises InputError, saying what can be pulled, if there is
    none.
    """
    known = built_in_models()
    if model == "":  # as a path it would be the current folder
        raise InputError("no name of a model", hint=f"Give a folder or one of: {', '.join(known)}.")
    if (Path(model) / INDEX).is_file():
        return Path(model)
    if isinstance(model, str) and model in known:
        return known[model]
    public = None
    if isinstance(model, str) and (model in REGISTRY or is_hub_id(model)):
        public = find(model)
    if public and public.is_model and public.folder.is_dir():
        return public.folder
    path = Path(model)
    if path.is_file():
        refuse_pickle(path)
        raise InputError("a file, not a model folder", str(path), "Give the folder around it.")
    if path.is_dir():
        return path
    if public and not public.is_model:
        raise InputError(f"'{model}' is {public.kind}, not a model", hint="Give a model.")
    if model in REGISTRY:
        raise InputError(
            f"model '{model}' is not here", hint=f"Fetch it: `pixelguide models pull {model}`."
        )
    raise InputError(
        f"no model '{model}'",
        hint=f"Give a model folder or one of: {', '.join(known) or 'none built in'}; "
        "or fetch a public one, say `pixelguide models pull ffhq`.",
    )


def refuse_classifiers(folder: Path) -> None:
    """Raise InputError if `folder` holds classifiers: they belong to the prior they were trained
    on, and with another one beside them they would load and guide wrongly."""
    for name in ("segmenter", "guide"):
        if (folder / name).exists():
            raise InputError(
                "the folder holds classifiers of another prior",
                str(folder / name),
                "Choose another folder.",
            )


def _unusable(error: Exception, where: str) -> InputError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    hint = error.hint if isinstance(error, NoPriorError) else "Correct it, or fetch it again."
    return InputError(f"configuration cannot be used ({reason})", where, hint)
