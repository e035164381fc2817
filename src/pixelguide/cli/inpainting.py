"""`inpaint`: a picture without a thing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import (
    CandidateOptions,
    Layer,
    ModelOptions,
    PictureOptions,
    PictureOutput,
    Snap,
    checked,
    names,
)
from pixelguide.cli.photographs import (
    MapFile,
    PictureFile,
    check_labels,
    warn_of_loss,
    warn_of_map,
    warn_of_unfamiliar,
)
from pixelguide.cli.sheets import write_inpaint_sheet
from pixelguide.cli.told import ToldOptions, naming, saying_what_is_kept
from pixelguide.errors import InputError


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
    told: ToldOptions,
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
    from pixelguide.edit.result_folder import check_apart

    out = output.out
    output.check(out)
    check_apart(picture.image, out)
    file_format = output.file_format()
    settings = checked(InpaintSettings, **vars(sampling), dilation=region.dilation)
    covered = load_mask(region.mask)
    editor = Editor.from_pretrained(model.model, model.device)
    if painted:
        warn_of_map(painted.label_map, painted.name)
    wanted: Behind = painted.label_map if painted else None
    if content.behind is not None:
        classes = names("behind", content.behind)
        wanted = "nearest" if classes == ["nearest"] else classes
    with naming(
        crop=picture.image, mask=region.mask, inpainting=region.mask, map=content.target
    ):  # fmt: skip
        opened.give(editor, file_format)
        warn_of_unfamiliar(editor, picture.image.name)
        with told.progress() as report, saying_what_is_kept(lambda: "nothing was written"):
            result = editor.inpaint(covered, behind=wanted, on_progress=report, **settings)
    saved = result.save(out, file_format, output.overwrite)
    if output.sheet:
        write_inpaint_sheet(out / "sheet.png", result)
    count = sampling.num_images
    what = f"{count} candidates, not ranked" if result.best is None else "the best"
    candidate = saved["candidates"][result.best.index if result.best else 0]
    warn_of_loss(candidate)
    outside = candidate["changed_pixels_outside"]
    told.result(
        f"{out / candidate['file']}: {what}; {outside} pixels changed outside the mask", out, saved
    )
