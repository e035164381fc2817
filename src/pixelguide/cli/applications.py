"""`interpolate` and `inpaint`: between two pictures, and without a thing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import (
    CandidateOptions,
    FolderOutput,
    Layer,
    ModelOptions,
    PictureOptions,
    PictureOutput,
    Snap,
    checked,
    names,
    numbers,
)
from pixelguide.cli.photographs import (
    MapFile,
    PictureFile,
    check_labels,
    warn_of_loss,
    warn_of_map,
    warn_of_unfamiliar,
)
from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.terminal import progress_bar


@dataclass(frozen=True, kw_only=True)
class FrameOptions:
    """The two pictures, and how many there are between them."""

    panel: ClassVar[str] = "Frames"

    first: Annotated[Path, typer.Argument(help="Picture of the model's size.")]
    second: Annotated[Path, typer.Argument(help="Another, such as an edit of it.")]
    num_frames: Annotated[
        int, typer.Option("-n", "--frames", help="Frames, 2 … 1000, both pictures included.")
    ] = 7
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
    region: BetweenRegion,
    sampling: BetweenSampling,
    output: FilmOutput,
    model: ModelOptions,
) -> None:
    """Make the frames between two pictures: how strong an edit is becomes a choice."""
    from pixelguide.edit.animation import check_rate, require_film, write_mp4
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.interpolation import InterpolationSettings
    from pixelguide.edit.masks import load_mask

    out, strength = output.out, frames.strength
    check_writable(out)
    check_rate(output.fps)
    if output.mp4:
        require_film()
    settings = checked(
        InterpolationSettings,
        **vars(sampling),
        strengths=numbers("strength", strength, float) if strength is not None else None,
        num_frames=frames.num_frames,
        dilation=region.dilation,
    )
    editor = Editor.from_pretrained(model.model, model.device)
    editor.set_image(frames.first)
    with progress_bar() as report:
        result = editor.interpolate(
            frames.second,
            roi=load_mask(region.roi) if region.roi else None,
            on_progress=report,
            **settings,
        )
    result.save(out, output.fps)
    if output.mp4:
        write_mp4(out / "frames.mp4", result.frames, output.fps)
    typer.echo(
        f"{out / 'grid.png'}: {len(result.frames)} frames; "
        f"{result.changed_pixels_outside} pixels changed outside the region"
    )


@dataclass(frozen=True, kw_only=True)
class MaskOptions:
    """What is painted anew."""

    panel: ClassVar[str] = "Region"

    mask: Annotated[Path, typer.Option(help="What to paint anew: a picture, white = anew.")]
    dilation: Annotated[int, typer.Option(help="Pixels the mask grows by, 0 … 64.")] = 0


@dataclass(frozen=True, kw_only=True)
class BehindOptions:
    """What is painted there."""

    panel: ClassVar[str] = "Map"

    behind: Annotated[
        str | None,
        typer.Option(help="What to paint: classes or groups by commas, or nearest: those around."),
    ] = None
    target: Annotated[
        Path | None, typer.Option("--map", help="What to paint, as a label map (PNG, OpenRaster).")
    ] = None
    layer: Layer = None
    snap: Snap = 0


@dataclass(frozen=True, kw_only=True)
class InpaintSampling(CandidateOptions):
    """How the candidates are sampled; the fields are those of `InpaintSettings`."""

    num_inference_steps: Annotated[
        int, typer.Option("--steps", help="Denoising steps, 2 … 1000.")
    ] = 50
    start_timestep: Annotated[
        int | None,
        typer.Option("--start", help="t0, 2 … 1000; default: 0.8 of the model's timesteps."),
    ] = None
    guidance_scale: Annotated[
        str,
        typer.Option(
            "--scale", help="Guidance to the classes, 0 or more; auto: by the mask's size."
        ),
    ] = "auto"
    sampler: Annotated[str, typer.Option(help="ddpm, ddim, sde, sde-2m or dpm-2m.")] = "ddpm"


@grouped
def inpaint(
    picture: PictureOptions,
    region: MaskOptions,
    content: BehindOptions,
    sampling: InpaintSampling,
    output: PictureOutput,
    model: ModelOptions,
) -> None:
    """Remove what a mask covers; by the mask alone, or guided to the classes behind it."""
    if content.behind is not None and content.target:
        raise InputError("--behind and --map", hint="Give one of them.")
    labels = check_labels(model.model)
    painted = (
        MapFile.open(content.target, labels, content.snap, content.layer)
        if content.target
        else None
    )
    opened = PictureFile.open(picture.image, picture, painted)

    from pixelguide.edit.editor import Editor
    from pixelguide.edit.inpainting import Behind, InpaintSettings
    from pixelguide.edit.masks import load_mask
    from pixelguide.edit.result import check_apart

    out = output.out
    check_writable(out)
    check_apart(picture.image, out)
    file_format = output.file_format()
    settings = checked(InpaintSettings, **vars(sampling), dilation=region.dilation)
    covered = load_mask(region.mask)
    editor = Editor.from_pretrained(model.model, model.device)
    if painted:
        warn_of_map(painted.label_map, painted.name)
    opened.give(editor, file_format)
    warn_of_unfamiliar(editor)
    wanted: Behind = painted.label_map if painted else None
    if content.behind is not None:
        classes = names("behind", content.behind)
        wanted = "nearest" if classes == ["nearest"] else classes
    with progress_bar() as report:
        result = editor.inpaint(covered, behind=wanted, on_progress=report, **settings)
    saved = result.save(out, file_format)
    count = sampling.num_images
    what = f"{count} candidates, not ranked" if result.best is None else "the best"
    candidate = saved["candidates"][result.best.index if result.best else 0]
    warn_of_loss(candidate)
    outside = candidate["changed_pixels_outside"]
    typer.echo(f"{out / candidate['file']}: {what}; {outside} pixels changed outside the mask")
