"""`interpolate`: the frames between two pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from pixelguide.bounded_json import load_json
from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import FolderOutput, ModelOptions, PartOptions, checked, numbers
from pixelguide.cli.photographs import PictureFile
from pixelguide.cli.told import ToldOptions, naming, saying_what_is_kept
from pixelguide.errors import InputError


@dataclass(frozen=True, kw_only=True)
class FrameOptions:
    """The two pictures, and how many there are between them."""

    panel: ClassVar[str] = "Frames"

    first: Annotated[Path, typer.Argument(help="Picture of any size.")]
    second: Annotated[Path, typer.Argument(help="Another of that size, such as an edit of it.")]
    num_frames: Annotated[
        int | None,
        typer.Option(
            "-n", "--frames", help="Frames, 2 … 1000, both pictures included.  [default: 7]"
        ),
    ] = None
    strength: Annotated[
        str | None,
        typer.Option(help="Only these shares of the second picture, 0 … 1, by commas."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BetweenRegion:
    """What may differ between the frames."""

    panel: ClassVar[str] = "Region"

    roi: Annotated[
        Path | None,
        typer.Option(help="Mask, white = may change; default: where the pictures differ."),
    ] = None
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the default region grows by; default: the model's.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BetweenSampling:
    """How the frames are made; the fields are those of `InterpolationSettings`."""

    panel: ClassVar[str] = "Sampling"

    path: Annotated[str, typer.Option(help="spherical or linear.")] = "spherical"
    start_timestep: Annotated[
        int | None,
        typer.Option(
            "--start", help="t0, 2 … 1000; default: by the pictures' size, 500 at 256×256."
        ),
    ] = None
    num_inference_steps: Annotated[
        int, typer.Option("--steps", help="Steps to t0 and back, 2 … 1000.")
    ] = 50


@dataclass(frozen=True, kw_only=True)
class FilmOutput(FolderOutput):
    """Where the frames go, and as which films."""

    fps: Annotated[float, typer.Option(help="Frames a second of the GIF, 0.1 … 50.")] = 8
    mp4: Annotated[bool, typer.Option("--mp4", help="A film, too; needs the extra 'video'.")] = (
        False
    )


@grouped
def interpolate(
    frames: FrameOptions,
    part: PartOptions,
    region: BetweenRegion,
    sampling: BetweenSampling,
    output: FilmOutput,
    told: ToldOptions,
    model: ModelOptions,
) -> None:
    """Make the frames between two pictures: how strong an edit is becomes a choice."""
    from pixelguide.edit.animation import check_rate, require_film, write_mp4
    from pixelguide.edit.interpolation import InterpolationSettings
    from pixelguide.edit.masks import load_mask

    out, strength = output.out, frames.strength
    if strength is not None and frames.num_frames is not None:
        raise InputError("-n and --strength", hint="Give one of them: each strength is a frame.")
    output.check(out)
    check_rate(output.fps)
    if output.mp4:
        require_film()
    settings = checked(
        InterpolationSettings,
        **vars(sampling),
        strengths=numbers("strength", strength, float) if strength is not None else None,
        num_frames=7 if frames.num_frames is None else frames.num_frames,
        dilation=region.dilation,
    )
    earlier = _report_of(frames.second)
    if part.crop == "auto" and part.eyes is None and earlier:
        part = replace(part, crop=earlier["crop"])
    picture = PictureFile.open(frames.first, part)
    mask = region.roi
    if mask is None and earlier and region.dilation is None:
        mask = frames.second.parent / "roi.png"
    roi = load_mask(mask) if mask else None

    from pixelguide.edit.editor import Editor

    editor = Editor.from_pretrained(model.model, model.device)
    with naming(crop=frames.first, interpolation=frames.second, mask=mask):
        picture.give(editor)
        with told.progress() as report, saying_what_is_kept(lambda: "nothing was written"):
            result = editor.interpolate(frames.second, roi=roi, on_progress=report, **settings)
    saved = result.save(out, output.fps, output.overwrite)
    if output.mp4:
        write_mp4(out / "frames.mp4", result.film(), output.fps)
    made = len(result.frames)
    told.result(
        f"{out / 'grid.png'}: {made} frame{'' if made == 1 else 's'}; "
        f"{saved['changed_pixels_outside']} pixels changed outside the region",
        out,
        saved,
    )


def _report_of(picture: Path) -> dict[str, Any] | None:
    """The settings of the edit of a photograph that made `picture`, by the report beside it; None
    where that says nothing of it."""
    try:
        report = load_json((picture.parent / "report.json").read_text("utf-8"))
        files = [entry["file"] for entry in report["candidates"]]
        settings: dict[str, Any] = report["settings"]
        if picture.name not in files or not isinstance(settings["crop"], str):
            return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return settings if (picture.parent / "roi.png").exists() else None
