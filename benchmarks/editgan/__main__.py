"""Train the parts of the baseline, try it, and let it make the edits of an evaluation.

    pixelguide portraits data/portraits --count 20000 --seed 0
    pixelguide portraits data/labelled --count 20 --seed 20 --with-labels
    python -m benchmarks.editgan train data/portraits -o GAN     # GAN/samples.png as it goes
    python -m benchmarks.editgan encode data/portraits -m GAN
    python -m benchmarks.editgan label data/labelled -m GAN
    python -m benchmarks.editgan measure -m GAN -o OUT           # OUT/report.json, OUT/edits.png
    python -m benchmarks.editgan edit EVALUATION/tasks -m GAN -o EDITS

A killed `train`, `encode` or `edit` goes on when repeated. EDITS is for
`pixelguide evaluate --results editgan=EDITS`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console

from benchmarks.editgan.classifier import PixelTraining
from benchmarks.editgan.editing import EditGan, EditSettings, learn_labels
from benchmarks.editgan.encoder import EncoderTraining, train_encoder
from benchmarks.editgan.measure import measure
from benchmarks.editgan.networks import Shape
from benchmarks.editgan.storage import load_shape
from benchmarks.editgan.tasks import edit_tasks
from benchmarks.editgan.training import GanTraining, train_gan
from pixelguide.cli.options import numbers
from pixelguide.edit.editor import Editor
from pixelguide.errors import PixelguideError
from pixelguide.files import write_atomically
from pixelguide.prior.pictures import PictureFolder
from pixelguide.segment.dataset import LabelledPictures

app = typer.Typer(help="EditGAN as a baseline.", no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Argument(help="Folder of pictures (searched deeply).")]
Model = Annotated[Path, typer.Option("-m", "--model", help="Folder that `train` filled.")]
Seed = Annotated[int, typer.Option(min=0)]
Threads = Annotated[int, typer.Option(min=1, help="Threads of the processor.")]


@app.command()
def train(
    folder: Folder,
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder; resumed if begun.")],
    images: Annotated[int, typer.Option(min=1, help="Pictures to see.")] = GanTraining.images,
    channels: Annotated[
        str, typer.Option(help="Width of each level, from 4² to the pictures' size.")
    ] = "128,128,64,32,16",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train generator and discriminator; repeat the command to go on."""
    torch.set_num_threads(threads)
    shape = Shape(numbers("channels", channels))
    pictures = PictureFolder(folder, shape.size)
    train_gan(pictures, out, shape, GanTraining(images=images, seed=seed), report)


@app.command()
def encode(
    folder: Folder,
    model: Model,
    images: Annotated[int, typer.Option(min=1, help="Real pictures to see.")] = (
        EncoderTraining.images
    ),
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train the encoder of a trained generator; repeat the command to go on."""
    torch.set_num_threads(threads)
    pictures = PictureFolder(folder, load_shape(model / "generator").size)
    train_encoder(pictures, model, EncoderTraining(images=images, seed=seed), report)


@app.command()
def label(
    dataset: Annotated[Path, typer.Argument(help="Annotated pictures.")],
    model: Model,
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many.")] = None,
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train the pixel classifiers from a few labelled pictures."""
    torch.set_num_threads(threads)
    size = load_shape(model / "generator").size
    pictures = LabelledPictures.load(dataset, size, limit)
    learn_labels(pictures, model, PixelTraining(seed=seed), EditSettings())


@app.command()
def edit(
    tasks: Annotated[Path, typer.Argument(help="tasks/ that `pixelguide evaluate` wrote.")],
    model: Model,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for pictures and seconds.")],
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Make the edits of a benchmark; repeat the command to go on."""
    torch.set_num_threads(threads)
    edit_tasks(EditGan.load(model), tasks, out, seed)


@app.command("measure")
def measure_command(
    model: Model,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for report and sheet.")],
    judge: Annotated[str, typer.Option(help="Model whose f_multi reads the edits.")] = (
        "portraits-64"
    ),
    portraits: Annotated[int, typer.Option(min=1, help="Pictures to reconstruct.")] = 40,
    edits: Annotated[int, typer.Option(min=1, help="Edits to make.")] = 8,
    first: Annotated[int, typer.Option(min=0, help="Number of the first edit.")] = 60,
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Reconstruct and segment held-out portraits, and edit some."""
    torch.set_num_threads(threads)
    content = measure(
        EditGan.load(model), Editor.from_pretrained(judge), out,
        portraits=portraits, edits=edits, first=first, seed=seed,
    )  # fmt: skip
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(out / "report.json", text.encode())
    typer.echo(text)


def report(progress: dict[str, Any]) -> None:
    """A line for each checkpoint."""
    if progress["stage"] != "checkpoint":
        return
    numbers = ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}"
        for name, value in progress.items()
        if name not in ("stage", "done", "total")
    )
    typer.echo(f"{progress['done']} of {progress['total']}: {numbers}")


def main() -> int:
    """Run; our own errors are one line and an exit code."""
    try:
        app(standalone_mode=False)
    except PixelguideError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"error: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
