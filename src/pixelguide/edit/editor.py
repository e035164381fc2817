"""The editor: read a picture once, then edit it as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.devices import choose_device
from pixelguide.edit import inpainting, interpolation
from pixelguide.edit.framing import Placement, Point
from pixelguide.edit.full_size import FullSize
from pixelguide.edit.guidance import GuidedDenoiser, guided, unguided
from pixelguide.edit.inpainting import Behind, InpaintResult, InpaintSettings
from pixelguide.edit.interpolation import Interpolation, InterpolationSettings
from pixelguide.edit.inversion import invert, reconstruct
from pixelguide.edit.map_sizes import reduced_map, reduced_mask
from pixelguide.edit.picture import AnyPicture, Crop, Picture, place, read_photograph, read_picture
from pixelguide.edit.progress import Clock, Progress, step_watcher
from pixelguide.edit.putting_back import grey
from pixelguide.edit.region import composite, dilate, edited_classes, region_of_interest
from pixelguide.edit.result import Candidate, EditResult, versions
from pixelguide.edit.sampling import noised_start, sample_edit
from pixelguide.edit.scoring import score_candidates
from pixelguide.edit.settings import EditDefaults, EditSettings
from pixelguide.edit.strokes import flat_colours
from pixelguide.errors import InputError
from pixelguide.images import from_model, to_model
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.photographs import Photograph
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.public.pull import fetched
from pixelguide.prior.schedule import Schedule, Spacing, spaced_timesteps
from pixelguide.prior.speed import FAST, Speed, prepare
from pixelguide.seeds import generator
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.domain import Domain, Familiarity, familiarity, load_domain
from pixelguide.segment.segmenter import Segmenter
from pixelguide.segment.storage import load_bank, load_labels


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
        domain: Domain | None = None,
    ) -> None:
        """model: name and hash, repeated in the settings of every result. domain: what the
        category's pictures are like."""
        self.labels = labels
        self.defaults = defaults or EditDefaults.for_size(denoiser.size)
        self.domain = domain or Domain()
        self._denoiser, self._guide = denoiser, guide
        self._segmenter = Segmenter(denoiser, segmenter, labels)
        self._colours = {
            labels.id(name): np.array(colour, np.float64)
            for name, colour in self.defaults.colours.items()
        }
        self._model = model or {}
        self._image: NDArray[np.uint8] | None = None
        self._placement: Placement | None = None
        self._label_map: LabelMap | None = None
        self._inversions: dict[tuple[int, int], Tensor] = {}
        self._familiarity: Familiarity | None = None

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = "portraits-64",
        device: str | torch.device = "auto",
        speed: Speed = FAST,
    ) -> Editor:
        """Open a category by built-in or pulled name, or by folder.

        OWNER/NAME of the hub is fetched if it is not here yet. device: "auto" (CUDA, else MPS,
        else CPU) or what torch accepts. speed: see `prior.speed`. Raises InputError or SafetyError
        for a model that is missing, incomplete, damaged or unsafe.
        """
        folder = ModelFolder.open(fetched(model))
        place = choose_device(device)
        segmenter, guide = (load_bank(folder, name).to(place) for name in ("segmenter", "guide"))
        if segmenter.taps != guide.taps:
            raise InputError("segmenter and guide read different taps", "guide/config.json")
        unet = prepare(folder.unet(), place, speed)
        denoiser = Denoiser.from_parts(
            unet, folder.scheduler(), segmenter.taps, speed.compile, speed.graphs
        )
        labels = load_labels(folder)
        if len(labels) != segmenter.config.num_classes:
            raise InputError(
                f"{len(labels)} labels for {segmenter.config.num_classes} classes", "labels.json"
            )
        defaults = None
        if folder.has("edit.json"):
            defaults = EditDefaults.check("edit.json", folder.json("edit.json"))
        described = {"name": Path(model).name, "hash": folder.hash}
        domain = load_domain(folder)
        return cls(denoiser, segmenter, guide, labels, defaults, described, domain)

    @property
    def denoiser(self) -> Denoiser:
        """The frozen prior."""
        return self._denoiser

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

    def set_image(
        self,
        image: AnyPicture,
        *,
        crop: Crop | None = None,
        eyes: tuple[Point, Point] | None = None,
    ) -> None:
        """Choose the picture: a file, a PIL image, or an array. Forgets the one before.

        Without `crop` and `eyes` it has the model's size (uint8 S×S×3). crop: the part of a
        photograph to edit, as a `Frame`, (x, y, size), (x, y, size, angle), or "auto" for all of a
        square one. eyes: both eyes of a face, in pixels, left and right as seen; the part is chosen
        so that they lie where the category has them. Results then have the photograph's size too.

        Raises InputError if it cannot be read, or is not of the model's size without a crop.
        """
        placement = None
        if crop is None and eyes is None and not isinstance(image, Photograph):
            picture = read_picture(image, self.size)
        else:
            placement = place(read_photograph(image), self.size, crop, eyes, self.domain.eyes)
            picture = placement.extract()
            if self.domain.grey:
                picture = grey(picture)
        self._image, self._placement = picture, placement
        self._label_map, self._inversions, self._familiarity = None, {}, None

    @property
    def placement(self) -> Placement | None:
        """Where the picture lies in its photograph; None for one of the model's own size."""
        return self._placement

    def segment(self) -> LabelMap:
        """The picture's label map with its uncertainty, by f_multi. Computed once per picture."""
        if self._label_map is None:
            self._label_map = self._segmenter(self._x_0())[0]
        known = self._label_map
        return LabelMap(known.ids.copy(), known.labels, known.uncertainty)

    def familiarity(self) -> Familiarity:
        """How far the picture lies from those the category was made for: better known before an
        edit than after. Computed once per picture."""
        if self._familiarity is None:
            self._familiarity = familiarity(
                self._denoiser, self.domain, self._x_0(), self.segment()
            )
        return self._familiarity

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
        eq. 7; by default what changed but for the ground it was painted on (`edited_classes`).
        generators: one CPU generator per candidate, instead of `seed` and `num_images`.
        on_progress: called after each step with
        {"stage", "done", "total", "t", "preview": uint8 N×S×S×3}; an exception it raises ends the
        edit. settings: the fields of `EditSettings`.

        Raises InputError when there is nothing to edit or a setting is out of range.
        """
        if generators is not None:
            settings = {**settings, "num_images": len(generators)}
        chosen: EditSettings = EditSettings.check("settings", settings)
        clock = Clock()
        with clock("segment"):
            source = source or self.segment()
        source = self._at_model_size(source)
        target = self._at_model_size(target, source)
        classes = tuple(edit_classes or edited_classes(source, target))
        bare = region_of_interest(source, target, classes, chosen.roi, dilation=0)
        dilation = self.defaults.dilation if chosen.dilation is None else chosen.dilation
        roi = dilate(bare, dilation)
        if (target.ids[roi] == IGNORE).all():
            raise InputError("no labelled pixel in the region to edit", "map", "Paint a class.")
        full = self._full_size(roi, dilation)
        start, scale = self.defaults.choose(chosen, int(bare.sum()), len(self._denoiser.schedule))
        start_from = self.defaults.start_from if chosen.start_from == "auto" else chosen.start_from
        passes = chosen.passes(start, self.defaults.is_large(int(bare.sum())), start_from)
        schedule = self._schedule(start, passes.steps, passes.spacing)

        if generators is None:
            generators = [generator(chosen.seed, "candidate", k) for k in range(chosen.num_images)]
        if start_from == "colours":
            painted = flat_colours(self.image, source, target, classes, bare, roi, self._colours,
                                   "changed")  # fmt: skip
            x_t = noised_start(to_model(painted, self._denoiser.device), schedule, generators)
        else:
            with clock("inversion"):
                x_t = self._inverted(start, passes.inversion_steps)
        with clock("sampling"):
            inside = torch.from_numpy(roi).to(self._denoiser.device)
            x_edit = sample_edit(
                self._predictor(target, inside, scale), self._x_0(), x_t, inside, schedule, scale,
                generators, passes.sampler, step_watcher(on_progress),
            )  # fmt: skip
        images = composite(self.image, from_model(x_edit), roi)
        with clock("scoring"):
            candidates = self.score(images, target, roi)
        reproducible = {
            **chosen.model_dump(),
            "num_inference_steps": passes.steps,
            "inversion_steps": passes.inversion_steps,
            "sampler": passes.sampler,
            "start_from": start_from,
            "start_timestep": start,
            "guidance_scale": scale,
            "dilation": dilation,
            "edit_classes": list(classes),
            "model": self._model,
            "device": str(self._denoiser.device),
            "precision": str(self._denoiser.unet.dtype).removeprefix("torch."),
            "versions": versions(),
            **(full.report() if full else {}),
        }
        known = self.familiarity().model_dump() if self.domain.pictures else None
        return EditResult(
            candidates, source, target, roi, reproducible, clock.seconds, full, self.image, known
        )

    def score(
        self, images: NDArray[np.uint8], target: LabelMap, roi: NDArray[np.bool_]
    ) -> tuple[Candidate, ...]:
        """How well each of `images` (uint8 N×S×S×3) follows `target` over `roi` (bool S×S), by
        f_multi, and how many pixels outside differ from the picture."""
        return score_candidates(self._segmenter, self.image, images, target, roi)

    def reconstruct(self, start_timestep: int, steps: int = 50) -> NDArray[np.uint8]:
        """The picture after inversion to t0 and DDIM decoding without any edit, uint8 S×S×3."""
        schedule = self._schedule(start_timestep, steps)
        x_t = self._inverted(start_timestep, steps)
        image: NDArray[np.uint8] = from_model(reconstruct(self._denoiser, x_t, schedule))[0]
        return image

    def interpolate(
        self,
        other: Picture,
        *,
        roi: NDArray[np.bool_] | None = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> Interpolation:
        """Frames on the way from the picture to `other`, such as an edit of it.

        roi: bool S×S, where the frames may change; by default where the two pictures differ,
        dilated. settings: the fields of `InterpolationSettings`. See `interpolation.interpolate`.
        """
        chosen: InterpolationSettings = InterpolationSettings.check("settings", settings)
        second = read_picture(other, self.size)
        dilation = self.defaults.dilation if chosen.dilation is None else chosen.dilation
        region = interpolation.differing_region(self.image, second, roi, dilation)
        known = chosen.model_copy(update={"dilation": dilation})
        return interpolation.interpolate(
            self._denoiser, self.image, second, region, known, on_progress, self._model
        )

    def inpaint(
        self,
        mask: NDArray[np.bool_],
        *,
        behind: Behind = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> InpaintResult:
        """Paint `mask` (bool S×S) anew; outside it not a bit changes.

        behind: what to paint there, as a map, as classes to fill the mask with (see `fill_behind`),
        or "nearest" for those around it; None leaves it to the prior. on_progress: as for `edit`.
        settings: the fields of `InpaintSettings`.
        """
        chosen: InpaintSettings = InpaintSettings.check("settings", settings)
        clock = Clock()
        if self._placement:
            mask = reduced_mask(self._placement, mask)
        roi = inpainting.masked_region(mask, self.size, chosen.dilation)
        full = self._full_size(roi, chosen.dilation)
        with clock("segment"):
            target = inpainting.target_behind(behind, roi, self.segment)
        scale = chosen.scale(self.defaults, roi, guided=target is not None)
        predict = unguided(self._denoiser)
        if target is not None:
            target = self._at_model_size(target)
            inside = torch.from_numpy(roi).to(self._denoiser.device)
            predict = self._predictor(target, inside, scale)
        with clock("sampling"):
            images = inpainting.inpaint(
                self._denoiser, predict, self.image, roi, chosen, scale, on_progress
            )
        with clock("scoring"):
            scores = () if target is None else self.score(images, target, roi)
        reproducible = {
            **chosen.model_dump(),
            "start_timestep": chosen.start(len(self._denoiser.schedule)),
            "guidance_scale": scale,
            "model": self._model,
            "device": str(self._denoiser.device),
            "versions": versions(),
            **(full.report() if full else {}),
        }
        return InpaintResult(
            self.image, images, roi, target, scores, reproducible, clock.seconds, full
        )

    def _at_model_size(self, label_map: LabelMap, known: LabelMap | None = None) -> LabelMap:
        """A map of the picture, S×S; one of its photograph's or crop's size is reduced, `known`
        (by default what the model reads) telling what lies beyond and breaking ties."""
        if label_map.labels.names != self.labels.names:
            raise InputError("map with classes of another category", "map", "Segment again.")
        if label_map.ids.shape == self.image.shape[:2]:
            return label_map
        if self._placement:
            return reduced_map(self._placement, label_map, known or self.segment())
        height, width = label_map.ids.shape
        raise InputError(
            f"map of {width}×{height} pixels for a picture of {self.size}×{self.size}",
            "map",
            "Both must have the same size.",
        )

    def _full_size(self, roi: NDArray[np.bool_], feather: int) -> FullSize | None:
        """The way of results back into the photograph, if there is one. Raises InputError when
        nothing of the ROI lies in it."""
        if self._placement is None:
            return None
        full = FullSize(self._placement, self.image, roi, feather, self.domain.grey)
        if not full.region.any():
            raise InputError("the edit lies outside the picture", "crop", "Give another crop.")
        return full

    def _predictor(self, target: LabelMap, inside: Tensor, scale: float) -> GuidedDenoiser:
        if scale == 0:
            return unguided(self._denoiser)
        wanted = torch.from_numpy(target.ids.astype(np.int64)).to(self._denoiser.device)
        return guided(self._denoiser, self._guide, wanted, inside)

    def _schedule(self, start: int, steps: int, spacing: Spacing = "linspace") -> Schedule:
        return self._denoiser.schedule.respaced(spaced_timesteps(start, steps, spacing))

    def _inverted(self, start: int, steps: int) -> Tensor:
        """x_{t0}, computed once per picture, t0 and number of steps."""
        if (start, steps) not in self._inversions:
            schedule = self._schedule(start, steps)
            self._inversions[start, steps] = invert(self._denoiser, self._x_0(), schedule)
        return self._inversions[start, steps]

    def _x_0(self) -> Tensor:
        return to_model(self.image, self._denoiser.device)
