"""`batch`: many edits in one run, which goes on where it was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from pixelguide.cli.editing import EditSampling
from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import ModelOptions, NetworkOptions, PictureOutput, checked
from pixelguide.cli.photographs import check_labels
from pixelguide.cli.ray_options import RayOptions
from pixelguide.cli.told import QuietOptions, saying_what_is_kept
from pixelguide.errors import InputError
from pixelguide.files import check_writable

if TYPE_CHECKING:
    from pixelguide.batch.batch_edit import BatchEdit
    from pixelguide.batch.run import BatchResult
    from pixelguide.batch.worker import OpenEditWorker
    from pixelguide.labels import LabelSet
    from pixelguide.workers.task import Pool

FAILED = 1
"""Exit code when edits failed."""


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Which edits are made."""

    panel: ClassVar[str] = "Edits"

    source: Annotated[
        Path,
        typer.Argument(
            metavar="EDITS",
            help="A folder of pictures and maps (NAME.png, NAME_edited.png; images/, maps/), or a "
            "list of edits: .csv or .jsonl.",
        ),
    ]
    scripted: Annotated[
        list[str] | None,
        typer.Option(
            "--edit",
            help="An edit by name, of every picture of the folder: open_mouth, close_mouth, "
            "close_eyes, bigger_eyes, raise_brows, remove_glasses; repeatable.",
        ),
    ] = None

    def read(self, labels: LabelSet) -> list[BatchEdit]:
        """The edits. Raises InputError for what does not list any."""
        from pixelguide.batch.manifest import read_manifest
        from pixelguide.batch.pairs import read_pairs, scripted_pairs

        if not self.source.is_dir():
            if self.scripted:
                raise InputError("--edit with a list", hint="Write it into the list, as edit.")
            edits = read_manifest(self.source)
        elif self.scripted:
            edits = scripted_pairs(self.source, self.scripted)
        else:
            edits = read_pairs(self.source, labels)
        from pixelguide.batch.scripted import scripted_edit

        for name in dict.fromkeys(own.edit for own in edits if own.edit):
            scripted_edit(name, labels.names)  # an unknown one is no failure of each picture
        return edits


@dataclass(frozen=True, kw_only=True)
class BatchOutput:
    """Where the results go."""

    panel: ClassVar[str] = PictureOutput.panel

    out: Annotated[Path, typer.Option("-o", "--out", help="Folder; a stopped run goes on.")]
    format: Annotated[str, typer.Option(help="Of the pictures: png, same, jpeg, webp or tiff.")] = (
        "png"
    )


@grouped
def batch(
    listed: ListOptions,
    sampling: EditSampling,
    output: BatchOutput,
    ray: RayOptions,
    told: QuietOptions,
    model: ModelOptions,
    network: NetworkOptions,
) -> None:
    """Make many edits; repeat the command to make what is missing or failed.

    Exit code 1 when edits failed: failures.jsonl has a row for each.
    """
    from pixelguide.edit.settings import EditSettings

    PictureOutput(out=output.out, format=output.format).file_format()  # refused before work
    settings = checked(EditSettings, **vars(sampling))
    labels = check_labels(model.model)
    edits = listed.read(labels)
    check_writable(output.out)

    from pixelguide.batch.run import BatchSettings, run_batch
    from pixelguide.batch.worker import open_edit_worker
    from pixelguide.devices import choose_device

    on_gpu = model.device.startswith("cuda")
    place = ray.place(on_gpu)
    device = "cuda" if place and on_gpu else str(choose_device(model.device))
    if place and not on_gpu:
        device = "cpu"
    options = network.inference(choose_device("cpu" if place and on_gpu else device))
    opened = open_edit_worker(model.model, device, options, elsewhere=place is not None)
    shared = {"device": device.partition(":")[0], "precision": options.precision}
    described = BatchSettings(opened.parts.model, settings, output.format, shared)
    made: dict[str, Any] = {"done": 0}

    with told.progress() as report, saying_what_is_kept(lambda: _kept(output.out, made)):

        def listen(state: dict[str, Any]) -> None:
            made.update(state)
            report(state)

        result = run_batch(edits, output.out, described, _pool(opened, place), listen)
    told.say(_ending(output.out, result))
    if not result.complete:
        raise typer.Exit(FAILED)


def _pool(opened: OpenEditWorker, place: Any) -> Pool:
    from pixelguide.workers.local_pool import LocalPool

    if place is None:
        return LocalPool(opened)
    from pixelguide.workers.ray_pool import RayPool

    return RayPool(opened, place)


def _kept(out: Path, made: dict[str, Any]) -> str:
    return f"{out} keeps what is finished ({made['done']} edits); repeat the command to go on"


def _ending(out: Path, result: BatchResult) -> str:
    known = f", {result.known} known" if result.known else ""
    failed = f", {len(result.failures)} failed: {out / 'failures.jsonl'}"
    return (
        f"{out / 'summary.csv'}: {result.made} edits made{known}{failed if result.failures else ''}"
    )
