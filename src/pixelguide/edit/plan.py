"""What an edit comes down to once its maps are known: region, start, strength and passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.settings import EditDefaults, EditSettings, StartFrom
from pixelguide.errors import InputError
from pixelguide.guidance.flat_colours import Colours, flat_colours
from pixelguide.guidance.moved_parts import with_moved_parts
from pixelguide.guidance.region import dilate, edited_classes, region_of_interest
from pixelguide.guidance.schedules import StepPlan
from pixelguide.labels import IGNORE, LabelMap


@dataclass(frozen=True)
class Plan:
    """An edit with nothing left open.

    source, target: the maps before and after painting. classes: Q of eq. 7. painted, roi: the
    pixels that may change, bool S×S, before and after dilation by `dilation` pixels. start,
    scale, temperature, start_from: see `EditSettings`.
    """

    source: LabelMap
    target: LabelMap
    classes: tuple[str, ...]
    painted: NDArray[np.bool_]
    roi: NDArray[np.bool_]
    dilation: int
    start: int
    scale: float
    temperature: float
    start_from: StartFrom
    step_plan: StepPlan

    def colours(self, image: NDArray[np.uint8], known: Colours) -> NDArray[np.uint8]:
        """`image` (uint8 S×S×3) as an edit from colours begins: flat where labels change (see
        `flat_colours`; `known`: colours of classes), and with the old pixels of parts that moved
        (see `with_moved_parts`)."""
        flat = flat_colours(
            image, self.source, self.target, self.classes, self.painted, self.roi, known, "changed"
        )
        return with_moved_parts(flat, image, self.source, self.target, self.classes, self.roi)

    def report(self) -> dict[str, Any]:
        """What was chosen, for the settings that reproduce a result."""
        return {
            "num_inference_steps": self.step_plan.steps,
            "inversion_steps": self.step_plan.inversion_steps,
            "sampler": self.step_plan.sampler,
            "start_from": self.start_from,
            "start_timestep": self.start,
            "guidance_scale": self.scale,
            "temperature": self.temperature,
            "dilation": self.dilation,
            "edit_classes": list(self.classes),
        }


def plan_edit(
    source: LabelMap,
    target: LabelMap,
    classes: Sequence[str] | None,
    settings: EditSettings,
    defaults: EditDefaults,
    timesteps: int,
) -> Plan:
    """The plan of the edit from `source` to `target`, maps of one size.

    classes: names or groups, or one of them; None for `edited_classes`. timesteps: of the model,
    which t0 must not exceed. Raises InputError when there is nothing to edit or a setting is out of
    range.
    """
    if isinstance(classes, str):
        classes = (classes,)
    named = tuple(classes or edited_classes(source, target))
    painted = region_of_interest(source, target, named, settings.roi, dilation=0)
    dilation = defaults.dilation if settings.dilation is None else settings.dilation
    roi = dilate(painted, dilation)
    if (target.ids[roi] == IGNORE).all():
        raise InputError("no labelled pixel in the region to edit", "map", "Paint a class.")
    pixels = int(painted.sum())
    start, scale = defaults.choose(settings, pixels, timesteps)
    start_from, temperature = settings.start_from, settings.temperature
    if start_from == "auto":
        start_from = defaults.start_from
    if (
        temperature == "auto"
    ):  # an inversion is noise of temperature 1, which must not change on the way
        temperature = defaults.temperature if start_from == "colours" else 1.0
    step_plan = settings.step_plan(start, defaults.is_large(pixels), start_from)
    return Plan(
        source,
        target,
        named,
        painted,
        roi,
        dilation,
        start,
        scale,
        temperature,
        start_from,
        step_plan,
    )
