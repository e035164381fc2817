"""`demo`, `segment`, `edit` and `portraits`: from a picture to an edited one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pixelguide.cli.options import DEFAULT_MODEL, Device, Model, Snap, checked, names
from pixelguide.cli.photographs import (
    CropOption,
    EyesOption,
    FormatOption,
    LayerOption,
    MapFile,
    frame_text,
    output_format,
    set_image,
    warn_of_loss,
    warn_of_map,
    warn_of_unfamiliar,
)
from pixelguide.files import check_file_writable, check_writable, write_atomically
from pixelguide.terminal import progress_bar


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out/demo"),
    edits: Annotated[int, typer.Option(min=8, help="Held-out edits to measure.")] = 8,
    first: Annotated[int, typer.Option(min=0, help="Number of the first of them.")] = 0,
    held_out: Annotated[int, typer.Option(min=1, help="Held-out portraits for the mIoU.")] = 40,
    num_images: Annotated[int, typer.Option("-n", min=1, max=16, help="Candidates.")] = 4,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Edit held-out built-in portraits of every kind; write a contact sheet and report.json."""
    from pixelguide.demo import run_demo

    check_writable(out)
    with progress_bar() as report:
        content = run_demo(out, model, device, edits, held_out, num_images, report, first)
    console = Console(highlight=False)
    table = Table(title=f"{model}: {content['edits']} held-out edits, best of {num_images}")
    for column in ("measure", "guided", "scale 0"):
        table.add_column(column)
    for name, guided, plain in content["table"]:
        table.add_row(name, guided, plain)
    console.print(table)
    console.print(f"Look at {out / 'contact-sheet.png'}; all numbers are in {out / 'report.json'}.")


def segment(
    image: Annotated[Path, typer.Argument(help="Picture of any size.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Label map to write (PNG).")],
    crop: CropOption = "auto",
    eyes: EyesOption = None,
    full_size: Annotated[
        bool, typer.Option("--full-size", help="A map of the picture's size, to paint over it.")
    ] = False,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Read a picture's label map, to be repainted."""
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.map_sizes import enlarged_map

    check_file_writable(out)
    editor = Editor.from_pretrained(model, device)
    set_image(editor, image, crop, eyes)
    warn_of_unfamiliar(editor)
    label_map = editor.segment()
    shown, text, note = label_map, None, ""
    if editor.placement:
        text = frame_text(editor.placement)
        note = f" (--crop {editor.placement.frame})"
        if full_size:
            shown = enlarged_map(editor.placement, label_map)
    shown.save(out, text)
    typer.echo(f"{out}: {', '.join(label_map.present())}{note}")


def edit(
    image: Annotated[Path, typer.Argument(help="Picture of any size.")],
    target: Annotated[
        Path,
        typer.Option(
            "--map", help="The repainted label map (PNG, OpenRaster), of any of its sizes."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    layer: LayerOption = None,
    source_map: Annotated[
        Path | None, typer.Option(help="The map before painting; by default what the model reads.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Edited classes or groups, by commas; default: what was painted, not the ground."
        ),
    ] = None,
    num_images: Annotated[int, typer.Option("-n", help="Candidates, 1 … 64.")] = 4,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same bytes.")] = 0,
    schedule: Annotated[
        str,
        typer.Option(help="brief, fast; paper: 50 steps each way, ddpm; auto: by start and size."),
    ] = "auto",
    steps: Annotated[str, typer.Option(help="Guided steps from t0, 2 … 1000, or auto.")] = "auto",
    inversion_steps: Annotated[
        str, typer.Option(help="Steps from the picture to t0, 2 … 1000, or auto.")
    ] = "auto",
    start_from: Annotated[
        str, typer.Option(help="inversion of the picture, its noised colours, or auto.")
    ] = "auto",
    start: Annotated[str, typer.Option(help="t0, 2 … 1000; auto: by edit size.")] = "auto",
    scale: Annotated[str, typer.Option(help="Guidance, 0 or more; auto: by the size.")] = "auto",
    sampler: Annotated[
        str, typer.Option(help="auto, ddpm (eq. 9), ddim, sde, sde-2m or dpm-2m.")
    ] = "auto",
    temperature: Annotated[
        str, typer.Option(help="Of all noise, 0 … 2: lower is calmer, 1 the sampler's; or auto.")
    ] = "auto",
    roi: Annotated[str, typer.Option(help="classes (eq. 7) or changed pixels.")] = "classes",
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the ROI grows by; default: the model's.")
    ] = None,
    snap: Snap = 0,
    crop: CropOption = "auto",
    eyes: EyesOption = None,
    format: FormatOption = "png",
    open_raster: Annotated[
        bool, typer.Option("--open-raster", help="edit.ora too: layers for Krita and GIMP.")
    ] = False,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    precision: Annotated[str, typer.Option(help="Of the network: fp32, bf16, auto.")] = "fp32",
    compile: Annotated[
        bool, typer.Option("--compile", help="torch.compile: slow once, faster from then on.")
    ] = False,
    graphs: Annotated[
        bool, typer.Option("--graphs", help="On a CUDA GPU: record passes, and replay them.")
    ] = False,
) -> None:
    """Edit a picture by its repainted label map."""
    from pixelguide.devices import choose_device
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.result import check_apart
    from pixelguide.edit.settings import EditSettings
    from pixelguide.labels import LabelMap
    from pixelguide.prior.speed import Speed, choose_precision

    check_writable(out)
    check_apart(image, out)
    output = output_format(format)
    edit_classes = names("classes", classes) if classes is not None else None
    settings = checked(
        EditSettings,
        num_images=num_images,
        seed=seed,
        schedule=schedule,
        num_inference_steps=steps,
        inversion_steps=inversion_steps,
        start_from=start_from,
        start_timestep=start,
        guidance_scale=scale,
        sampler=sampler,
        temperature=temperature,
        roi=roi,
        dilation=dilation,
    )
    place = choose_device(device)
    speed = Speed(choose_precision(precision, place), compile, graphs=graphs)
    editor = Editor.from_pretrained(model, place, speed)
    painted = MapFile.open(target, editor.labels, snap, layer)
    source = LabelMap.load(source_map, editor.labels, snap) if source_map else None
    if source_map and source:
        warn_of_map(source, source_map.name)
    set_image(editor, image, crop, eyes, painted, output)
    warn_of_unfamiliar(editor)
    with progress_bar() as report:
        result = editor.edit(
            painted.label_map,
            source=source,
            edit_classes=edit_classes,
            on_progress=report,
            **settings,
        )
    saved = result.save(out, output)
    if open_raster:
        write_atomically(out / "edit.ora", result.open_raster())
    best = result.best
    told = saved["candidates"][best.index]
    warn_of_loss(told)
    typer.echo(
        f"{out / told['file']}: ROI accuracy {best.roi_accuracy:.3f}, best of "
        f"{num_images}; {told['changed_pixels_outside']} pixels changed outside the ROI"
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
