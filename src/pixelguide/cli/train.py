"""`train prior`, `train classifiers` and `train detail`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from pixelguide.cli.annotation_options import (
    Images,
    Order,
    Rendering,
    StoredFrame,
    interpretation,
)
from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import DeviceOptions, Labels, label_set, numbers
from pixelguide.cli.ray_options import RayOptions, pool_at
from pixelguide.cli.told import QuietOptions, saying_what_is_kept
from pixelguide.cli.tuning import run_tuning
from pixelguide.errors import InputError
from pixelguide.terminal import echo

if TYPE_CHECKING:
    from pixelguide.segment.spread_training import OpenTrainer
    from pixelguide.workers.task import OpenWorker, Pool

CHECKPOINT, TRAINING_LOG = "training.safetensors", "training.log"
train_app = typer.Typer(help="Train a category's parts.", no_args_is_help=True)


@train_app.command("prior")
@grouped
def train_prior_command(
    place: DeviceOptions,
    told: QuietOptions,
    folder: Annotated[Path, typer.Argument(help="Folder of pictures (searched deeply).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder; resumed if begun.")],
    start_from: Annotated[
        str | None, typer.Option(help="Model to go on from; it sets size and channels.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Side in pixels; by default 64, or that of smaller pictures.")
    ] = None,
    channels: Annotated[
        str,
        typer.Option(help="Width of each level: multiples of 16, of 32 in the last two (or one)."),
    ] = "16,32,64,128",
    layers: Annotated[int, typer.Option(min=1, help="Residual blocks per level.")] = 1,
    images: Annotated[int, typer.Option(min=1, help="Pictures to see.")] = 500_000,
    minutes: Annotated[
        float | None,
        typer.Option(help="From the first step to the last file; ends well: the rate falls to 0."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures per step.")] = 16,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's.")] = 8e-4,
    cooldown: Annotated[
        float, typer.Option(min=0, max=1, help="Share at the end in which the rate falls to 0.")
    ] = 0.25,
    grow: Annotated[
        int | None,
        typer.Option(help="Width of a level to add outside --start-from, for twice its size."),
    ] = None,
    mirror: Annotated[bool, typer.Option(help="Learn from mirror images too.")] = True,
    augment: Annotated[
        bool,
        typer.Option(
            "--augment",
            help="Shift, turn, scale and tint pictures a little: for less than some ten thousand.",
        ),
    ] = False,
    shift_noise: Annotated[
        bool,
        typer.Option("--shift-noise", help="See more noise, as pictures larger than 64² need."),
    ] = False,
    held_out: Annotated[int, typer.Option(min=1, help="Pictures kept for the loss.")] = 256,
    checkpoint_images: Annotated[
        int, typer.Option(min=1, help="Pictures per checkpoint.")
    ] = 10_000,
    mixed_precision: Annotated[
        str, typer.Option(help="no, bf16, fp16; auto: the quickest here.")
    ] = "no",
    compile_: Annotated[bool, typer.Option("--compile", help="torch.compile.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train a diffusion prior on a folder of pictures; repeat the command to go on."""
    from accelerate import PartialState

    from pixelguide.prior.architecture import Architecture
    from pixelguide.prior.augmentation import Augmentation
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.prior.growing import grown
    from pixelguide.prior.pictures import PictureFolder, usual_size
    from pixelguide.prior.public.fetched import fetched
    from pixelguide.prior.start_model import start_network
    from pixelguide.prior.training import train_prior
    from pixelguide.prior.training_settings import PriorTraining
    from pixelguide.seeds import generator

    widths = numbers("channels", channels)
    settings = PriorTraining(
        images=images,
        minutes=minutes,
        batch_size=batch_size,
        learning_rate=learning_rate,
        cooldown=cooldown,
        flip=mirror,
        augmentation=Augmentation() if augment else None,
        shift_noise=shift_noise,
        held_out=held_out,
        checkpoint_images=checkpoint_images,
        mixed_precision=mixed_precision,
        compile=compile_,
        seed=seed,
    )
    if start_from is not None:
        network = start_network(ModelFolder.open(fetched(start_from)))
    else:
        side = usual_size(folder, 1 << (len(widths) - 1)) if size is None else size
        network = Architecture(size=side, channels=widths, layers=layers)
    if grow is not None:
        if isinstance(network, Architecture):
            raise InputError("--grow without --start-from", hint="Name the model that is to grow.")
        network = grown(network, grow, generator(seed, "weights", 0))
    size = network.size if isinstance(network, Architecture) else network.config.sample_size
    kept: dict[str, Any] = {}
    with told.progress(out / TRAINING_LOG) as report, saying_what_is_kept(lambda: _kept(out, kept)):

        def listen(state: dict[str, Any]) -> None:
            if state["stage"] == "checkpoint":
                kept.update(state)
            report(state)

        train_prior(
            PictureFolder(folder, settings.picture_size(size)),
            out,
            network,
            settings,
            device=place.device,
            on_progress=listen,
            on_note=lambda note: echo(f"note: {note}", err=True),
        )
    if PartialState().is_main_process:
        told.say(_ending(out, kept, fresh=start_from is None))


