"""`interpolate` and `inpaint`: between two pictures, and without a thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelguide.cli.options import DEFAULT_MODEL, Device, Model, Snap, checked, names, numbers
from pixelguide.cli.photographs import (
    CropOption,
    EyesOption,
    FormatOption,
    MapFile,
    output_format,
    set_image,
    warn_of_loss,
    warn_of_unfamiliar,
)
from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.terminal import progress_bar


def interpolate(
    first: Annotated[Path, typer.Argument(help="Picture of the model's size.")],
    second: Annotated[Path, typer.Argument(help="Another, such as an edit of it.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    frames: Annotated[
        int, typer.Option("-n", "--frames", help="Frames, 2 … 1000, both pictures included.")
    ] = 7,
    strength: Annotated[
        str | None,
        typer.Option(help="Only these shares of the second picture, 0 … 1, by commas."),
    ] = None,
    path: Annotated[str, typer.Option(help="spherical or linear.")] = "spherical",
    start: Annotated[
        int | None,
        typer.Option(help="t0, 2 … 1000; default: by the pictures' size, 500 at 256×256."),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps to t0 and back, 2 … 1000.")] = 50,
    roi: Annotated[
        Path | None,
        typer.Option(help="Mask, white = may change; default: where the pictures differ."),
    ] = None,
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the default region grows by; default: the model's.")
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames a second of the GIF, 0.1 … 50.")] = 8,
    mp4: Annotated[
        bool, typer.Option("--mp4", help="A film, too; needs the extra 'video'.")
    ] = False,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Make the frames between two pictures: how strong an edit is becomes a choice."""
    from pixelguide.edit.animation import check_rate, require_film, write_mp4
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.interpolation import InterpolationSettings
    from pixelguide.edit.masks import load_mask

    check_writable(out)
    check_rate(fps)
    if mp4:
        require_film()
    settings = checked(
        InterpolationSettings,
        path=path,
        strengths=numbers("strength", strength, float) if strength is not None else None,
        num_frames=frames,
        start_timestep=start,
        num_inference_steps=steps,
        dilation=dilation,
    )
    editor = Editor.from_pretrained(model, device)
    editor.set_image(first)
    with progress_bar() as report:
        result = editor.interpolate(
            second,
            roi=load_mask(roi) if roi else None,
            on_progress=report,
            **settings,
        )
    result.save(out, fps)
    if mp4:
        write_mp4(out / "frames.mp4", result.frames, fps)
    typer.echo(
        f"{out / 'grid.png'}: {len(result.frames)} frames; "
        f"{result.changed_pixels_outside} pixels changed outside the region"
    )


def inpaint(
    image: Annotated[Path, typer.Argument(help="Picture of any size.")],
    mask: Annotated[Path, typer.Option(help="What to paint anew: a picture, white = anew.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    behind: Annotated[
        str | None,
        typer.Option(help="What to paint: classes or groups by commas, or nearest: those around."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--map", help="What to paint, as a label map (PNG).")
    ] = None,
    num_images: Annotated[int, typer.Option("-n", help="Candidates, 1 … 64.")] = 4,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same bytes.")] = 0,
    steps: Annotated[int, typer.Option(help="Denoising steps, 2 … 1000.")] = 50,
    start: Annotated[
        int | None, typer.Option(help="t0, 2 … 1000; default: 0.8 of the model's timesteps.")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="Guidance to the classes, 0 or more; auto: by the mask's size.")
    ] = "auto",
    sampler: Annotated[str, typer.Option(help="ddpm, ddim, sde, sde-2m or dpm-2m.")] = "ddpm",
    dilation: Annotated[int, typer.Option(help="Pixels the mask grows by, 0 … 64.")] = 0,
    snap: Snap = 0,
    crop: CropOption = "auto",
    eyes: EyesOption = None,
    format: FormatOption = "png",
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Remove what a mask covers; by the mask alone, or guided to the classes behind it."""
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.inpainting import Behind, InpaintSettings
    from pixelguide.edit.masks import load_mask
    from pixelguide.edit.result import check_apart

    check_writable(out)
    check_apart(image, out)
    if behind is not None and target:
        raise InputError("--behind and --map", hint="Give one of them.")
    output = output_format(format)
    settings = checked(
        InpaintSettings,
        num_images=num_images,
        seed=seed,
        num_inference_steps=steps,
        start_timestep=start,
        guidance_scale=scale,
        sampler=sampler,
        dilation=dilation,
    )
    covered = load_mask(mask)
    editor = Editor.from_pretrained(model, device)
    painted = MapFile.open(target, editor.labels, snap) if target else None
    set_image(editor, image, crop, eyes, painted, output)
    warn_of_unfamiliar(editor)
    wanted: Behind = painted.label_map if painted else None
    if behind is not None:
        classes = names("behind", behind)
        wanted = "nearest" if classes == ["nearest"] else classes
    with progress_bar() as report:
        result = editor.inpaint(
            covered,
            behind=wanted,
            on_progress=report,
            **settings,
        )
    saved = result.save(out, output)
    what = f"{num_images} candidates, not ranked" if result.best is None else "the best"
    told = saved["candidates"][result.best.index if result.best else 0]
    warn_of_loss(told)
    outside = told["changed_pixels_outside"]
    typer.echo(f"{out / told['file']}: {what}; {outside} pixels changed outside the mask")
