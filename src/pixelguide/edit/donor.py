"""Another photograph, whose parts an edit starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.plan import Plan
from pixelguide.edit.settings import EditSettings
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.donated_parts import Donated, donated_parts
from pixelguide.photo.detail import sharp_part
from pixelguide.photo.donated_detail import DonatedDetail
from pixelguide.photo.full_size import part_report
from pixelguide.photo.paste_back import grey
from pixelguide.photo.proposals import Proposal


@dataclass(frozen=True)
class Donor:
    """A picture that gives parts. Made by `Editor.open_donor`, for any number of edits.

    subject: the picture, with its map once it has been read. file: where it came from, None for
    one without a file. proposals: what "auto" found in it, see `Editor.proposals`.
    """

    subject: Subject
    file: str | None = None
    proposals: tuple[Proposal, ...] = ()

    def __repr__(self) -> str:
        where = self.subject.placement
        part = f", crop {where.frame}" if where else ""
        return f"Donor({self.file or 'picture'}{part})"

    def donated(self, plan: Plan, image: NDArray[np.uint8]) -> Donated:
        """What it gives to the edit that was planned of `image` (uint8 S×S×3). Raises InputError
        if nothing was painted, or the donor does not show it."""
        known = self.subject.segment()
        if (
            known.labels.names != plan.target.labels.names
            or self.subject.image.shape != image.shape
        ):
            raise InputError("it was opened with another model", "donor", "Open it with this one.")
        if not (plan.made & (plan.source.ids != plan.target.ids)).any():
            raise InputError("nothing was painted for it", "donor", "Give a repainted map.")
        return donated_parts(
            image, plan.source, plan.target, plan.classes, plan.made, self.subject.image, known
        )

    def detail(self, donated: Donated) -> DonatedDetail | None:
        """Its finer detail, where its photograph is large enough."""
        sharp = sharp_part(self.subject.placement)
        if sharp is None:
            return None
        if self.subject.knows_lightness_alone:
            sharp = grey(sharp)
        return DonatedDetail.of(donated.parts, sharp)

    def report(self) -> dict[str, Any]:
        """What settings say of it: the file, and the photograph and its frame as of a picture."""
        placement = self.subject.placement
        found: dict[str, Any] = {"file": self.file}
        if placement:
            found |= part_report(placement)
        return found


def from_colours(chosen: EditSettings) -> EditSettings:
    """The settings of an edit with a donor, which starts from colours. Raises InputError if it was
    to start from an inversion."""
    if chosen.start_from == "inversion":
        raise InputError(
            "start_from inversion with a donor", "settings", "Such edits start from colours."
        )
    return chosen.model_copy(update={"start_from": "colours"})
