"""What an edit would change, told and drawn before it is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.donor import Donor, from_colours
from pixelguide.edit.plan import Plan, plan_edit
from pixelguide.edit.reader import PictureReader
from pixelguide.edit.settings import EditSettings
from pixelguide.edit.wanted_colours import asked_colours
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.guidance.recolouring import Recolouring, recolouring
from pixelguide.guidance.region import dilate
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Point
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.photograph import to_eight_bits
from pixelguide.photo.picture import AnyPicture, Crop

PREVIEW = "preview.png"
DIMMED = 2
"""The brightness outside the region is divided by it."""
LINE = (255, 0, 255)


@dataclass(frozen=True)
class PlannedEdit:
    """The maps, the plan, the way back into a photograph if there is one, and the dyes of what is
    recoloured."""

    plan: Plan
    full: FullSize | None
    dyes: Recolouring | None = None
    donor: Donor | None = None

    @property
    def of(self) -> str:
        """What the region is a share of."""
        return "part" if self.full else "picture"

    def report(self) -> dict[str, Any]:
        """What was chosen, for the settings that reproduce a result."""
        return self.plan.report() | ({"donor": self.donor.report()} if self.donor else {})

    def region_report(self) -> dict[str, Any]:
        """What may change, as `report.json` states it."""
        return self.plan.extent().report(self.of)


@dataclass(frozen=True)
class DryRun:
    """The region of an edit that was not made.

    Parameters
    ----------
    picture : numpy.ndarray
        The whole picture, uint8 H×W×3 in RGB.
    roi : numpy.ndarray
        What may change in it, bool H×W.
    settings : dict
        What would be chosen.
    region : dict
        What may change, in words and numbers.
    """

    picture: NDArray[np.uint8]
    roi: NDArray[np.bool_]
    settings: dict[str, Any]
    region: dict[str, Any]

    def drawn(self) -> NDArray[np.uint8]:
        """Draw the region over the picture, which is darker around it.

        Returns
        -------
        numpy.ndarray
            The preview, uint8 H×W×3 in RGB.
        """
        shown = np.where(self.roi[..., None], self.picture, self.picture // DIMMED)
        width = max(1, round(max(self.roi.shape) / 500))
        shown[dilate(self.roi, width) & ~self.roi] = LINE
        return shown

    def save(self, folder: str | Path) -> dict[str, Any]:
        """Write roi.png (white = may change), preview.png, and dry-run.json last.

        Parameters
        ----------
        folder : str or Path
            Where to write; it is made if it is not there.

        Returns
        -------
        dict
            The content of dry-run.json.

        Raises
        ------
        InputError
            If the folder cannot be written.
        """
        folder = Path(folder)
        report = {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            "region": self.region,
        }
        save_png(folder / "roi.png", self.roi.astype(np.uint8) * 255)
        save_png(folder / PREVIEW, self.drawn())
        text = json.dumps(report, indent=2) + "\n"
        write_atomically(folder / "dry-run.json", text.encode())
        return report


class EditPlanner(PictureReader):
    """A reader that knows what an edit would change."""

    def open_donor(
        self,
        picture: AnyPicture,
        *,
        crop: Crop | None = None,
        eyes: tuple[Point, Point] | None = None,
    ) -> Donor:
        """Open another picture, whose parts edits may start from.

        Parameters
        ----------
        picture : str, Path, PIL.Image.Image, numpy.ndarray or Photograph
            The picture, of any size: uint8 or uint16 H×W×3 if it is an array.
        crop : Frame, tuple or str, optional
            The part of it that shows what the picture's part shows, as for `set_image`; by default
            "auto", which takes a picture of the model's size whole.
        eyes : tuple of two (x, y), optional
            As for `set_image`.

        Returns
        -------
        Donor
            What `edit(..., donor=...)` takes, for this model.

        Raises
        ------
        InputError
            As `set_image`.
        """
        if crop is None and eyes is None:
            crop = "auto"
        subject, proposals = self._open(picture, crop, eyes)
        file = str(picture) if isinstance(picture, (str, Path)) else None
        return Donor(subject, file, proposals)

    def dry_run(
        self,
        target: LabelMap | str | Path | None = None,
        *,
        source: LabelMap | None = None,
        edit_classes: Sequence[str] | None = None,
        donor: Donor | None = None,
        **settings: Any,
    ) -> DryRun:
        """Find the region of an edit without making it: no pass but those that read the map.

        Parameters
        ----------
        target : LabelMap, str or Path, optional
            As for `edit`.
        source : LabelMap, optional
            As for `edit`.
        edit_classes : sequence of str, optional
            As for `edit`.
        donor : Donor, optional
            As for `edit`.
        **settings : Any
            Fields of `EditSettings`.

        Returns
        -------
        DryRun
            The region over the picture, and what it holds.

        Raises
        ------
        InputError
            As `edit`.
        """
        chosen: EditSettings = EditSettings.check("settings", settings)
        planned = self._planned(target, source or self.segment(), edit_classes, chosen, None, donor)
        reproducible = {**chosen.model_dump(), **planned.report()}
        picture, roi = self.image, planned.plan.roi
        if planned.full:
            reproducible |= planned.full.report()
            pixels = to_eight_bits(planned.full.photograph.pixels)
            picture = pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., [0, 0, 0]]
            roi = planned.full.region
        return DryRun(picture, roi, reproducible, planned.region_report())

    def _planned(
        self,
        target: LabelMap | str | Path | None,
        source: LabelMap,
        edit_classes: Sequence[str] | None,
        chosen: EditSettings,
        region: NDArray[np.bool_] | None = None,
        donor: Donor | None = None,
    ) -> PlannedEdit:
        """The plan of an edit, all maps at the model's size."""
        subject = self._opened()
        if donor:
            chosen = from_colours(chosen)
        if target is None:
            if not chosen.colours:
                raise InputError(
                    "neither a map nor a colour", "edit", "Give a repainted map, or colours."
                )
            target = source
        if not isinstance(target, LabelMap):
            target = LabelMap.load(target, self.labels)
        try:
            source = subject.at_model_size(source)
        except InputError as error:
            raise InputError(error.what, "source map", error.hint) from None
        target = subject.at_model_size(target, source)
        plan = plan_edit(
            source, target, edit_classes, chosen, self.defaults, len(self._denoiser.schedule),
            subject.placement is not None, region, asked_colours(chosen.colours, target, subject),
        )  # fmt: skip
        if donor:
            plan = replace(plan, donated=donor.donated(plan, subject.image))
        dyes = recolouring(subject.image, source, target, plan.asked, plan.dilation)
        full = subject.full_size(plan.roi, plan.dilation, chosen.seed, chosen.detail)
        if full:
            full = replace(full, source=source.ids, target=target.ids)
        if full and dyes:
            full = replace(full, dyes=dyes.at_strength(chosen.strength))
        if full and plan.donated and donor and chosen.detail:
            full = replace(full, donated=donor.detail(plan.donated))
        return PlannedEdit(plan, full, dyes, donor)
