"""The authors' own guided step, run as it is, on weights and classifiers that are handed in.

PATH is a clone of github.com/sony/pixel-guided-diffusion with its submodule ddpm-segmentation
(yandex-research) and, inside that, guided-diffusion (openai), at the commits that the submodules
name. Nothing of theirs is part of this project: who runs the comparison fetches them.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from pixelguide.errors import InputError

NEEDED = (
    "src/segmentation_guided_diffusion.py",
    "src/script_util_segguide.py",
    "src/pixel_classifier.py",
    "ddpm_segmentation/src/utils.py",
    "ddpm_segmentation/guided_diffusion/guided_diffusion/unet.py",
)
UNUSED: dict[str, dict[str, Any]] = {
    "cv2": {},  # reads and writes pictures
    "torchvision": {},
    "torchvision.models": {},
    # looks into classifiers for an analysis
    "torchvision.models.feature_extraction": {"create_feature_extractor": None},
}
BLOCKS = (5, 6, 7, 8, 12)  # fixed in their create_model_and_segdiffusion


@dataclass(frozen=True)
class AdmFlags:
    """What their scripts give as flags. The defaults are of a network like ADM-256, but small."""

    image_size: int = 64
    num_channels: int = 32
    num_head_channels: int = 16

    def all(self) -> dict[str, Any]:
        """Every argument of their create_model_and_segdiffusion."""
        # resolutions that attend: of 256, the last three of six levels
        attends = (self.image_size // stride for stride in (8, 16, 32))
        return {
            **self.__dict__,
            "attention_resolutions": ",".join(map(str, attends)),
            "channel_mult": "1,1,2,2,4,4",
            "num_res_blocks": 2,
            "num_heads": 4,  # of no effect beside num_head_channels
            "num_heads_upsample": -1,
            "learn_sigma": True,
            "class_cond": False,
            "dropout": 0.1,
            "use_scale_shift_norm": True,
            "resblock_updown": True,
            "use_fp16": False,
            "use_checkpoint": False,
            "use_new_attention_order": False,
            "diffusion_steps": 1000,
            "start_step": 500,
            "timestep_respacing": "2",  # t = 0 and t = 499
            "noise_schedule": "linear",
            "use_kl": False,
            "predict_xstart": False,
            "rescale_timesteps": False,
            "rescale_learned_sigmas": False,
        }


ADM_256 = AdmFlags(256, 256, 64)


@dataclass(frozen=True)
class AuthorsStep:
    """What one guided step of theirs says. loss: the sum of the candidates' own. gradient: g.
    mean: of the guided Gaussian."""

    loss: float
    gradient: Tensor
    mean: Tensor


class Authors:
    """Their network, classifiers and sampler."""

    def __init__(self, path: Path, flags: AdmFlags, device: torch.device) -> None:
        """Imports their code. Raises InputError if PATH lacks a part of it."""
        self._sampling, self._classifying = imported(
            path, ("src.segmentation_guided_diffusion", "src.pixel_classifier")
        )
        build = importlib.import_module("src.script_util_segguide").create_model_and_segdiffusion
        self.flags, self.device = flags, device
        self.network, self.diffusion = build(**flags.all())
        self.network.eval()
        self.timesteps: Sequence[int] = self.diffusion.timestep_map
        self._classifiers: dict[int, list[nn.Module]] = {}
        self._options: dict[str, Any] = {}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Weights by guided-diffusion's names, and on to the device."""
        self.network.load_state_dict(weights)
        self.network.float().to(self.device)

    def set_classifiers(self, states: Mapping[int, Mapping[str, Tensor]], classes: int) -> None:
        """{C_t} by timestep, as their loader would make them of `model_0.pth`."""
        for t, state in states.items():
            inputs = state["layers.0.weight"].shape[1]
            classifier = self._classifying.pixel_classifier(classes, inputs)
            classifier.load_state_dict(state)
            classifier.eval().requires_grad_(False).to(self.device)
            self._classifiers[t] = [classifier]
        self._options = {
            "dim": [self.flags.image_size, self.flags.image_size, inputs],
            "number_class": classes,
            "upsample_mode": "bilinear",
            "loss_reduction": "mean",
        }

    def guided_step(
        self,
        x_t: Tensor,
        target: Tensor,
        roi: Tensor,
        scale: float,
        network: Callable[..., Any] | None = None,
    ) -> AuthorsStep:
        """Their p_mean_variance_guidance at the noisiest level, and the mean it is sampled from.

        network: stands in for theirs, if given.
        """
        statistics: dict[str, dict[int, float]] = {"cross_entropy": {}, "accuracy": {}}
        level = len(self.timesteps) - 1
        with self._as_if_at_home(), torch.no_grad():
            told = self.diffusion.p_mean_variance_guidance(
                network or self.network,
                self._with(len(x_t), scale),
                self._classifiers,
                x_t,
                torch.full((len(x_t),), level, device=x_t.device),
                model_kwargs=self._wanted(target, roi, len(x_t)),
                analyze=True,  # or the loss would not be told
                statistics_file=os.devnull,
                statistics_dict=statistics,
            )
            mean = self.diffusion.resampling_mean(told)
        return AuthorsStep(statistics["cross_entropy"][level], -told["gradient"] / scale, mean)

    def sample(self, x_t: Tensor, target: Tensor, roi: Tensor, scale: float) -> Tensor:
        """Their p_sample_loop_guidance: a guided step at each of `timesteps`."""
        with self._as_if_at_home():
            edited: Tensor = self.diffusion.p_sample_loop_guidance(
                opts=self._with(len(x_t), scale),
                model=self.network,
                classifiers_dict=self._classifiers,
                feature_extractor=None,
                save_dir=None,
                shape=tuple(x_t.shape),
                noise=x_t,
                model_kwargs=self._wanted(target, roi, len(x_t)),
                device=self.device,
                progress=False,
            )
        return edited

    @torch.no_grad()
    def inversion_step(self, x_0: Tensor) -> Tensor:
        """Their ddim_reverse_sample at the first level, which their inversion calls at each."""
        level = torch.zeros(len(x_0), dtype=torch.int64, device=x_0.device)
        with self._as_if_at_home():
            told = self.diffusion.ddim_reverse_sample(self.network, x_0, level)
        noised: Tensor = told["sample"]
        return noised

    def _with(self, batch: int, scale: float) -> dict[str, Any]:
        return {**self._options, "batch_size": batch, "segmentation_scale": scale}

    def _wanted(self, target: Tensor, roi: Tensor, batch: int) -> dict[str, Tensor]:
        return {"y": target.expand(batch, -1, -1).contiguous(), "roi": roi.to(torch.uint8)}

    @contextlib.contextmanager
    def _as_if_at_home(self) -> Iterator[None]:
        """What their modules take for granted: a progress bar, an import, and CUDA."""
        with contextlib.ExitStack() as stack:
            # bars would be in the way of the results
            stack.enter_context(mock.patch.object(self._sampling, "tqdm", iter))
            # used with analyze=True, and never imported
            stack.enter_context(mock.patch.object(self._sampling, "json", json, create=True))
            if self.device.type != "cuda":
                # their classifiers always go to "cuda", whatever the device of the network
                stay = mock.patch.object(torch.Tensor, "cuda", lambda tensor: tensor)
                stack.enter_context(stay)
                for (classifier,) in self._classifiers.values():
                    stack.enter_context(
                        mock.patch.object(classifier, "to", lambda _, own=classifier: own)
                    )
            yield


def imported(
    path: Path,
    modules: Sequence[str],
    needed: Sequence[str] = NEEDED,
    unused: Mapping[str, Mapping[str, Any]] = UNUSED,
) -> list[ModuleType]:
    """Their modules, with stand-ins for what they import but do not use here.

    needed: files that must be there, or InputError. unused: stand-ins by name, with what is
    imported from them; only those of packages that are not installed are used.
    """
    root = path / "torch"
    for name in needed:
        if not (root / name).is_file():
            raise InputError(
                f"'torch/{name}' is missing", str(path), "Clone it with its submodules."
            )
    # before the folder this is run from, which has a src of its own
    sys.path.insert(0, str(root.resolve()))
    packages = {name.partition(".")[0] for name in unused}
    missing = {name for name in packages if importlib.util.find_spec(name) is None}
    for name, attributes in unused.items():
        if name.partition(".")[0] in missing:
            module = ModuleType(name)
            module.__dict__.update(attributes)
            sys.modules[name] = module
    return [importlib.import_module(name) for name in modules]