def _kept(out: Path, checkpoint: dict[str, Any]) -> str:
    """What is kept of a training that is stopped by hand."""
    if checkpoint:
        return (
            f"{out} keeps {checkpoint['done']:,} pictures of training; repeat the command to go on"
        )
    if (out / CHECKPOINT).exists():
        return f"{out} keeps what it had before this run; repeat the command to go on"
    return "nothing was kept: there was no checkpoint yet (--checkpoint-images)"


def _ending(out: Path, checkpoint: dict[str, Any], fresh: bool) -> str:
    """What a training has come to."""
    if not checkpoint:
        return f"{out}: trained before; more --images would go on"
    from pixelguide.prior.outlook import outlook

    seen = checkpoint["done"]
    words = f" {outlook(seen, checkpoint['pace'])}." if fresh else ""
    return (
        f"{out}: {seen:,} pictures seen, held-out loss {checkpoint['held_out_loss']:.4f}.{words} "
        "Look at samples.png"
    )


@train_app.command("classifiers")
@grouped
def train_classifiers_command(
    place: DeviceOptions,
    told: QuietOptions,
    ray: RayOptions,
    dataset: Annotated[Path, typer.Argument(help="Annotated pictures of any known format.")],
    model: Annotated[str, typer.Option("--model", help="Model with the prior.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    labels: Labels = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many.")] = None,
    iterations: Annotated[
        int, typer.Option(min=1, help="Steps of the segmenter, and of the guide's common start.")
    ] = 6000,
    tuning: Annotated[
        int, typer.Option(min=1, help="Steps from there to each timestep's classifier.")
    ] = 300,
    noise_draws: Annotated[int, typer.Option(min=1, help="Noises per picture.")] = 4,
    mirror: Annotated[bool, typer.Option(help="Learn from mirror images too.")] = True,
    members: Annotated[
        int, typer.Option(min=1, max=100, help="Classifiers that vote in the segmenter.")
    ] = 1,
    starts: Annotated[str, typer.Option(help="t0 of edits to guide, by commas.")] = "500,750",
    steps: Annotated[int, typer.Option(min=2, help="Steps of those edits.")] = 50,
    memory: Annotated[
        float, typer.Option(min=0.01, help="GiB for features; with less, fewer pixels are seen.")
    ] = 2.0,
    taps: Annotated[
        str | None, typer.Option(help="Decoder blocks by commas; see models show.")
    ] = None,
    allow_absent: Annotated[
        bool, typer.Option("--allow-absent", help="Train although classes have no pixel.")
    ] = False,
    order: Order = "file",
    rendering: Rendering = "centres",
    stored_frame: StoredFrame = False,
    images: Images = None,
    tune: Annotated[
        bool, typer.Option(help="Choose the settings of edits at the end, as `tune` does.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train the segmenter and the guide of a category from a few labelled pictures."""
    from pixelguide.devices import choose_device
    from pixelguide.segment.category import train_category
    from pixelguide.segment.plan import ClassifierTraining, TrainingPlan

    settings = ClassifierTraining(
        iterations=iterations,
        tuning=tuning,
        noise_draws=noise_draws,
        mirror=mirror,
        members=members,
        starts=numbers("starts", starts),
        steps=steps,
        memory=memory,
        seed=seed,
    )

    workers = ray.place(gpu=place.device.startswith("cuda"))

    def pool_of(opened: OpenWorker) -> Pool:
        if workers and workers.gpu:
            opened = replace(cast("OpenTrainer", opened), device="cuda")
        return pool_at(workers, opened)

    def announce(plan: TrainingPlan) -> None:
        told.say(
            f"{plan.classifiers} classifiers, {plan.passes} passes of the network, "
            f"{plan.feature_bytes / 2**30:.2f} GiB of features at most"
        )

    with (
        told.progress(out / TRAINING_LOG) as report,
        saying_what_is_kept(lambda: f"{out} keeps finished classifiers; repeat the command"),
    ):
        train_category(
            dataset,
            model,
            out,
            settings,
            labels=label_set(labels) if labels else None,
            limit=limit,
            allow_absent=allow_absent,
            how=interpretation(order, rendering, stored_frame, images),
            on_note=lambda note: echo(f"note: {note}", err=True),
            taps=[part.strip() for part in taps.split(",")] if taps else None,
            device="cpu" if workers else str(choose_device(place.device)),
            pool_of=pool_of if workers else None,
            on_plan=announce,
            on_progress=report,
        )
    if tune:
        try:
            how = interpretation(order, rendering, stored_frame, images)
            run_tuning(place, told, out, dataset, how, limit, seed)
        except InputError as error:  # no reason to fail after a long training
            echo(f"note: settings were not chosen: {error}", err=True)
    told.say(f"{out}: ready for `pixelguide edit --model {out}`")


@train_app.command("detail")
@grouped
def train_detail_command(
    told: QuietOptions,
    folder: Annotated[Path, typer.Argument(help="Pictures of twice the model's size and more.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder that gets it.")],
    images: Annotated[int, typer.Option(min=1, help="Pictures to see.")] = 24_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Teach a category detail finer than its pixels, for what changes in photographs (minutes)."""
    from pixelguide.files import check_writable
    from pixelguide.photo.detail_training import DetailTraining, train_detail

    check_writable(out)
    with told.progress(out / TRAINING_LOG) as report:
        train_detail(folder, out, DetailTraining(images=images, seed=seed), report)
    told.say(f"{out}: paints finer detail into photographs from now on")
