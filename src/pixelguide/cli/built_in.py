"""`demo` and `portraits`: the pictures that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import ModelOptions
from pixelguide.files import check_writable
from pixelguide.terminal import PrintableConsole, progress_bar


@grouped
def demo(
    model: ModelOptions,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out/demo"),
    edits: Annotated[int, typer.Option(min=8, help="Held-out edits to measure.")] = 8,
    first: Annotated[int, typer.Option(min=0, help="Number of the first of them.")] = 0,
    held_out: Annotated[int, typer.Option(min=1, help="Held-out portraits for the mIoU.")] = 40,
    num_images: Annotated[int, typer.Option("-n", min=1, max=16, help="Candidates.")] = 4,
) -> None:
    """Edit pictures of every kind; write a contact sheet and report.json.

    Of portraits held-out ones, whose true edits are known; else samples that the prior made.
    """
    from pixelguide.demo import run_demo
    from pixelguide.portraits import LABELS
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.prior.public.fetched import fetched
    from pixelguide.sample_demo import run_sample_demo
    from pixelguide.segment.model_labels import load_labels

    check_writable(out)
    if load_labels(ModelFolder.open(fetched(model.model))).names != LABELS.names:
        with progress_bar() as report:
            content = run_sample_demo(out, model.model, model.device, edits, num_images, report)
        _tell(out, f"{model.model}: {content['edits']} samples edited, best of {num_images}",
              ("measure", "guided"), content["table"])  # fmt: skip
        return
    with progress_bar() as report:
        content = run_demo(
            out, model.model, model.device, edits, held_out, num_images, report, first
        )
    _tell(out, f"{model.model}: {content['edits']} held-out edits, best of {num_images}",
          ("measure", "guided", "scale 0"), content["table"])  # fmt: skip


def _tell(out: Path, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    console = PrintableConsole(highlight=False)
    table = Table(title=title)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"Look at {out / 'contact-sheet.png'}; all numbers are in {out / 'report.json'}.")


def portraits(
    out: Annotated[Path, typer.Argument(help="Folder to fill.")],
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Portrait k depends on (seed, k).")] = 0,
    size: Annotated[int, typer.Option(min=8, max=1024, help="Pixels along each side.")] = 64,
    with_labels: Annotated[bool, typer.Option("--with-labels", help="Label maps too.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Render built-in portraits, with exact label maps if wanted."""
    from pixelguide.portraits import write_portraits

    with progress_bar() as report:
        write_portraits(
            out,
            count,
            seed,
            size=size,
            with_labels=with_labels,
            workers=workers,
            on_progress=report,
        )
