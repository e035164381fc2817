"""The editor for those who know diffusers: a `DiffusionPipeline` over the same functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from diffusers import DDPMScheduler, DiffusionPipeline, UNet2DModel
from diffusers.utils import BaseOutput
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.editor import Editor
from pixelguide.edit.progress import Progress
from pixelguide.edit.settings import EditDefaults, StartFrom
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.guidance.region import RoiMode
from pixelguide.guidance.schedules import Sampler, ScheduleName
from pixelguide.images import to_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.frozen import freeze_layers
from pixelguide.prior.manifest import read_json, write_manifest
from pixelguide.prior.network import shared_network
from pixelguide.prior.public.fetched import fetched
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.picture_statistics import DOMAIN

FILES = {"labels": "labels.json", "defaults": "edit.json", "domain": DOMAIN}
"""Where an `Editor` finds what a pipeline has in its index."""
StepCallback = Callable[["PixelGuidedPipeline", int, int, dict[str, Any]], Any]


@dataclass
class PixelGuidedOutput(BaseOutput):  # type: ignore[misc]
    """images: the candidates, in the order of their generators, as `output_type` says.
    roi: bool H×W, True = may change. roi_loss, roi_accuracy: one number per candidate."""

    images: list[Image.Image] | NDArray[np.uint8] | torch.Tensor
    roi: NDArray[np.bool_]
    roi_loss: list[float]
    roi_accuracy: list[float]


class PixelGuidedPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Edits pictures by their label maps (Matsunaga et al. 2022, arXiv 2212.02024).

    `save_pretrained` and `from_pretrained` work as for every pipeline, and the model folders of
    this package are its format.

    Parameters
    ----------
    unet : UNet2DModel
        The network of the frozen prior, of pictures of S×S pixels.
    scheduler : DDPMScheduler
        Its noise levels.
    segmenter : ClassifierBank
        The ensemble f_multi, which reads label maps.
    guide : ClassifierBank
        The classifiers {C_t}, one for each of some timesteps, whose gradients guide.
    labels : dict
        The content of `labels.json`.
    defaults : dict, optional
        That of `edit.json`.
    domain : dict, optional
        That of `domain.json`, kept for the `Editor`.
    """

    model_cpu_offload_seq = "unet"

    def __init__(
        self,
        unet: UNet2DModel,
        scheduler: DDPMScheduler,
        segmenter: ClassifierBank,
        guide: ClassifierBank,
        labels: dict[str, Any] | None = None,  # diffusers takes what has no default for a module
        defaults: dict[str, Any] | None = None,
        domain: dict[str, Any] | None = None,
    ) -> None:
        if labels is None:
            raise InputError("no labels", "model_index.json", "Give the content of labels.json.")
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, segmenter=segmenter, guide=guide)
        self.register_to_config(labels=labels, defaults=defaults, domain=domain)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """Open a model as every pipeline does, of those that `Editor.from_pretrained` finds.

        The folder's own files count, as they do there, and not the copies in its index.

        Parameters
        ----------
        pretrained_model_name_or_path : str or Path
            Name of a built-in or pulled model, OWNER/NAME of one of the hub, or a model folder.
        **options : Any
            As of `diffusers.DiffusionPipeline.from_pretrained`.

        Returns
        -------
        Self
            The pipeline.

        Raises
        ------
        InputError
            If the model is missing, incomplete or damaged.
        SafetyError
            If reading the model could do harm.
        """
        folder = ModelFolder.open(fetched(pretrained_model_name_or_path)).path
        pipeline: Self = super().from_pretrained(folder, **options)
        for name, file in FILES.items():
            if (folder / file).is_file():
                pipeline.register_to_config(**{name: read_json(folder, file)})
        return pipeline

    @property
    def label_set(self) -> LabelSet:
        """The classes of the category."""
        return LabelSet.from_json(json.dumps(self.config.labels))

    @torch.no_grad()
    def __call__(
        self,
        image: Image.Image | NDArray[np.uint8],
        target_map: Image.Image | NDArray[np.uint8],
        source_map: NDArray[np.uint8] | None = None,
        edit_classes: Sequence[str] | None = None,
        num_images: int = 4,
        num_inference_steps: int | Literal["auto"] = "auto",
        start_from: StartFrom | Literal["auto"] = "auto",
        start_timestep: int | Literal["auto"] = "auto",
        guidance_scale: float | Literal["auto"] = "auto",
        sampler: Sampler | Literal["auto"] = "auto",
        schedule: ScheduleName | Literal["auto"] = "auto",
        temperature: float | Literal["auto"] = "auto",
        roi: RoiMode | Literal["auto"] = "auto",
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        output_type: Literal["pil", "np", "pt"] = "pil",
        return_dict: bool = True,
        callback_on_step_end: StepCallback | None = None,
    ) -> PixelGuidedOutput | tuple[Any, NDArray[np.bool_]]:
        """Make candidates in which a picture follows a map (Alg. 1).

        Parameters
        ----------
        image : PIL.Image.Image or numpy.ndarray
            The picture, of S×S pixels: uint8 S×S×3 if it is an array.
        target_map : PIL.Image.Image or numpy.ndarray
            What it is to follow: class ids, uint8 S×S or a palette image.
        source_map : numpy.ndarray, optional
            The map before painting, uint8 S×S; by default what the segmenter reads.
        edit_classes : sequence of str, optional
            Q of eq. 7; see `Editor.edit`.
        num_images : int
            Candidates, 1 … 64.
        num_inference_steps, start_from, start_timestep, guidance_scale, sampler, schedule : Any
            See `EditSettings`.
        temperature, roi : Any
            See `EditSettings`.
        generator : torch.Generator or sequence of torch.Generator, optional
            One, from which a seed per candidate is drawn, or a CPU generator for each; by default
            every call differs.
        output_type : "pil", "np" or "pt"
            Pictures, uint8 N×S×S×3, or float32 N×3×S×S in [-1, 1].
        return_dict : bool
            Whether to return a `PixelGuidedOutput` instead of a tuple.
        callback_on_step_end : callable, optional
            Called as (pipeline, step, timestep, {"pred_original_sample": uint8 N×S×S×3}) after
            every step; an exception it raises stops the edit.

        Returns
        -------
        PixelGuidedOutput or tuple
            Images, ROI and scores; or (images, ROI).

        Raises
        ------
        InputError
            As `Editor.edit`, and for an unknown output type or another number of generators.
        """
        if output_type not in ("pil", "np", "pt"):
            raise InputError(f"output_type '{output_type}'", hint="Use pil, np or pt.")
        editor = self._editor()
        editor.set_image(image)

        # without one no previews are rendered
        on_progress: Progress | None = callback_on_step_end and (
            lambda state: callback_on_step_end(
                self, state["done"] - 1, state["t"], {"pred_original_sample": state["preview"]}
            )
        )
        result = editor.edit(
            LabelMap(np.asarray(target_map), editor.labels),
            source=None if source_map is None else LabelMap(np.asarray(source_map), editor.labels),
            edit_classes=edit_classes,
            generators=_per_candidate(generator, num_images),
            on_progress=on_progress,
            num_inference_steps=num_inference_steps,
            start_from=start_from,
            start_timestep=start_timestep,
            guidance_scale=guidance_scale,
            sampler=sampler,
            schedule=schedule,
            temperature=temperature,
            roi=roi,
        )
        stacked = np.stack([candidate.image for candidate in result.candidates])
        images: Any = stacked
        if output_type == "pil":
            images = [Image.fromarray(one) for one in stacked]
        elif output_type == "pt":
            images = to_model(stacked)
        if not return_dict:
            return images, result.roi
        return PixelGuidedOutput(
            images=images,
            roi=result.roi,
            roi_loss=[candidate.roi_loss for candidate in result.candidates],
            roi_accuracy=[candidate.roi_accuracy for candidate in result.candidates],
        )

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Save as every pipeline does, with the files that make the folder an `Editor`'s model.

        Parameters
        ----------
        save_directory : str or Path
            The model folder; its manifest is written last.
        **options : Any
            As of `diffusers.DiffusionPipeline.save_pretrained`.
        """
        folder = Path(save_directory)
        super().save_pretrained(folder, **options)
        for name, file in FILES.items():
            if content := self.config[name]:
                text = json.dumps(content, indent=2) + "\n"
                write_atomically(folder / file, text.encode())
            else:  # a file of the model that was in the folder before
                (folder / file).unlink(missing_ok=True)
        write_manifest(folder)

    def _editor(self) -> Editor:
        for bank in (self.segmenter, self.guide):
            bank.eval().requires_grad_(False).float()  # as the activations of any network are
        unet = freeze_layers(shared_network(self.unet))
        denoiser = Denoiser.from_parts(unet, self.scheduler, self.segmenter.taps)
        defaults = self.config.defaults
        return Editor(
            denoiser,
            self.segmenter,
            self.guide,
            self.label_set,
            EditDefaults.check("defaults", defaults) if defaults else None,
        )


def _per_candidate(
    generator: torch.Generator | Sequence[torch.Generator] | None, count: int
) -> list[torch.Generator]:
    """One CPU generator per candidate. From a single one seeds are drawn in order, so that
    candidate k is the same for every count; without one, fresh entropy."""
    if isinstance(generator, Sequence):
        if len(generator) != count:
            raise InputError(
                f"{len(generator)} generators for {count} images", "generator", "Give one each."
            )
        return list(generator)
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    seeds = torch.randint(2**62, (count,), generator=generator, device=generator.device)
    return [torch.Generator().manual_seed(int(seed)) for seed in seeds]
