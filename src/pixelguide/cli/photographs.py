"""What the commands for pictures of any size share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from pixelguide.cli.options import points
from pixelguide.errors import InputError

if TYPE_CHECKING:
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.framing import Frame, Placement
    from pixelguide.photograph_files import OutputFormat

CropOption = Annotated[
    str,
    typer.Option(
        "--crop",
        help="Part to edit: x,y,size in pixels (,angle in degrees), or auto: as the map says, "
        "else all of a square picture.",
    ),
]
EyesOption = Annotated[
    str | None,
    typer.Option("--eyes", help="Both eyes, x1,y1,x2,y2 in pixels: the part is chosen by them."),
]
FormatOption = Annotated[
    str, typer.Option("--format", help="Of the pictures: png, same, jpeg, webp or tiff.")
]
METADATA = "pixelguide"


def output_format(text: str) -> OutputFormat:
    """The format of --format; InputError for an unknown one."""
    from pixelguide.photograph_files import OutputFormat

    if text not in get_args(OutputFormat):
        raise InputError(f"--format {text}", hint=f"Give {', '.join(get_args(OutputFormat))}.")
    return cast("OutputFormat", text)


def set_image(
    editor: Editor,
    path: Path,
    crop: str,
    eyes: str | None,
    label_map: Path | None = None,
    output: OutputFormat = "png",
) -> None:
    """Open a picture and choose its part by the options, else by what `label_map` says.

    A picture of the model's size is taken as it is, unless options ask for more.
    """
    from pixelguide.edit.framing import Frame
    from pixelguide.images import open_image
    from pixelguide.photograph_files import PhotographWriter
    from pixelguide.photographs import Photograph

    if eyes is not None and crop != "auto":
        raise InputError("--crop and --eyes", hint="Give one of them.")
    chosen: Frame | None = None
    if eyes is None:
        if crop != "auto":
            chosen = Frame.parse(crop)
        elif label_map is not None:
            chosen = _frame_of(label_map)
    if chosen is None and eyes is None and output == "png":
        image = open_image(path, prepare=lambda image, where: None)
        if image.size == (editor.size, editor.size) and not image.mode.startswith("I;16"):
            editor.set_image(path)
            return
    photograph = Photograph.open(path)
    PhotographWriter(photograph, output)  # better told now than after the edit
    editor.set_image(
        photograph, crop=chosen, eyes=points("eyes", eyes) if eyes is not None else None
    )


def frame_text(placement: Placement) -> dict[str, str]:
    """What a map's PNG says of the part it shows."""
    width, height = placement.photograph.size
    content = {"frame": placement.frame.to_json(), "picture": [width, height]}
    return {METADATA: json.dumps(content)}


def warn_of_unfamiliar(editor: Editor) -> None:
    """Say on standard error when the picture is not of the kind the model was made for."""
    if not editor.domain.pictures:
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


def warn_of_loss(told: dict[str, Any]) -> None:
    """Say on standard error what a lossy file changed outside the ROI."""
    if largest := told.get("largest_change_outside"):
        typer.echo(
            f"warning: {told['file']} is a JPEG, which stores no pixel exactly: outside the region "
            f"they differ by up to {largest} of 255. --format png keeps them.",
            err=True,
        )


def _frame_of(label_map: Path) -> Frame | None:
    """The frame that `frame_text` wrote into a map; None where a paint program has dropped it."""
    from pixelguide.edit.framing import Frame
    from pixelguide.images import open_image

    text = open_image(label_map, ("PNG",)).info.get(METADATA)
    if text is None:
        return None
    try:
        content = json.loads(text)["frame"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError("metadata that say no frame", label_map.name, "Give --crop.") from None
    return Frame.from_json(content, label_map.name)
