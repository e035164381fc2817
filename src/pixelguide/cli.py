"""The command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pixelguide.errors import InputError, PixelguideError, ResourceError
from pixelguide.files import check_writable
from pixelguide.terminal import progress_bar

app = typer.Typer(
    help="Repaint a picture's label map and the picture follows, only there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
train_app = typer.Typer(help="Train a category's parts.", no_args_is_help=True)
models_app = typer.Typer(help="List, inspect and verify models.", no_args_is_help=False)
app.add_typer(train_app, name="train")
app.add_typer(models_app, name="models")

Model = Annotated[str, typer.Option("--model", help="Built-in name or model folder.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps …")]
DEFAULT_MODEL = "portraits-64"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every error of ours becomes one line and an exit code."""
    import torch

    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        app(args=arguments)
    except PixelguideError as error:
        console.print(f"error: {error}")
        sys.exit(error.exit_code)
    except (MemoryError, torch.OutOfMemoryError):
        advice = "Use fewer candidates (-n), or --device cpu."
        console.print(f"error: {ResourceError('out of memory', hint=advice)}")
        sys.exit(ResourceError.exit_code)
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)


@app.command()
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


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(help="Picture of the model's size.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Label map to write (PNG).")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Read a picture's label map, to be repainted."""
    from pixelguide.edit.editor import Editor

    editor = Editor.from_pretrained(model, device)
    editor.set_image(image)
    label_map = editor.segment()
    label_map.save(out)
    typer.echo(f"{out}: {', '.join(label_map.present())}")


