"""Train the parts of the baseline, try it, and let it make the edits of an evaluation.

    pixelguide portraits data/portraits --count 20000 --seed 0
    pixelguide portraits data/labelled --count 20 --seed 20 --with-labels
    python -m benchmarks.editgan train data/portraits -o GAN     # GAN/samples.png as it goes
    python -m benchmarks.editgan encode data/portraits -m GAN
    python -m benchmarks.editgan label data/labelled -m GAN
    python -m benchmarks.editgan measure -m GAN -o OUT           # OUT/report.json, OUT/edits.png
    python -m benchmarks.editgan edit EVALUATION/tasks -m GAN -o EDITS

On a GPU all of it is `benchmarks/editgan/train.sh`.
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
from benchmarks.editgan.pictures import DecodedPictures
from benchmarks.editgan.storage import load_shape
from benchmarks.editgan.tasks import edit_tasks
from benchmarks.editgan.training import GanTraining, train_gan
from pixelguide.cli.options import numbers
from pixelguide.devices import choose_device
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
Device = Annotated[str, typer.Option(help="auto, cpu, cuda …; the rest is the same on all.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Pictures a step.")]


@app.command()
def train(
    folder: Folder,
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder; resumed if begun.")],
    images: Annotated[int, typer.Option(min=1, help="Pictures to see.")] = GanTraining.images,
    channels: Annotated[
        str, typer.Option(help="Width of each level, from 4² to the pictures' size.")
    ] = "128,128,64,32,16",
    batch_size: BatchSize = GanTraining.batch_size,
    ema_images: Annotated[float, typer.Option(min=0, help="Half-life of the averaged weights.")] = (
        GanTraining.ema_images
    ),
    checkpoint_images: Annotated[int, typer.Option(min=1, help="Pictures between checkpoints.")] = (
        GanTraining.checkpoint_images
    ),
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long.")] = None,
    record: Annotated[bool, typer.Option(help="On a GPU: replay recorded steps.")] = True,
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train generator and discriminator; repeat the command to go on."""
    chosen = _start(device, threads)
    shape = Shape(numbers("channels", channels))
    settings = GanTraining(
        images=images, seconds=seconds, batch_size=batch_size, ema_images=ema_images,
        checkpoint_images=checkpoint_images, seed=seed,
    )  # fmt: skip
    pictures = DecodedPictures(PictureFolder(folder, shape.size), chosen, threads)
    train_gan(pictures, out, shape, settings, report, record)


@app.command()
def encode(
    folder: Folder,
    model: Model,
    images: Annotated[int, typer.Option(min=1, help="Real pictures to see.")] = (
        EncoderTraining.images
    ),
    batch_size: BatchSize = EncoderTraining.batch_size,
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train the encoder of a trained generator; repeat the command to go on."""
    chosen = _start(device, threads)
    size = load_shape(model / "generator").size
    settings = EncoderTraining(
        images=images, batch_size=batch_size, checkpoint_images=max(images // 8, 1), seed=seed
    )
    pictures = DecodedPictures(PictureFolder(folder, size), chosen, threads)
    train_encoder(pictures, model, settings, report)


@app.command()
def label(
    dataset: Annotated[Path, typer.Argument(help="Annotated pictures.")],
    model: Model,
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many.")] = None,
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Train the pixel classifiers from a few labelled pictures."""
    chosen = _start(device, threads)
    size = load_shape(model / "generator").size
    pictures = LabelledPictures.load(dataset, size, limit)
    learn_labels(pictures, model, PixelTraining(seed=seed), EditSettings(), chosen)


@app.command()
def edit(
    tasks: Annotated[Path, typer.Argument(help="tasks/ that `pixelguide evaluate` wrote.")],
    model: Model,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for pictures and seconds.")],
    together: Annotated[int, typer.Option(min=1, help="Edits at once; 1 to time them.")] = 1,
    refine_steps: Annotated[int, typer.Option(min=0, help="Steps on the latent before.")] = (
        EditSettings.refine_steps
    ),
    refine_rate: Annotated[float, typer.Option(min=0, help="Their rate.")] = (
        EditSettings.refine_rate
    ),
    members: Annotated[int | None, typer.Option(min=1, help="Classifiers to listen to.")] = None,
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Make the edits of a benchmark; repeat the command to go on."""
    settings = EditSettings(refine_steps=refine_steps, refine_rate=refine_rate, members=members)
    gan = EditGan.load(model, settings, _start(device, threads))
    edit_tasks(gan, tasks, out, seed, together)


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
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Reconstruct and segment held-out portraits, and edit some."""
    chosen = _start(device, threads)
    content = measure(
        EditGan.load(model, device=chosen), Editor.from_pretrained(judge), out,
        portraits=portraits, edits=edits, first=first, seed=seed,
    )  # fmt: skip
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(out / "report.json", text.encode())
    typer.echo(text)


def _start(device: str, threads: int) -> torch.device:
    torch.set_num_threads(threads)
    chosen = choose_device(device)
    if chosen.type == "cuda":
        # a GAN does not notice ten bits of mantissa, and the networks are the same at every step
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    return chosen


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
