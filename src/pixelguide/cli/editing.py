"""`demo`, `segment`, `edit` and `portraits`: from a picture to an edited one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer
from rich.console import Console
from rich.table import Table

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import (
    CandidateOptions,
    Layer,
    ModelOptions,
    NetworkOptions,
    PictureOptions,
    PictureOutput,
    Snap,
    checked,
    names,
)
from pixelguide.cli.photographs import (
    MapFile,
    frame_text,
    set_image,
    warn_of_loss,
    warn_of_map,
    warn_of_unfamiliar,
)
from pixelguide.files import check_file_writable, check_writable, write_atomically
from pixelguide.terminal import progress_bar


@grouped
def demo(
    model: ModelOptions,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out/demo"),
    edits: Annotated[int, typer.Option(min=8, help="Held-out edits to measure.")] = 8,
    first: Annotated[int, typer.Option(min=0, help="Number of the first of them.")] = 0,
    held_out: Annotated[int, typer.Option(min=1, help="Held-out portraits for the mIoU.")] = 40,
    num_images: Annotated[int, typer.Option("-n", min=1, max=16, help="Candidates.")] = 4,
) -> None:
    """Edit held-out built-in portraits of every kind; write a contact sheet and report.json."""
    from pixelguide.demo import run_demo

    check_writable(out)
    with progress_bar() as report:
        content = run_demo(
            out, model.model, model.device, edits, held_out, num_images, report, first
        )
    console = Console(highlight=False)
    table = Table(title=f"{model.model}: {content['edits']} held-out edits, best of {num_images}")
    for column in ("measure", "guided", "scale 0"):
        table.add_column(column)
    for name, guided, plain in content["table"]:
        table.add_row(name, guided, plain)
    console.print(table)
    console.print(f"Look at {out / 'contact-sheet.png'}; all numbers are in {out / 'report.json'}.")


@dataclass(frozen=True, kw_only=True)
class MapOutput:
    """Where the label map goes, and of which size it is."""

    panel: ClassVar[str] = "Output"

    out: Annotated[Path, typer.Option("-o", "--out", help="Label map to write (PNG).")]
    full_size: Annotated[
        bool, typer.Option("--full-size", help="A map of the picture's size, to paint over it.")
    ] = False


@grouped
def segment(picture: PictureOptions, output: MapOutput, model: ModelOptions) -> None:
    """Read a picture's label map, to be repainted."""
    from pixelguide.edit.editor import Editor
    from pixelguide.photo.map_sizes import enlarged_map

    check_file_writable(output.out)
    editor = Editor.from_pretrained(model.model, model.device)
    set_image(editor, picture)
    warn_of_unfamiliar(editor)
    label_map = editor.segment()
    shown, text, note = label_map, None, ""
    if editor.placement:
        text = frame_text(editor.placement)
        note = f" (--crop {editor.placement.frame})"
        if output.full_size:
            shown = enlarged_map(editor.placement, label_map)
    shown.save(output.out, text)
    typer.echo(f"{output.out}: {', '.join(label_map.present())}{note}")


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """The label maps before and after painting."""

    panel: ClassVar[str] = "Map"

    target: Annotated[
        Path,
        typer.Option(
            "--map", help="The repainted label map (PNG, OpenRaster), of any of its sizes."
        ),
    ]
    layer: Layer = None
    source_map: Annotated[
        Path | None, typer.Option(help="The map before painting; by default what the model reads.")
    ] = None
    snap: Snap = 0