@app.command()
def edit(
    image: Annotated[Path, typer.Argument(help="Picture of the model's size.")],
    target: Annotated[Path, typer.Option("--map", help="The repainted label map (PNG).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    source_map: Annotated[
        Path | None, typer.Option(help="The map before painting; by default what the model reads.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="Edited classes or groups, by commas; default: what changed.")
    ] = None,
    num_images: Annotated[int, typer.Option("-n", help="Candidates, 1 … 64.")] = 4,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same bytes.")] = 0,
    steps: Annotated[int, typer.Option(help="Denoising steps, 2 … 1000.")] = 50,
    start: Annotated[str, typer.Option(help="t0, 2 … 1000; auto: by edit size.")] = "auto",
    scale: Annotated[str, typer.Option(help="Guidance, 0 or more; auto: by the size.")] = "auto",
    sampler: Annotated[str, typer.Option(help="ddpm or ddim.")] = "ddpm",
    roi: Annotated[str, typer.Option(help="classes (eq. 7) or changed pixels.")] = "classes",
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the ROI grows by; default: the model's.")
    ] = None,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Edit a picture by its repainted label map."""
    from pixelguide.edit.editor import Editor
    from pixelguide.labels import LabelMap

    check_writable(out)
    editor = Editor.from_pretrained(model, device)
    editor.set_image(image)
    target_map = LabelMap.load(target, editor.labels)
    source = LabelMap.load(source_map, editor.labels) if source_map else None
    names = [name.strip() for name in classes.split(",")] if classes else None
    with progress_bar() as report:
        result = editor.edit(
            target_map,
            source=source,
            edit_classes=names,
            on_progress=report,
            num_images=num_images,
            seed=seed,
            num_inference_steps=steps,
            start_timestep=start if start == "auto" else _number("start", start, int),
            guidance_scale=scale if scale == "auto" else _number("scale", scale, float),
            sampler=sampler,
            roi=roi,
            dilation=dilation,
        )
    result.save(out)
    best = result.best
    typer.echo(
        f"{out / f'{best.index:02d}.png'}: ROI accuracy {best.roi_accuracy:.3f}, best of "
        f"{num_images}; {best.changed_pixels_outside} pixels changed outside the ROI"
    )


@app.command()
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


@train_app.command("prior")
def train_prior_command(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures (searched deeply).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder; resumed if begun.")],
    start_from: Annotated[
        str | None, typer.Option(help="Model to go on from; it sets size and channels.")
    ] = None,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 64,
    channels: Annotated[str, typer.Option(help="Width of each level.")] = "16,32,64,128",
    layers: Annotated[int, typer.Option(min=1, help="Residual blocks per level.")] = 1,
    images: Annotated[int, typer.Option(min=1, help="Pictures to see.")] = 500_000,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per step.")] = 16,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's.")] = 8e-4,
    held_out: Annotated[int, typer.Option(min=1, help="Pictures kept for the loss.")] = 256,
    checkpoint_images: Annotated[
        int, typer.Option(min=1, help="Pictures per checkpoint.")
    ] = 10_000,
    mixed_precision: Annotated[str, typer.Option(help="no, bf16 or fp16.")] = "no",
    compile_: Annotated[bool, typer.Option("--compile", help="torch.compile.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
) -> None:
    """Train a diffusion prior on a folder of pictures; repeat the command to go on."""
    from pixelguide.prior.architecture import Architecture
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.prior.pictures import PictureFolder
    from pixelguide.prior.training import PriorTraining, train_prior

    widths = tuple(_number("channels", part, int) for part in channels.split(","))
    settings = PriorTraining(
        images=images,
        batch_size=batch_size,
        learning_rate=learning_rate,
        held_out=held_out,
        checkpoint_images=checkpoint_images,
        mixed_precision=mixed_precision,
        compile=compile_,
        seed=seed,
    )
    network = (
        ModelFolder.open(start_from).unet()
        if start_from
        else Architecture(size=size, channels=widths, layers=layers)
    )
    size = network.size if isinstance(network, Architecture) else network.config.sample_size
    with progress_bar() as report:
        train_prior(
            PictureFolder(folder, size),
            out,
            network,
            settings,
            device=device,
            on_progress=report,
        )
    typer.echo(f"{out}: look at samples.png")


@train_app.command("classifiers")
def train_classifiers_command(
    dataset: Annotated[Path, typer.Argument(help="NAME.png, NAME_label.png …, labels.json.")],
    model: Annotated[str, typer.Option("--model", help="Model with the prior.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many.")] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Steps per classifier.")] = 3000,
    noise_draws: Annotated[int, typer.Option(min=1, help="Noises per picture.")] = 4,
    taps: Annotated[
        str | None, typer.Option(help="Decoder blocks by commas; see models show.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
) -> None:
    """Train the segmenter and the guide of a category from a few labelled pictures."""
    from pixelguide.devices import choose_device
    from pixelguide.segment.category import train_category
    from pixelguide.segment.training import ClassifierTraining

    chosen = tuple(_number("taps", part, int) for part in taps.split(",")) if taps else None
    settings = ClassifierTraining(iterations=iterations, noise_draws=noise_draws, seed=seed)
    with progress_bar() as report:
        train_category(
            dataset,
            model,
            out,
            settings,
            limit=limit,
            taps=chosen,
            device=str(choose_device(device)),
            on_progress=report,
        )
    typer.echo(f"{out}: ready for `pixelguide edit --model {out}`")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List, inspect and verify models."""
    if context.invoked_subcommand is None:
        from pixelguide.prior.bundle import built_in_models

        for name, path in built_in_models().items():
            typer.echo(f"{name}  {path}")


@models_app.command("show")
def models_show(model: Annotated[str, typer.Argument(help="Name or folder.")]) -> None:
    """Describe a model: size, parameters, taps, classes."""
    from pixelguide.segment.category import describe

    typer.echo(json.dumps(describe(model), indent=2))


@models_app.command("verify")
def models_verify(model: Annotated[str, typer.Argument(help="Name or folder.")]) -> None:
    """Load every part of a model and check it against its manifest."""
    from pixelguide.edit.editor import Editor
    from pixelguide.prior.bundle import ModelFolder

    Editor.from_pretrained(model, "cpu")
    typer.echo(f"{model}: sound, hash {ModelFolder.open(model).hash}")


def _number(name: str, text: str, kind: type[int] | type[float]) -> Any:
    """`text` as a number; InputError naming the option otherwise."""
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"--{name} {text}", hint="Give a number.") from None
