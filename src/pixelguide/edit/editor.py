"""The editor: read a picture once, then edit it as often as one likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pixelguide.devices import choose_device
from pixelguide.edit.guidance import GuidedDenoiser, guided, unguided
from pixelguide.edit.inversion import invert, reconstruct
from pixelguide.edit.region import composite, dilate, edited_classes, region_of_interest
from pixelguide.edit.result import Candidate, EditResult, versions
from pixelguide.edit.sampling import Step, sample_edit
from pixelguide.edit.scoring import score_candidates
from pixelguide.edit.settings import EditDefaults, EditSettings
from pixelguide.errors import InputError
from pixelguide.images import from_model, load_rgb, to_model, to_rgb
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.public.pull import fetched
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.seeds import generator
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.segmenter import Segmenter
from pixelguide.segment.storage import load_bank, load_labels

Progress = Callable[[dict[str, Any]], None]


class Editor:
    """Edits pictures by their label maps (Matsunaga et al. 2022, arXiv 2212.02024).

    `set_image` once; then `segment` and `edit` share what they learn about the picture.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        segmenter: ClassifierBank,
        guide: ClassifierBank,
        labels: LabelSet,
        defaults: EditDefaults | None = None,
        model: dict[str, str] | None = None,
    ) -> None:
        """model: name and hash, repeated in the settings of every result."""
        self.labels = labels
        self.defaults = defaults or EditDefaults.for_size(denoiser.size)
        self._denoiser, self._guide = denoiser, guide
        self._segmenter = Segmenter(denoiser, segmenter, labels)
        self._model = model or {}
        self._image: NDArray[np.uint8] | None = None
        self._label_map: LabelMap | None = None
        self._inversions: dict[tuple[int, int], Tensor] = {}

    @classmethod
    def from_pretrained(
        cls, model: str | Path = "portraits-64", device: str | torch.device = "auto"
    ) -> Editor:
        """Open a category by built-in or pulled name, or by folder.

        OWNER/NAME of the hub is fetched if it is not here yet. device: "auto" (CUDA, else MPS,
        else CPU) or what torch accepts. Raises InputError or SafetyError for a model that is
        missing, incomplete, damaged or unsafe.
        """
        folder = ModelFolder.open(fetched(model))
        place = choose_device(device)
        segmenter, guide = (load_bank(folder, name).to(place) for name in ("segmenter", "guide"))
        if segmenter.taps != guide.taps:
            raise InputError("segmenter and guide read different taps", "guide/config.json")
        denoiser = Denoiser.from_parts(folder.unet().to(place), folder.scheduler(), segmenter.taps)
        labels = load_labels(folder)
        if len(labels) != segmenter.config.num_classes:
            raise InputError(
                f"{len(labels)} labels for {segmenter.config.num_classes} classes", "labels.json"
            )
        defaults = None
        if folder.has("edit.json"):
            defaults = EditDefaults.check("edit.json", folder.json("edit.json"))
        described = {"name": Path(model).name, "hash": folder.hash}
        return cls(denoiser, segmenter, guide, labels, defaults, described)

    @property
    def size(self) -> int:
        """Side of the pictures this category works on, in pixels."""
        return self._denoiser.size

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture being edited, uint8 S×S×3. Raises InputError before `set_image`."""
        if self._image is None:
            raise InputError("no picture yet", "editor", "Call set_image first.")
        return self._image

    def set_image(self, image: NDArray[np.uint8] | Image.Image | str | Path) -> None:
        """Choose the picture: a file, a PIL image, or uint8 S×S×3. Forgets the one before.

        Raises InputError if it cannot be read or is not of the model's size.
        """
        where = "image"
        if isinstance(image, (str, Path)):
            where = Path(image).name
            image = load_rgb(image)
        elif isinstance(image, Image.Image):
            image = to_rgb(image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise InputError(
                f"array of shape {image.shape} and type {image.dtype}",
                where,
                "Give uint8 of shape H×W×3.",
            )
        height, width = image.shape[:2]
        if (height, width) != (self.size, self.size):
            raise InputError(
                f"{width}×{height} pixels, but the model works at {self.size}×{self.size}",
                where,
                f"Crop and resize the picture to {self.size}×{self.size}.",
            )
        self._image, self._label_map, self._inversions = image.copy(), None, {}

    def segment(self) -> LabelMap:
        """The picture's label map with its uncertainty, by f_multi. Computed once per picture."""
        if self._label_map is None:
            self._label_map = self._segmenter(self._x_0())[0]
        known = self._label_map
        return LabelMap(known.ids.copy(), known.labels, known.uncertainty)

    def edit(
        self,
        target: LabelMap,
        *,
        source: LabelMap | None = None,
        edit_classes: Sequence[str] | None = None,
        generators: Sequence[torch.Generator] | None = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> EditResult:
        """Make the picture follow `target`; outside the ROI not a bit changes.

        source: the map the target was painted from; by default `segment()`. edit_classes: Q of
        eq. 7; by default the classes that lost or gained pixels. generators: one CPU generator per
        candidate, instead of `seed` and `num_images`. on_progress: called after each step with
        {"stage", "done", "total", "t", "preview": uint8 N×S×S×3}; an exception it raises ends the
        edit. settings: the fields of `EditSettings`.

        Raises InputError when there is nothing to edit or a setting is out of range.
        """
        if generators is not None:
            settings = {**settings, "num_images": len(generators)}
        chosen: EditSettings = EditSettings.check("settings", settings)
        clock = _Clock()
        with clock("segment"):
            source = source or self.segment()
        self._check_maps(source, target)
        classes = tuple(edit_classes or edited_classes(source, target))
        bare = region_of_interest(source, target, classes, chosen.roi, dilation=0)
        dilation = self.defaults.dilation if chosen.dilation is None else chosen.dilation
        roi = dilate(bare, dilation)
        if (target.ids[roi] == IGNORE).all():
            raise InputError("no labelled pixel in the region to edit", "map", "Paint a class.")
        start, scale = self.defaults.choose(chosen, int(bare.sum()), len(self._denoiser.schedule))
        schedule = self._schedule(start, chosen.num_inference_steps)

        with clock("inversion"):
            x_t = self._inverted(start, chosen.num_inference_steps, schedule)
        if generators is None:
            generators = [generator(chosen.seed, "candidate", k) for k in range(chosen.num_images)]
        with clock("sampling"):
            inside = torch.from_numpy(roi).to(self._denoiser.device)
            x_edit = sample_edit(
                self._predictor(target, inside, scale), self._x_0(), x_t, inside, schedule, scale,
                generators, chosen.sampler, _told(on_progress),
            )  # fmt: skip
        images = composite(self.image, from_model(x_edit), roi)
        with clock("scoring"):
            candidates = self.score(images, target, roi)
        reproducible = {
            **chosen.model_dump(),
            "start_timestep": start,
            "guidance_scale": scale,
            "dilation": dilation,
            "edit_classes": list(classes),
            "model": self._model,
            "device": str(self._denoiser.device),
            "versions": versions(),
        }
        return EditResult(candidates, source, target, roi, reproducible, clock.seconds)

    def score(
        self, images: NDArray[np.uint8], target: LabelMap, roi: NDArray[np.bool_]
    ) -> tuple[Candidate, ...]:
        """How well each of `images` (uint8 N×S×S×3) follows `target` over `roi` (bool S×S), by
        f_multi, and how many pixels outside differ from the picture."""
        return score_candidates(self._segmenter, self.image, images, target, roi)

    def reconstruct(self, start_timestep: int, steps: int = 50) -> NDArray[np.uint8]:
        """The picture after inversion to t0 and DDIM decoding without any edit, uint8 S×S×3."""
        schedule = self._schedule(start_timestep, steps)
        x_t = self._inverted(start_timestep, steps, schedule)
        image: NDArray[np.uint8] = from_model(reconstruct(self._denoiser, x_t, schedule))[0]
        return image

    def _check_maps(self, *maps: LabelMap) -> None:
        for label_map in maps:
            if label_map.ids.shape != self.image.shape[:2]:
                height, width = label_map.ids.shape
                raise InputError(
                    f"map of {width}×{height} pixels for a picture of {self.size}×{self.size}",
                    "map",
                    "Both must have the same size.",
                )
            if label_map.labels.names != self.labels.names:
                raise InputError("map with classes of another category", "map", "Segment again.")

    def _predictor(self, target: LabelMap, inside: Tensor, scale: float) -> GuidedDenoiser:
        if scale == 0:
            return unguided(self._denoiser)
        wanted = torch.from_numpy(target.ids.astype(np.int64)).to(self._denoiser.device)
        return guided(self._denoiser, self._guide, wanted, inside)

    def _schedule(self, start: int, steps: int) -> Schedule:
        return self._denoiser.schedule.respaced(spaced_timesteps(start, steps))

    def _inverted(self, start: int, steps: int, schedule: Schedule) -> Tensor:
        """x_{t0}, computed once per picture, t0 and number of steps."""
        if (start, steps) not in self._inversions:
            self._inversions[start, steps] = invert(self._denoiser, self._x_0(), schedule)
        return self._inversions[start, steps]

    def _x_0(self) -> Tensor:
        return to_model(self.image, self._denoiser.device)


def _told(on_progress: Progress | None) -> Callable[[Step], None] | None:
    """`on_progress` as a watcher of the sampler."""
    if on_progress is None:
        return None
    return lambda step: on_progress(
        {
            "stage": "edit",
            "done": step.number,
            "total": step.total,
            "t": step.t,
            "preview": from_model(step.x_0),
        }
    )


class _Clock:
    """Seconds per stage, and in total."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._stages[stage] = time.monotonic() - began

    @property
    def seconds(self) -> dict[str, float]:
        return {**self._stages, "total": time.monotonic() - self._began}
