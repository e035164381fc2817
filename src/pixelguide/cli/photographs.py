"""What the commands for pictures of any size share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pixelguide.cli.options import PictureOptions, points
from pixelguide.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

    from pixelguide.edit.editor import Editor
    from pixelguide.labels import LabelMap, LabelSet
    from pixelguide.photo.framing import Frame, Placement
    from pixelguide.photo.photograph_files import OutputFormat

METADATA = "pixelguide"


@dataclass(frozen=True)
class MapFile:
    """A label map, and what its file, called `name`, says of the part of a photograph it shows."""

    label_map: LabelMap
    name: str
    text: str | None

    @classmethod
    def open(cls, path: Path, labels: LabelSet, snap: float) -> MapFile:
        """Read a PNG as `LabelMap.load` does."""
        from pixelguide.labels import LabelMap, open_map

        image = open_map(path)
        label_map = LabelMap.from_image(image, labels, path.name, snap)
        return cls(label_map, path.name, image.info.get(METADATA))

    def frame(self) -> Frame | None:
        """The frame of `frame_text`; None where a paint program has dropped it."""
        from pixelguide.photo.framing import Frame

        if self.text is None:
            return None
        try:
            content = json.loads(self.text)["frame"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError("metadata that say no frame", self.name, "Give --crop.") from None
        return Frame.from_json(content, self.name)

    def check_whole(self, size: tuple[int, int]) -> None:
        """Raise InputError if this may be the map of a part of a square photograph of `size`:
        these have no label around it."""
        from pixelguide.labels import IGNORE

        ids = self.label_map.ids
        if ids.shape == size[::-1] and (ids == IGNORE).any():
            raise InputError(
                "pixels without a label, and nothing that says which part it shows",
                self.name,
                f"Give --crop x,y,size as for segment, or --crop 0,0,{size[0]} for all of it.",
            )


def set_image(
    editor: Editor,
    picture: PictureOptions,
    shown: MapFile | None = None,
    output: OutputFormat = "png",
) -> None:
    """Open a picture and choose its part by the options, else by what the map `shown` says.

    An RGB picture of the model's size is taken as it is, unless options ask for more.
    """
    from pixelguide.images import open_image
    from pixelguide.photo.framing import Frame
    from pixelguide.photo.photograph import Photograph
    from pixelguide.photo.photograph_files import PhotographWriter

    path, crop, eyes = picture.image, picture.crop, picture.eyes
    if eyes is not None and crop != "auto":
        raise InputError("--crop and --eyes", hint="Give one of them.")
    chosen: Frame | None = None
    if eyes is None:
        if crop != "auto":
            chosen = Frame.parse(crop)
        elif shown is not None:
            chosen = shown.frame()
    if chosen is None and eyes is None and output == "png":
        image = open_image(path, prepare=lambda image, where: None)
        if image.size == (editor.size, editor.size) and _is_rgb(image):
            editor.set_image(path)
            return
    photograph = Photograph.open(path)
    PhotographWriter(photograph, output)  # refuses a format before the edit instead of after it
    editor.set_image(
        photograph, crop=chosen, eyes=points("eyes", eyes) if eyes is not None else None
    )
    if chosen is None and eyes is None and shown is not None:
        shown.check_whole(photograph.size)


def frame_text(placement: Placement) -> dict[str, str]:
    """What a map's PNG says of the part it shows."""
    width, height = placement.photograph.size
    content = {"frame": placement.frame.to_json(), "picture": [width, height]}
    return {METADATA: json.dumps(content)}


def warn_of_unfamiliar(editor: Editor) -> None:
    """Say on standard error when the picture is not of the kind the model was made for."""
    if not editor.statistics.pictures:
        return  # the model does not say what is usual
    found = editor.familiarity()
    if found.far:
        measured = ", ".join(
            f"{name} {getattr(found, name):.3g}, usual up to {found.limits[name]:.3g}"
            for name in found.far
        )
        typer.echo(
            f"warning: this picture is unlike those the model was made for ({measured}); "
            "expect poor edits. Look at the crop, and at the map.",
            err=True,
        )


def warn_of_loss(candidate: dict[str, Any]) -> None:
    """Say on standard error what a lossy file changed outside the ROI."""
    if largest := candidate.get("largest_change_outside"):
        typer.echo(
            f"warning: {candidate['file']} is a JPEG, which stores no pixel exactly: outside the "
            f"region they differ by up to {largest} of 255. --format png keeps them.",
            err=True,
        )


def _is_rgb(image: Image.Image) -> bool:
    """Whether 8-bit RGB holds all there is to a picture: no alpha, and grey stays grey."""
    return image.mode in ("RGB", "P") and "transparency" not in image.info
