"""What an edit comes down to once its maps are known: region, start, strength and passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.colours import to_hex
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.settings import EditSettings, StartFrom
from pixelguide.errors import InputError
from pixelguide.guidance.class_colours import ClassColour, kept_colours
from pixelguide.guidance.class_cores import vanished_edges
from pixelguide.guidance.donated_parts import Donated
from pixelguide.guidance.flat_colours import Colours, flat_colours
from pixelguide.guidance.moved_parts import with_moved_parts
from pixelguide.guidance.painted_parts import WIDEST, specks, without_specks
from pixelguide.guidance.region import RoiMode, dilate, edited_classes, region_of_interest
from pixelguide.guidance.schedules import GuidanceUnit, StepPlan
from pixelguide.labels import IGNORE, LabelMap

SHOWN = 3
"""Classes named where there are many."""


@dataclass(frozen=True)
class Extent:
    """What an edit may change: the classes before and after where something is painted, the most
    first; the share of the square, 0 … 1; and specks of the map that are left as they were."""

    classes: tuple[str, ...]
    share: float
    specks: int

    def describe(self, of: str = "picture") -> str:
        """For people: "hair and skin: 9 % of the part"."""
        names = list(self.classes)
        if len(names) > SHOWN + 1:
            names = [*names[:SHOWN], f"{len(names) - SHOWN} others"]
        text = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        percent = f"{100 * self.share:.0f}" if self.share >= 0.01 else "less than 1"
        return f"{text}: {percent} % of the {of}"

    def report(self, of: str) -> dict[str, Any]:
        """As `report.json` states it. of: what the share is of."""
        return {
            "classes": list(self.classes),
            "share": round(self.share, 4),
            "of": of,
            "specks_left_out": self.specks,
            "text": self.describe(of),
        }


@dataclass(frozen=True)
class Plan:
    """An edit with nothing left open.

    source, target: the maps before and after painting. classes: Q of eq. 7. mode: how the region
    was found. painted, roi: the pixels that may change, bool S×S, before and after dilation by
    `dilation` pixels. made: those of the ROI that the steps make anew; the rest is only recoloured.
    edges: those of `painted` along edges that are to vanish (see `vanished_edges`).
    asked: colours that were asked for. large: whether the region counts as a large one. start,
    scale, unit, temperature, start_from: see `EditSettings`.
    donated: what another picture gives to the start.
    """

    source: LabelMap
    target: LabelMap
    classes: tuple[str, ...]
    mode: RoiMode
    painted: NDArray[np.bool_]
    roi: NDArray[np.bool_]
    made: NDArray[np.bool_]
    edges: NDArray[np.bool_]
    asked: tuple[ClassColour, ...]
    dilation: int
    large: bool
    start: int
    scale: float
    unit: GuidanceUnit
    temperature: float
    start_from: StartFrom
    step_plan: StepPlan
    donated: Donated | None = None

    def colours(self, image: NDArray[np.uint8], known: Colours) -> NDArray[np.uint8]:
        """`image` (uint8 S×S×3) as an edit from colours begins: flat where labels change (see
        `flat_colours`; `known`: colours of classes), and with the old pixels of parts that moved
        (see `with_moved_parts`), or those of a donor (see `donated_parts`)."""
        asked = {label: wanted.colour for wanted in self.asked for label in wanted.ids}
        flat = flat_colours(
            image, self.source, self.target, self.classes, self.painted, self.roi, known,
            "changed", asked, self.edges,
        )  # fmt: skip
        moved = with_moved_parts(flat, image, self.source, self.target, self.classes, self.roi)
        return self.donated.onto(moved) if self.donated else moved

    @property
    def passes(self) -> int:
        """Of the network, for one candidate: the inversion's, and the steps'."""
        inverted = self.step_plan.inversion_steps - 1 if self.start_from == "inversion" else 0
        return inverted + self.step_plan.steps

    def class_colours(self, image: NDArray[np.uint8]) -> tuple[ClassColour, ...]:
        """What colours classes of `image` (uint8 S×S×3) are to have: those asked for, and of the
        others that are edited or painted their own."""
        painted = self.target.ids[self.made & (self.source.ids != self.target.ids)]
        edited = {*self.target.labels.ids(self.classes), *map(int, np.unique(painted))}
        taken = {label for wanted in self.asked for label in wanted.ids}
        others = sorted(edited - taken - {IGNORE})
        return self.asked + kept_colours(
            image, self.source, self.target, others, self.made, self.edges
        )

    def report(self) -> dict[str, Any]:
        """What was chosen, for the settings that reproduce a result."""
        colours = {wanted.name: to_hex(wanted.colour) for wanted in self.asked}
        if not self.made.any():  # no step was made
            return {"edit_classes": [], "colours": colours, "dilation": self.dilation}
        return {
            "colours": colours,
            "num_inference_steps": self.step_plan.steps,
            "inversion_steps": self.step_plan.inversion_steps,
            "sampler": self.step_plan.sampler,
            "start_from": self.start_from,
            "start_timestep": self.start,
            "guidance_scale": self.scale,
            "guidance_unit": self.unit,
            "temperature": self.temperature,
            "roi": self.mode,
            "dilation": self.dilation,
            "edit_classes": list(self.classes),
        }

    def extent(self) -> Extent:
        """What may change, in words and numbers."""
        shown = np.concatenate([self.source.ids[self.painted], self.target.ids[self.painted]])
        counts = np.bincount(shown, minlength=IGNORE + 1)[: len(self.source.labels)]
        present = sorted(map(int, np.flatnonzero(counts)), key=lambda i: (-counts[i], i))
        stray = specks(self.source, self.target) & ~self.roi
        names = tuple(self.source.labels.names[i] for i in present)
        return Extent(names, float(self.roi.mean()), int(stray.sum()))


def plan_edit(
    source: LabelMap,
    target: LabelMap,
    classes: Sequence[str] | None,
    settings: EditSettings,
    defaults: EditDefaults,
    timesteps: int,
    photograph: bool = False,
    region: NDArray[np.bool_] | None = None,
    asked: Sequence[ClassColour] = (),
) -> Plan:
    """The plan of the edit from `source` to `target`, maps of one size.

    classes: names or groups, or one of them; None for `edited_classes`. timesteps: of the model,
    which t0 must not exceed. photograph: the picture is a part of one. region: what may change,
    bool of the maps' shape, before dilation; None to find it. asked: colours of classes, whose
    pixels may change too; those that keep their class are made anew only from a start that was
    chosen. Raises InputError when there is nothing to edit or a setting is out of range.
    """
    if isinstance(classes, str):
        classes = (classes,)
    recoloured = np.isin(target.ids, [label for wanted in asked for label in wanted.ids])
    mode: RoiMode = "classes"
    named: tuple[str, ...] = ()
    if asked and (source.ids == target.ids).all():
        painted = np.zeros_like(recoloured)
    else:
        mode, named, painted = _region(
            source, target, tuple(classes or ()), settings.roi, photograph
        )
        if region is not None:
            painted = _given(region, source, target)
    edges = np.zeros_like(painted)
    if mode == "parts":
        edges = vanished_edges(source, target, painted)
        if region is None:
            painted = painted | edges
        else:  # nothing beyond what was asked for
            edges &= painted
    if settings.start_timestep != "auto":
        painted = painted | recoloured
    dilation = defaults.dilation if settings.dilation is None else settings.dilation
    made, roi = dilate(painted, dilation), dilate(painted | recoloured, dilation)
    if (target.ids[roi] == IGNORE).all():
        raise InputError("no labelled pixel in the region to edit", "map", "Paint a class.")
    pixels = int((painted & ~edges).sum())
    start, scale = defaults.choose(settings, pixels, timesteps)
    large = defaults.is_large(pixels)
    start_from, temperature = settings.start_from, settings.temperature
    if start_from == "auto":
        start_from = defaults.start_of(large)
    if (
        temperature == "auto"
    ):  # an inversion is noise of temperature 1, which must not change on the way
        temperature = defaults.temperature_of(large) if start_from == "colours" else 1.0
    step_plan = settings.step_plan(start, large, start_from, defaults.steps_of(large, start_from))
    return Plan(
        source,
        target,
        named,
        mode,
        painted | recoloured,
        roi,
        made,
        edges,
        tuple(asked),
        dilation,
        large,
        start,
        scale,
        defaults.unit(settings),
        temperature,
        start_from,
        step_plan,
    )


def _region(
    source: LabelMap,
    target: LabelMap,
    classes: tuple[str, ...],
    mode: RoiMode | Literal["auto"],
    photograph: bool,
) -> tuple[RoiMode, tuple[str, ...], NDArray[np.bool_]]:
    """How the region is found, Q, and the region before dilation."""
    named = classes or edited_classes(source, target)
    if mode == "auto":
        whole = region_of_interest(source, target, named, "classes", dilation=0)
        wide = whole.sum() > WIDEST * (whole & (source.ids != target.ids)).sum()
        mode = "parts" if photograph or wide else "classes"
    if mode == "parts":  # specks name no class
        named = classes or edited_classes(source, without_specks(source, target))
    return mode, named, region_of_interest(source, target, named, mode, dilation=0)


def _given(region: NDArray[np.bool_], source: LabelMap, target: LabelMap) -> NDArray[np.bool_]:
    """A region that was asked for. Raises InputError where none could be edited."""
    if region.shape != source.ids.shape or region.dtype != np.bool_:
        raise InputError(
            f"array of shape {region.shape} and type {region.dtype}",
            "region",
            f"Give bool of shape {source.ids.shape}.",
        )
    if not (region & (source.ids != target.ids)).any():
        raise InputError("nothing to edit: no pixel of it changed", "region", "Take in others.")
    return region
