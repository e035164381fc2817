"""The editor for those who know diffusers: a `DiffusionPipeline` over the same functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel
from diffusers.utils import BaseOutput
from numpy.typing import NDArray
from PIL import Image

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline_inputs import (
    Generators,
    as_output,
    as_picture,
    batched,
    images_per_picture,
    per_candidate,
    unstacked,
)
from pixelguide.edit.pipeline_modules import inference_parts
from pixelguide.edit.pipeline_scheduler import adopted_sampler
from pixelguide.edit.pipeline_steps import TENSORS, StepCallback, StepWatcher
from pixelguide.edit.progress import Steering
from pixelguide.edit.result import EditResult
from pixelguide.edit.saved_pipeline import SavedPipeline
from pixelguide.edit.settings import StartFrom
from pixelguide.errors import InputError
from pixelguide.guidance.region import RoiMode
from pixelguide.guidance.schedules import GuidanceUnit, Sampler, ScheduleName
from pixelguide.images import to_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.segment.classifier import ClassifierBank

Auto = Literal["auto"]


@dataclass
class PixelGuidedOutput(BaseOutput):  # type: ignore[misc]
    """images: the candidates, in the order of their generators and of the pictures, as
    `output_type` says. roi: bool H×W, True = may change; for lists of pictures B×H×W. roi_loss,
    roi_accuracy: one number per candidate."""

    images: list[Image.Image] | NDArray[np.float32] | torch.Tensor
    roi: NDArray[np.bool_]
    roi_loss: list[float]
    roi_accuracy: list[float]


class PixelGuidedPipeline(SavedPipeline):
    """Edits pictures by their label maps (Matsunaga et al. 2022, arXiv 2212.02024).

    `save_pretrained` and `from_pretrained` work as for every pipeline, and the model folders of
    this package are its format.

    Parameters
    ----------
    unet : UNet2DModel
        The network of the frozen prior, of pictures of S×S pixels.
    scheduler : DDPMScheduler
        Its noise levels. Another one that is put in its place says how steps are made, too (see
        `adopted_sampler`).
    segmenter : ClassifierBank
        The ensemble f_multi, which reads label maps.
    guide : ClassifierBank
        The classifiers {C_t}, one for each of some timesteps, whose gradients guide.
    labels : dict, optional
        The content of `labels.json`; by default this and the following are those of the pipeline
        whose `components` the segmenter was one of.
    defaults : dict, optional
        That of `edit.json`.
    domain : dict, optional
        That of `domain.json`, kept for the `Editor`.

    Raises
    ------
    InputError
        If nothing says what the classes are called.
    """

    model_cpu_offload_seq = "unet"
    _callback_tensor_inputs = TENSORS

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
        known = getattr(segmenter, "category", None) or {}
        given = {"labels": labels, "defaults": defaults, "domain": domain}
        own = {name: known.get(name) if value is None else value for name, value in given.items()}
        if own["labels"] is None:
            raise InputError("no labels", "model_index.json", "Give the content of labels.json.")
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, segmenter=segmenter, guide=guide)
        self.register_to_config(**own)
        self._interrupt, self._num_timesteps = False, 0
        self._guidance_scale: float | Auto = "auto"

    @property
    def label_set(self) -> LabelSet:
        """The classes of the category."""
        return LabelSet.from_json(json.dumps(self.config.labels))

    @property
    def guidance_scale(self) -> float | Literal["auto"]:
        """The scale s of the last call; a callback changes it by `_guidance_scale`."""
        return self._guidance_scale

    @property
    def num_timesteps(self) -> int:
        """Steps of the last call."""
        return self._num_timesteps

    @property
    def interrupt(self) -> bool:
        """Whether a callback ended the last call early, by setting `_interrupt`."""
        return self._interrupt

    @torch.no_grad()
    def __call__(
        self,
        image: Any,
        target_map: Any = None,
        source_map: Any = None,
        edit_classes: Sequence[str] | None = None,
        num_images: int | None = None,
        num_inference_steps: int | Auto = "auto",
        start_from: StartFrom | Auto = "auto",
        start_timestep: int | Auto = "auto",
        guidance_scale: float | Auto = "auto",
        guidance_unit: GuidanceUnit | Auto = "auto",
        sampler: Sampler | Auto = "auto",
        schedule: ScheduleName | Auto = "auto",
        temperature: float | Auto = "auto",
        roi: RoiMode | Auto = "auto",
        colours: Mapping[str, str] | None = None,
        num_images_per_prompt: int | None = None,
        generator: Generators = None,
        latents: torch.Tensor | None = None,
        output_type: Literal["pil", "np", "pt", "latent"] = "pil",
        return_dict: bool = True,
        callback_on_step_end: StepCallback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] | None = None,
    ) -> PixelGuidedOutput | tuple[Any, NDArray[np.bool_]]:
        """Make candidates in which a picture follows a map (Alg. 1).

        Parameters
        ----------
        image : PIL.Image.Image, numpy.ndarray or torch.Tensor, or list of these
            The picture, of S×S pixels: uint8 S×S×3, or float in [0, 1] as "np" and "pt" give it.
        target_map : PIL.Image.Image or numpy.ndarray, or list of these, optional
            What it is to follow: class ids, uint8 S×S or a palette image; by default its own map,
            where `colours` are asked for.
        source_map : numpy.ndarray, optional, or list of these
            The map before painting, uint8 S×S; by default what the segmenter reads.
        edit_classes : sequence of str, optional
            Q of eq. 7; see `Editor.edit`.
        num_images : int, optional
            Candidates of each picture, 1 … 64; 4 by default.
        num_inference_steps, start_from, start_timestep, guidance_scale : Any
            See `EditSettings`.
        guidance_unit, sampler, schedule, temperature, roi : Any
            See `EditSettings`; an automatic sampler is that of the scheduler, if it has one.
        colours : mapping of str to str, optional
            The colours that classes or groups are to have, see `EditSettings`.
        num_images_per_prompt : int, optional
            The same as `num_images`.
        generator : torch.Generator or sequence of torch.Generator, optional
            One, from which a seed per candidate is drawn, or one for each; by default every call
            differs.
        latents : torch.Tensor, optional
            Where the steps begin instead: float N×3×S×S with noise of t0.
        output_type : "pil", "np", "pt" or "latent"
            Pictures, float32 N×S×S×3 or N×3×S×S in [0, 1], or what the last step left in [-1, 1].
        return_dict : bool
            Whether to return a `PixelGuidedOutput` instead of a tuple.
        callback_on_step_end : callable, optional
            Called as (pipeline, step, timestep, tensors) after every step. `latents` of the dict
            that it returns are gone on with. With `pipeline._interrupt` the call ends, with the
            pictures as the prior expects them then; an exception it raises stops the edit.
        callback_on_step_end_tensor_inputs : sequence of str, optional
            Which tensors it is given: "latents", "pred_original_sample" (float32 N×3×S×S in
            [-1, 1]); by default both.

        Returns
        -------
        PixelGuidedOutput or tuple
            Images, ROI and scores; or (images, ROI).

        Raises
        ------
        InputError
            As `Editor.edit`, and for anything given that cannot be heeded.
        """
        if output_type not in ("pil", "np", "pt", "latent"):
            raise InputError(f"output_type '{output_type}'", hint="Use pil, np, pt or latent.")
        if latents is not None and start_from != "auto":
            raise InputError(f"latents and start_from '{start_from}'", hint="Give one of them.")
        several, pictures = batched(
            image=unstacked(image), target_map=target_map, source_map=source_map
        )
        count = images_per_picture(num_images, num_images_per_prompt)
        generators = per_candidate(generator, count, len(pictures))
        if latents is not None and len(latents) != len(generators):
            raise InputError(f"{len(latents)} latents for {len(generators)} images", "latents")
        settings: dict[str, Any] = {
            "num_inference_steps": num_inference_steps, "start_from": start_from,
            "start_timestep": start_timestep, "guidance_scale": guidance_scale,
            "guidance_unit": guidance_unit,
            "sampler": sampler, "schedule": schedule, "temperature": temperature, "roi": roi,
            "colours": dict(colours or {}),
        }  # fmt: skip
        if sampler == "auto":
            settings["sampler"] = adopted_sampler(self.scheduler) or "auto"
        self._interrupt, editor = False, self._editor()
        results: list[EditResult] = []
        left: list[torch.Tensor] = []
        for k, one in enumerate(pictures):
            own = slice(k * count, (k + 1) * count)
            editor.set_image(as_picture(one["image"]))
            target, source = (
                None if ids is None else LabelMap(np.asarray(ids), editor.labels)
                for ids in (one["target_map"], one["source_map"])
            )
            watcher = StepWatcher(self, callback_on_step_end, callback_on_step_end_tensor_inputs)
            start = None if latents is None else latents[own]
            try:
                result = editor.edit(
                    target,
                    source=source,
                    edit_classes=edit_classes,
                    generators=generators[own],
                    steering=Steering(watcher, start),
                    **settings,
                )
            finally:
                watcher.close()
            results.append(result)
            last = watcher.latents
            if last is None:  # what is only recoloured takes no step
                last = to_model(np.stack([candidate.image for candidate in result.candidates]))
            left.append(last)
            if self.interrupt:  # pictures that were not begun are left out
                break
        self.maybe_free_model_hooks()
        candidates = [candidate for result in results for candidate in result.candidates]
        images: Any = torch.cat(left)
        if output_type != "latent":
            images = as_output(np.stack([candidate.image for candidate in candidates]), output_type)
        region = np.stack([result.roi for result in results]) if several else results[0].roi
        if not return_dict:
            return images, region
        return PixelGuidedOutput(
            images=images,
            roi=region,
            roi_loss=[candidate.roi_loss for candidate in candidates],
            roi_accuracy=[candidate.roi_accuracy for candidate in candidates],
        )

    def _editor(self) -> Editor:
        parts = {name: getattr(self, name) for name in ("unet", "scheduler", "segmenter", "guide")}
        denoiser, segmenter, guide = inference_parts(parts, self._execution_device)
        labels, defaults = self.label_set, self.config.defaults
        if len(labels) != segmenter.num_classes:
            raise InputError(f"{len(labels)} labels for {segmenter.num_classes} classes", "labels")
        known = EditDefaults.check("defaults", defaults) if defaults else None
        return Editor(denoiser, segmenter, guide, labels, known)