@dataclass(frozen=True, kw_only=True)
class RegionOptions:
    """What may change."""

    panel: ClassVar[str] = "Region"

    classes: Annotated[
        str | None,
        typer.Option(
            help="Edited classes or groups, by commas; default: what was painted, not the ground."
        ),
    ] = None
    roi: Annotated[str, typer.Option(help="classes (eq. 7) or changed pixels.")] = "classes"
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the ROI grows by; default: the model's.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class EditSampling(CandidateOptions):
    """How the candidates are sampled; the fields are those of `EditSettings`."""

    schedule: Annotated[
        str,
        typer.Option(help="brief, fast; paper: 50 steps each way, ddpm; auto: by start and size."),
    ] = "auto"
    num_inference_steps: Annotated[
        str, typer.Option("--steps", help="Guided steps from t0, 2 … 1000, or auto.")
    ] = "auto"
    inversion_steps: Annotated[
        str, typer.Option(help="Steps from the picture to t0, 2 … 1000, or auto.")
    ] = "auto"
    start_from: Annotated[
        str, typer.Option(help="inversion of the picture, its noised colours, or auto.")
    ] = "auto"
    start_timestep: Annotated[
        str, typer.Option("--start", help="t0, 2 … 1000; auto: by edit size.")
    ] = "auto"
    guidance_scale: Annotated[
        str, typer.Option("--scale", help="Guidance, 0 or more; auto: by the size.")
    ] = "auto"
    sampler: Annotated[
        str, typer.Option(help="auto, ddpm (eq. 9), ddim, sde, sde-2m or dpm-2m.")
    ] = "auto"
    temperature: Annotated[
        str, typer.Option(help="Of all noise, 0 … 2: lower is calmer, 1 the sampler's; or auto.")
    ] = "auto"


@dataclass(frozen=True, kw_only=True)
class EditOutput(PictureOutput):
    """Where the edit goes, and as which files."""

    open_raster: Annotated[
        bool, typer.Option("--open-raster", help="edit.ora too: layers for Krita and GIMP.")
    ] = False


@grouped
def edit(
    picture: PictureOptions,
    maps: MapOptions,
    region: RegionOptions,
    sampling: EditSampling,
    output: EditOutput,
    model: ModelOptions,
    network: NetworkOptions,
) -> None:
    """Edit a picture by its repainted label map."""
    from pixelguide.devices import choose_device
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.result import check_apart
    from pixelguide.edit.settings import EditSettings
    from pixelguide.labels import LabelMap

    out = output.out
    check_writable(out)
    check_apart(picture.image, out)
    file_format = output.file_format()
    classes = names("classes", region.classes) if region.classes is not None else None
    settings = checked(EditSettings, **vars(sampling), roi=region.roi, dilation=region.dilation)
    device = choose_device(model.device)
    editor = Editor.from_pretrained(model.model, device, network.inference(device))
    painted = MapFile.open(maps.target, editor.labels, maps.snap, maps.layer)
    source = LabelMap.load(maps.source_map, editor.labels, maps.snap) if maps.source_map else None
    if maps.source_map and source:
        warn_of_map(source, maps.source_map.name)
    set_image(editor, picture, painted, file_format)
    warn_of_unfamiliar(editor)
    with progress_bar() as report:
        result = editor.edit(
            painted.label_map, source=source, edit_classes=classes, on_progress=report, **settings
        )
    saved = result.save(out, file_format)
    if output.open_raster:
        write_atomically(out / "edit.ora", result.open_raster())
    best = result.best
    candidate = saved["candidates"][best.index]
    warn_of_loss(candidate)
    typer.echo(
        f"{out / candidate['file']}: ROI accuracy {best.roi_accuracy:.3f}, best of "
        f"{sampling.num_images}; {candidate['changed_pixels_outside']} pixels changed outside the "
        "ROI"
    )


def portraits(
    out: Annotated[Path, typer.Argument(help="Folder to fill.")],
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Portrait k depends on (seed, k).")] = 0,
    with_labels: Annotated[bool, typer.Option("--with-labels", help="Label maps too.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Render built-in portraits, with exact label maps if wanted."""
    from pixelguide.portraits import write_portraits

    with progress_bar() as report:
        write_portraits(
            out, count, seed, with_labels=with_labels, workers=workers, on_progress=report
        )
