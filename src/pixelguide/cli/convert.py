"""`convert`: checkpoints of other projects to model folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelguide.cli.options import label_set, numbers
from pixelguide.errors import InputError
from pixelguide.terminal import progress_bar

convert_app = typer.Typer(
    help="Convert checkpoints of other projects to model folders.", no_args_is_help=True
)


@convert_app.callback()
def convert() -> None:
    """Convert checkpoints of other projects to model folders."""


@convert_app.command("adm")
def convert_adm_command(
    checkpoint: Annotated[Path, typer.Argument(help="A guided-diffusion U-Net (.pt).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    size: Annotated[
        int | None, typer.Option(help="Side of the pictures in pixels; default: by the levels.")
    ] = None,
    head_channels: Annotated[
        int | None, typer.Option(help="Width of an attention head; default: 64.")
    ] = None,
    heads: Annotated[
        int | None, typer.Option(help="Number of attention heads, for networks made so.")
    ] = None,
    attention_order: Annotated[
        str, typer.Option(help="Order of q, k, v: legacy, or new (use_new_attention_order).")
    ] = "legacy",
    schedule: Annotated[str, typer.Option(help="Noise schedule: linear or cosine.")] = "linear",
    timesteps: Annotated[int, typer.Option(help="Of the noise schedule, 21 … 10000.")] = 1000,
    dtype: Annotated[
        str | None, typer.Option(help="Store as float32 or float16; default: as it is.")
    ] = None,
) -> None:
    """Convert an unconditional ADM checkpoint to a diffusers model; its shape is read from it."""
    import torch

    from pixelguide.prior.adm.convert import convert_adm
    from pixelguide.prior.adm.shapes import AdmSettings

    types = {None: None, "float32": torch.float32, "float16": torch.float16}
    if dtype not in types:
        raise InputError(f"unknown type '{dtype}'", hint="Use float32 or float16.")
    settings = AdmSettings(size, head_channels, heads, attention_order, schedule, timesteps)
    with progress_bar() as report:
        facts = convert_adm(checkpoint, out, settings, dtype=types[dtype], on_progress=report)
    for name in ("pictures", "parameters", "attention", "noise schedule", "weights"):
        typer.echo(f"{name}: {facts[name]}")
    typer.echo(f"{out}: ready for `pixelguide train classifiers --model {out}`")


@convert_app.command("diffusers")
def convert_diffusers_command(
    source: Annotated[Path, typer.Argument(help="Folder with unet/ and scheduler/, or flat.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
) -> None:
    """Convert a diffusers model with pickled weights (.bin) to safetensors; no code of it runs."""
    from pixelguide.files import check_writable
    from pixelguide.prior.bundle import refuse_classifiers
    from pixelguide.prior.public.hub import convert_hub

    if not source.is_dir():
        raise InputError("no such folder", str(source), "Give the folder of a diffusers model.")
    check_writable(out)
    refuse_classifiers(out)
    convert_hub(source, out)
    typer.echo(f"{out}: ready for `pixelguide train classifiers --model {out}`")


@convert_app.command("classifiers")
def convert_classifiers_command(
    segmenter: Annotated[Path, typer.Argument(help="Folder of f_multi's model_<i>.pth.")],
    guide: Annotated[Path, typer.Argument(help="Folder with one folder <t>_<blocks> for each t.")],
    model: Annotated[str, typer.Option("--model", help="The prior they were trained on.")],
    labels: Annotated[
        str, typer.Option("--labels", help="Their classes: labels.json or a built-in set.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    timesteps: Annotated[
        str | None, typer.Option(help="That the segmenter reads; default: by its folder's name.")
    ] = None,
    taps: Annotated[
        str | None, typer.Option(help="Blocks that all read; default: by the folders' names.")
    ] = None,
    starts: Annotated[str, typer.Option(help="t0 of edits to guide, by commas.")] = "500,750",
    steps: Annotated[int, typer.Option(min=2, help="Steps of those edits.")] = 50,
) -> None:
    """Convert pixel classifiers of DatasetDDPM or of the paper's authors to a category."""
    from pixelguide.segment.category import import_category
    from pixelguide.segment.plan import ClassifierTraining

    import_category(
        model,
        out,
        segmenter,
        guide,
        label_set(labels),
        settings=ClassifierTraining(starts=numbers("starts", starts), steps=steps),
        timesteps=numbers("timesteps", timesteps) if timesteps else None,
        taps=[part.strip() for part in taps.split(",")] if taps else None,
    )
    typer.echo(f"{out}: ready for `pixelguide edit --model {out}`")
