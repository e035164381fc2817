"""The editor: read a picture once, then edit it as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit import inpainting, interpolation
from pixelguide.edit.candidates import make_pictures
from pixelguide.edit.inpainting import Behind, InpaintResult, InpaintSettings
from pixelguide.edit.interpolation import Interpolation, InterpolationSettings
from pixelguide.edit.opening import open_category
from pixelguide.edit.plan import plan_edit
from pixelguide.edit.progress import Clock, Progress, step_watcher
from pixelguide.edit.result import Candidate, EditResult, circumstances
from pixelguide.edit.scoring import score_candidates
from pixelguide.edit.settings import EditDefaults, EditSettings
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.guidance import GuidedDenoiser, guided, unguided
from pixelguide.guidance.inversion import reconstruct
from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.framing import Placement, Point
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.map_sizes import reduced_mask
from pixelguide.photo.paste_back import grey
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.picture import AnyPicture, Crop, Picture, place, read_photograph, read_picture
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS, InferenceOptions
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.seeds import generator
from pixelguide.segment.picture_statistics import Familiarity, PictureStatistics
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.segmenter import Segmenter


class Editor:
    """Edits pictures by their label maps (Matsunaga et al. 2022, arXiv 2212.02024).

    `set_image` once; then `segment` and `edit` share what they learn about the picture.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        segmenter: PixelClassifiers,
        guide: PixelClassifiers,
        labels: LabelSet,
        defaults: EditDefaults | None = None,
        model: dict[str, str] | None = None,
        statistics: PictureStatistics | None = None,
    ) -> None:
        """model: name and hash, repeated in the settings of every result. statistics: what the
        category's pictures are like."""
        self.labels = labels
        self.defaults = defaults or EditDefaults.for_size(denoiser.size)
        self.statistics = statistics or PictureStatistics()
        self._denoiser, self._guide = denoiser, guide
        self._segmenter = Segmenter(denoiser, segmenter, labels)
        self._colours = {
            labels.id(name): np.array(colour, np.float64)
            for name, colour in self.defaults.colours.items()
        }
        self._model = model or {}
        self._subject: Subject | None = None

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = "portraits-64",
        device: str | torch.device = "auto",
        options: InferenceOptions = DEFAULT_OPTIONS,
    ) -> Self:
        """Open a category by built-in or pulled name, or by folder.

        OWNER/NAME of the hub is fetched if it is not here yet. device: "auto" (CUDA, else MPS,
        else CPU) or what torch accepts. options: see `prior.kernels.options`. Raises
        InputError or SafetyError for a model that is missing, incomplete, damaged or unsafe.
        """
        return cls(**vars(open_category(model, device, options)))

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
        return self._opened().image

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
            placement = place(read_photograph(image), self.size, crop, eyes, self.statistics.eyes)
            picture = placement.extract()
            if self.statistics.grey:
                picture = grey(picture)
        self._subject = Subject(
            self._denoiser, self._segmenter, self.statistics, picture, placement
        )

    @property
    def placement(self) -> Placement | None:
        """Where the picture lies in its photograph; None for one of the model's own size."""
        return self._subject.placement if self._subject else None

    def segment(self) -> LabelMap:
        """The picture's label map with its uncertainty, by f_multi. Computed once per picture."""
        return self._opened().segment()

    def familiarity(self) -> Familiarity:
        """How far the picture lies from those the category was made for: better known before an
        edit than after. Computed once per picture."""
        return self._opened().familiarity()

    def edit(
        self,
        target: LabelMap | str | Path,
        *,
        source: LabelMap | None = None,
        edit_classes: Sequence[str] | None = None,
        generators: Sequence[torch.Generator] | None = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> EditResult:
        """Make the picture follow `target`, a map or its PNG; outside the ROI not a bit changes.

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
        subject, clock = self._opened(), Clock()
        if not isinstance(target, LabelMap):
            target = LabelMap.load(target, self.labels)
        with clock("segment"):
            source = source or self.segment()
        try:
            source = subject.at_model_size(source)
        except InputError as error:
            raise InputError(error.what, "source map", error.hint) from None
        target = subject.at_model_size(target, source)
        timesteps = len(self._denoiser.schedule)
        plan = plan_edit(source, target, edit_classes, chosen, self.defaults, timesteps)
        full = subject.full_size(plan.roi, plan.dilation)
        seeded: dict[str, None] = {}
        if generators is None:
            generators = [generator(chosen.seed, "candidate", k) for k in range(chosen.num_images)]
        else:
            seeded["seed"] = None  # the caller knows what they drew from
        images = make_pictures(
            plan, subject, self._predictor(target, plan.roi, plan.scale),
            self._denoiser.schedule, self._colours, generators, clock, step_watcher(on_progress),
        )  # fmt: skip
        with clock("scoring"):
            candidates = self.score(images, target, plan.roi)
        reproducible = {
            **chosen.model_dump(),
            **plan.report(),
            **seeded,
            **self._circumstances(full),
        }
        known = subject.known_familiarity if self.statistics.pictures else None
        return EditResult(
            candidates,
            deepcopy(source),  # the caller may paint on
            deepcopy(target),
            plan.roi,
            reproducible,
            clock.seconds,
            full,
            subject.image,
            known.model_dump() if known else None,
        )

    def score(
        self, images: NDArray[np.uint8], target: LabelMap, roi: NDArray[np.bool_]
    ) -> tuple[Candidate, ...]:
        """How well each of `images` (uint8 N×S×S×3) follows `target` over `roi` (bool S×S), by
        f_multi, and how many pixels outside differ from the picture."""
        return score_candidates(self._segmenter, self.image, images, target, roi)

    def reconstruct(self, start_timestep: int, steps: int = 50) -> NDArray[np.uint8]:
        """The picture after inversion to t0 and DDIM decoding without any edit, uint8 S×S×3."""
        schedule = self._denoiser.schedule.respaced(spaced_timesteps(start_timestep, steps))
        x_t = self._opened().inverted(start_timestep, steps)
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
        subject, clock = self._opened(), Clock()
        if subject.placement:
            mask = reduced_mask(subject.placement, mask)
        roi = inpainting.masked_region(mask, self.size, chosen.dilation)
        full = subject.full_size(roi, chosen.dilation)
        if isinstance(behind, LabelMap):
            behind = subject.at_model_size(behind)
        with clock("segment"):
            target = inpainting.target_behind(behind, roi, self.segment)
        scale = chosen.scale(self.defaults, mask, guided=target is not None)
        predict = unguided(self._denoiser)
        if target is not None:
            predict = self._predictor(target, roi, scale)
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
            "behind": inpainting.describe(behind),
            **self._circumstances(full),
        }
        known = self.familiarity().model_dump() if self.statistics.pictures else None
        return InpaintResult(
            self.image, images, roi, target, scores, reproducible, clock.seconds, full, known
        )

    def _circumstances(self, full: FullSize | None) -> dict[str, Any]:
        return circumstances(self._model, self._denoiser) | (full.report() if full else {})

    def _predictor(self, target: LabelMap, roi: NDArray[np.bool_], scale: float) -> GuidedDenoiser:
        if scale == 0:
            return unguided(self._denoiser)
        device = self._denoiser.device
        wanted = torch.from_numpy(target.ids.astype(np.int64)).to(device)
        return guided(self._denoiser, self._guide, wanted, torch.from_numpy(roi).to(device))

    def _opened(self) -> Subject:
        if self._subject is None:
            raise InputError("no picture yet", "editor", "Call set_image first.")
        return self._subject
