"""`evaluate`: editing methods compared on edits, with confidence intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import ModelOptions
from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.printable import printable
from pixelguide.terminal import PrintableConsole, progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from pixelguide.evaluate.summary import Entry

METHODS = ("guided", "unguided", "paste", "sdedit:0.3")


@grouped
def evaluate(
    model: ModelOptions,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder; a stopped run goes on.")],
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="guided, unguided, paste, sdedit:T0 or truth; settings as guided:NAME=VALUE,…; "
            f"repeat it for several. Default: {' '.join(METHODS)}.",
        ),
    ] = None,
    results: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FOLDER with TASK.png of a method that ran elsewhere; repeatable."),
    ] = None,
    edits: Annotated[
        int | None, typer.Option(help="How many; default 24, or all of --folder.")
    ] = None,
    first: Annotated[int, typer.Option(min=0, help="Number of the first of them.")] = 0,
    kinds: Annotated[
        str | None, typer.Option(help="Kinds of built-in edits, by commas; default: the paper's.")
    ] = None,
    odd: Annotated[
        bool, typer.Option("--odd", help="Portraits that show what no training picture does.")
    ] = False,
    maps: Annotated[
        str, typer.Option(help="Built-in edits painted on maps as read by the model, or true.")
    ] = "read",
    folder: Annotated[
        Path | None, typer.Option(help="Folder with edits.json, instead of built-in portraits.")
    ] = None,
    num_images: Annotated[int, typer.Option("-n", help="Candidates, 1 … 64.")] = 4,
    seed: Annotated[int, typer.Option(help="Same seed, same machine, same numbers.")] = 0,
    setting: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE for guided and unguided edits; repeatable."),
    ] = None,
    inception: Annotated[
        Path | None, typer.Option(help="Inception weights of torch-fidelity, for FID and IS.")
    ] = None,
) -> None:
    """Compare editing methods; write tables with confidence intervals and contact sheets.

    To share the work, run parts of it (--first, --edits) into one folder, then the whole.
    """

    from pixelguide.edit.editor import Editor
    from pixelguide.evaluate import evaluation
    from pixelguide.evaluate.methods import settings_of
    from pixelguide.evaluate.portrait_edits import PAPER_KINDS
    from pixelguide.prior.bundle import ModelFolder
    from pixelguide.prior.public.fetched import fetched

    if folder and (kinds or odd or maps != "read"):
        raise InputError(
            "--folder with --kinds, --odd or --maps", hint="These are of built-in portraits."
        )
    plan = evaluation.Evaluation(
        methods=methods or (METHODS if not results else ()),
        results=[_named(text) for text in results or ()],
        edits=edits,
        first=first,
        kinds=tuple(kinds.split(",")) if kinds else PAPER_KINDS,
        odd=odd,
        maps=maps,  # type: ignore[arg-type] # checked by evaluate
        folder=folder,
        num_images=num_images,
        seed=seed,
        settings=settings_of("--setting", ",".join(setting or ())),
        inception=inception,
    )
    check_writable(out)
    editor = Editor.from_pretrained(model.model, model.device)
    described = f"{Path(model.model).name} {ModelFolder.open(fetched(model.model)).hash}"
    with progress_bar() as report:
        entries = evaluation.evaluate(editor, described, plan, out, report)
    console = PrintableConsole(highlight=False)
    if not console.is_terminal:
        console.width = 140  # a file has no width
    console.print(_table(entries))
    console.print(f"All numbers: {out / 'table.md'}, {out / 'rows.csv'}, {out / 'summary.json'}.")


def _named(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise InputError(f"--results {text}", hint="Write NAME=FOLDER.")
    return name, Path(folder)


def _table(entries: list[Entry]) -> Table:
    from rich.table import Table

    from pixelguide.evaluate.judge import MEASURES

    shown = ["mae_outside", "roi_accuracy", "independent_accuracy", "true_psnr", "seconds"]
    table = Table(title="means over edits, with 95 % intervals")
    for column in ("method", "pick", "edits", *(MEASURES[name].title for name in shown)):
        table.add_column(column)
    for entry in entries:
        cells = [_cell(entry["measures"].get(name), name) for name in shown]
        names = printable(entry["method"]), printable(entry["pick"])
        table.add_row(*names, str(entry["edits"]), *cells)
    return table


def _cell(interval: dict[str, Any] | None, name: str) -> str:
    from pixelguide.evaluate.tables import interval_text

    return interval_text(name, interval)
