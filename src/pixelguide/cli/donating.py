"""`edit --donor`: another picture, whose parts an edit starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from pixelguide.cli.options import PartOptions
from pixelguide.cli.photographs import PictureFile, warn_of_proposals
from pixelguide.cli.told import naming
from pixelguide.errors import InputError

if TYPE_CHECKING:
    from pixelguide.edit.donor import Donor
    from pixelguide.edit.editor import Editor


@dataclass(frozen=True, kw_only=True)
class DonorOptions:
    """Another picture, and the part of it that shows the same as the picture's."""

    panel: ClassVar[str] = "Donor"

    donor: Annotated[
        Path | None,
        typer.Option(
            help="Start what was painted from the same part of this picture: another of the group.",
        ),
    ] = None
    donor_crop: Annotated[
        str, typer.Option(help="Its part, as --crop; auto finds it, a map does not say it.")
    ] = "auto"
    donor_eyes: Annotated[
        str | None, typer.Option(help="Its eyes, as --eyes: the part is chosen by them.")
    ] = None

    def file(self, has_map: bool) -> PictureFile | None:
        """The picture, checked as far as can be before a model is open. has_map: whether anything
        was painted, which a donor needs."""
        if self.donor is None:
            if self.donor_crop != "auto" or self.donor_eyes is not None:
                raise InputError("--donor-crop or --donor-eyes without --donor", hint="Give it.")
            return None
        if not has_map:
            raise InputError("--donor without --map", hint="Give the repainted map.")
        if self.donor_eyes is not None and self.donor_crop != "auto":
            raise InputError("--donor-crop and --donor-eyes", hint="Give one of them.")
        return PictureFile.open(self.donor, PartOptions(crop=self.donor_crop, eyes=self.donor_eyes))


def open_donor(editor: Editor, file: PictureFile | None) -> Donor | None:
    """The picture read by the model of `editor`, if there is one."""
    if file is None:
        return None
    with naming(crop=file.path):
        donor = editor.open_donor(file.path, crop=file.frame, eyes=file.eyes)
    if donor.proposals:
        warn_of_proposals(donor.proposals, file.path.name, "--donor-crop")
    return donor
