"""The editor: read a picture once, then edit it as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit import inpainting, interpolation
from pixelguide.edit.candidates import make_pictures
from pixelguide.edit.donor import Donor
from pixelguide.edit.dry_run import EditPlanner
from pixelguide.edit.inpainting import Behind, InpaintResult, InpaintSettings
from pixelguide.edit.interpolation import Interpolation, InterpolationSettings
from pixelguide.edit.plan import Plan
from pixelguide.edit.progress import UNSTEERED, Clock, Progress, Steering, step_watcher
from pixelguide.edit.result import Candidate, EditResult, circumstances
from pixelguide.edit.scoring import score_candidates
from pixelguide.edit.second_picture import second_picture
from pixelguide.edit.settings import EditSettings
from pixelguide.edit.wanted_colours import with_colours
from pixelguide.edit.watching import Candidates, OnStep, watch_of, watched_candidates
from pixelguide.guidance.guidance import unguided
from pixelguide.guidance.mean_colours import with_class_colours
from pixelguide.labels import LabelMap
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.map_sizes import reduced_mask
from pixelguide.photo.picture import AnyPicture
from pixelguide.photo.strength import at_strength
from pixelguide.seeds import generator


class Editor(EditPlanner):
    """Edits pictures by their label maps (Matsunaga et al. 2022, arXiv 2212.02024).

    Made by `from_pretrained`. `set_image` once; then `segment` and `edit` share what they learn
    about the picture.

    Parameters
    ----------
    denoiser : Denoiser
        The frozen prior, of pictures of S×S pixels.
    segmenter : PixelClassifiers
        The ensemble f_multi, which reads label maps.
    guide : PixelClassifiers
        The classifiers {C_t}, one for each of some timesteps, whose gradients guide.
    labels : LabelSet
        The classes of the category.
    defaults : EditDefaults, optional
        Its automatic settings; by default the paper's, carried over to S.
    model : dict of str, optional
        Name and hash of the model, repeated in the settings of every result.
    statistics : PictureStatistics, optional
        What the category's pictures are like; by default nothing is known of them.
    detail : DetailStep, optional
        What paints detail finer than S into photographs; by default nothing does.
    """

    def edit(
        self,
        target: LabelMap | str | Path | None = None,
        *,
        source: LabelMap | None = None,
        edit_classes: Sequence[str] | None = None,
        generators: Sequence[torch.Generator] | None = None,
        on_progress: Progress | None = None,
        steering: Steering = UNSTEERED,
        region: NDArray[np.bool_] | None = None,
        donor: Donor | None = None,
        **settings: Any,
    ) -> EditResult:
        """Make the picture follow a map (Alg. 1); outside the ROI not a bit changes.

        Parameters
        ----------
        target : LabelMap, str or Path, optional
            The repainted map or its PNG, of the picture's size S×S, or of the photograph's; by
            default `source`, where `colours` are asked for.
        source : LabelMap, optional
            The map that the target was painted from; by default `segment()`.
        edit_classes : sequence of str, optional
            Q of eq. 7: names of classes or groups; by default what changed but for the ground it
            was painted on (`edited_classes`).
        generators : sequence of torch.Generator, optional
            One CPU generator per candidate, instead of `seed` and `num_images`.
        on_progress : callable, optional
            Called after each step with {"stage", "done", "total", "t", "preview": uint8 N×S×S×3};
            an exception it raises ends the edit.
        steering : Steering
            How a program takes part in the steps, or where they begin.
        region : numpy.ndarray, optional
            What may change, bool S×S, before dilation; by default found as `roi` says.
        donor : Donor, optional
            Another picture (`open_donor`), whose parts the painted ones start from.
        **settings : Any
            Fields of `EditSettings`.

        Returns
        -------
        EditResult
            The candidates, in the order of their generators, and what reproduces them.

        Raises
        ------
        InputError
            If there is no picture, nothing to edit, or a setting is out of range.
        """
        if generators is not None:
            settings = {**settings, "num_images": len(generators)}
        chosen: EditSettings = EditSettings.check("settings", settings)
        subject, clock = self._opened(), Clock()
        with clock("segment"):
            source = source or self.segment()
        planned = self._planned(target, source, edit_classes, chosen, region, donor)
        plan, full = planned.plan, planned.full
        # the caller's generators decide, not a seed
        seeded: dict[str, Any] = {"seed": None} if generators else {}
        count = chosen.num_images if generators or plan.made.any() else 1
        generators = generators or [generator(chosen.seed, "candidate", k) for k in range(count)]
        colours = plan.class_colours(subject.image)
        usual = self.statistics.denoising if chosen.rank == "likely" else None

        def make(plan: Plan, numbers: Sequence[int], on_step: OnStep | None) -> Candidates:
            predict = self._predictor(plan.target, plan.made, plan.scale, plan.unit)
            predict = with_class_colours(predict, colours, plan.target, plan.made)
            own = [generators[k] for k in numbers]
            images = make_pictures(
                plan, subject, predict, self._denoiser.schedule, self._colours, own, clock,
                on_step, steering.x_t, planned.dyes,
            )  # fmt: skip
            images = at_strength(subject.image, images, chosen.strength)
            with clock("scoring"):
                found = score_candidates(
                    self._segmenter, self.image, images, plan.target, plan.roi,
                    usual.limit if usual else None, self.statistics.unlikely,
                )  # fmt: skip
            return tuple(replace(one, index=k) for one, k in zip(found, numbers, strict=True))

        candidates, watched = watched_candidates(
            make, plan, count, len(self._denoiser.schedule),
            watch_of(chosen, self.defaults, plan, steering),
            steering.on_step or step_watcher(on_progress),
        )  # fmt: skip
        candidates = with_colours(candidates, plan.target, colours, plan.roi)
        if watched:  # which start and scale alone would not bring back
            seeded |= {"max_passes": watched["max_passes"]}
        reproducible = chosen.model_dump() | planned.report() | seeded | self._circumstances(full)
        known = subject.known_familiarity if self.statistics.pictures else None
        return EditResult(
            candidates,
            deepcopy(plan.source),  # the caller may go on painting on it
            deepcopy(plan.target),
            plan.roi,
            reproducible,
            clock.seconds,
            full,
            subject.image,
            known.model_dump() if known else None,
            planned.region_report(),
            watched,
        )

    def score(
        self, images: NDArray[np.uint8], target: LabelMap, roi: NDArray[np.bool_]
    ) -> tuple[Candidate, ...]:
        """Measure by f_multi how well pictures follow a map.

        Parameters
        ----------
        images : numpy.ndarray
            The pictures, uint8 N×S×S×3 in RGB.
        target : LabelMap
            What they are to follow, S×S.
        roi : numpy.ndarray
            Where, bool S×S.

        Returns
        -------
        tuple of Candidate
            For each picture its scores in the ROI, and how many pixels outside differ.
        """
        return score_candidates(self._segmenter, self.image, images, target, roi)

    def interpolate(
        self,
        other: AnyPicture,
        *,
        roi: NDArray[np.bool_] | None = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> Interpolation:
        """Make frames on the way from the picture to another, such as an edit of it.

        Parameters
        ----------
        other : str, Path, PIL.Image.Image, numpy.ndarray or Photograph
            The last frame, uint8 S×S×3; for a part of a photograph all of an edit of it.
        roi : numpy.ndarray, optional
            Where the frames may change, bool S×S or H×W; by default where pictures differ, dilated.
        on_progress : callable, optional
            Called after each batch with {"stage", "done", "total"}; what it raises ends the work.
        **settings : Any
            Fields of `InterpolationSettings`.

        Returns
        -------
        Interpolation
            The frames, both pictures included.

        Raises
        ------
        InputError
            If there is no picture, the other cannot be read, or a setting is out of range.
        """
        chosen: InterpolationSettings = InterpolationSettings.check("settings", settings)
        dilation = self.defaults.dilation if chosen.dilation is None else chosen.dilation
        second, region, photographs = second_picture(self._opened(), other, roi, dilation)
        known = chosen.model_copy(update={"dilation": dilation})
        more = (on_progress, self._model, photographs)
        return interpolation.interpolate(self._denoiser, self.image, second, region, known, *more)

    def inpaint(
        self,
        mask: NDArray[np.bool_],
        *,
        behind: Behind = None,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> InpaintResult:
        """Paint a mask anew; outside it not a bit changes.

        Parameters
        ----------
        mask : numpy.ndarray
            What is painted anew, bool S×S or of the photograph's size.
        behind : LabelMap, sequence of str or "nearest", optional
            What to paint there: a map, classes to fill the mask with (see `fill_behind`), or those
            around it; None leaves it to the prior.
        on_progress : callable, optional
            As for `edit`.
        **settings : Any
            Fields of `InpaintSettings`.

        Returns
        -------
        InpaintResult
            The candidates, ranked where something was to be painted.

        Raises
        ------
        InputError
            If there is no picture, the mask is empty or of another size, or a setting is out of
            range.
        """
        chosen: InpaintSettings = InpaintSettings.check("settings", settings)
        subject, clock = self._opened(), Clock()
        if subject.placement:
            mask = reduced_mask(subject.placement, mask)
        roi = inpainting.masked_region(mask, self.size, chosen.dilation)
        full = subject.full_size(roi, chosen.dilation, chosen.seed)
        if isinstance(behind, LabelMap):
            behind = subject.at_model_size(behind)
        with clock("segment"):
            target = inpainting.target_behind(behind, roi, self.segment)
        scale = chosen.scale(self.defaults, mask, guided=target is not None)
        predict = unguided(self._denoiser)
        if target is not None:
            predict = self._predictor(target, roi, scale, chosen.unit(self.defaults))
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
            "guidance_unit": chosen.unit(self.defaults),
            "behind": inpainting.describe(behind),
            **self._circumstances(full),
        }
        known = self.familiarity().model_dump() if self.statistics.pictures else None
        return InpaintResult(
            self.image, images, roi, target, scores, reproducible, clock.seconds, full, known
        )

    def _circumstances(self, full: FullSize | None) -> dict[str, Any]:
        return circumstances(self._model, self._denoiser) | (full.report() if full else {})
