"""`bench`: how fast the stages of an edit are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import DEFAULT_MODEL, DeviceOptions, NetworkOptions, numbers
from pixelguide.errors import InputError
from pixelguide.terminal import PrintableConsole, progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from pixelguide.evaluate.bench import BenchReport


@grouped
def bench(
    device: DeviceOptions,
    network: NetworkOptions,
    model: Annotated[
        str | None, typer.Option(help=f"Built-in or pulled name, or a folder; {DEFAULT_MODEL}.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(help="Random weights instead: adm-256, adm-64, portraits-64.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="With --shape: side of the pictures.")] = None,
    batch: Annotated[str, typer.Option(help="Candidates at once, by commas.")] = "1",
    plain: Annotated[
        bool, typer.Option("--plain", help="diffusers' own layers, to compare with.")
    ] = False,
    repeats: Annotated[int, typer.Option(help="Timed runs of each stage.")] = 5,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="JSON report to write.")] = None,
) -> None:
    """Time every stage of an edit and compare it with what the machine can do at best."""

    from pixelguide.devices import choose_device
    from pixelguide.evaluate.bench import BenchSettings, run_bench
    from pixelguide.evaluate.subjects import subject_of_model, subject_of_shape
    from pixelguide.files import check_file_writable, write_atomically

    if model and shape:
        raise InputError("--model and --shape", hint="Give one of the two.")
    if size is not None and not shape:
        raise InputError("--size without --shape", hint="A model has a size of its own.")
    settings = BenchSettings(numbers("batch", batch), repeats)
    place = choose_device(device.device)
    options = network.inference(place, plain)
    if out:
        check_file_writable(out)
    subject = (
        subject_of_shape(shape, size, place, options)
        if shape
        else subject_of_model(model or DEFAULT_MODEL, place, options)
    )
    with progress_bar() as report_progress:
        report = run_bench(subject, settings, on_progress=report_progress)
    if out:
        write_atomically(out, report.to_json().encode())
    console = PrintableConsole(highlight=False)
    if not console.is_terminal:
        console.width = 140  # a file has no width
    console.print(_table(report))
    console.print(_footer(report))


def _table(report: BenchReport) -> Table:
    from rich.table import Table

    settings, machine = report.settings, report.machine
    how = [
        settings["precision"],
        *(word for word in ("compile", "plain", "graphs") if settings[word]),
    ]
    table = Table(
        title=f"{settings['subject']}, {settings['size']} px, {', '.join(how)}, "
        f"{machine.get('gpu') or machine['cpu']}"
    )
    table.add_column("stage")
    for column in ("batch", "median ms", "least … most ms", "GFLOP", "% of matmul", "MB moved",
                   "% of copy", "peak MB"):  # fmt: skip
        table.add_column(column, justify="right")
    for cost in report.costs:
        shown = cost.content(report.ceilings[cost.precision])
        table.add_row(
            cost.name,
            "" if cost.batch is None else str(cost.batch),
            f"{1e3 * cost.median:,.2f}",
            f"{1e3 * min(cost.seconds):,.2f} … {1e3 * max(cost.seconds):,.2f}",
            f"{cost.flops / 1e9:,.3f}",
            _percent(shown["share_of_matmul_ceiling"]),
            f"{cost.bytes / 1e6:,.1f}",
            _percent(shown["share_of_copy_ceiling"]),
            f"{cost.peak_bytes / 1e6:,.1f}",
        )
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _footer(report: BenchReport) -> str:
    peak = report.memory["cuda_peak"] or report.memory["process_peak"]
    held = "" if peak is None else f"; peak memory {peak / 2**30:.2f} GiB"
    training = report.settings["training"]
    lines = [
        "classifier training: {iterations} iterations of one in a stack of {stacked}, without its "
        "features; always fp32".format(**training)
    ]
    for precision, best in report.ceilings.items():
        lines.append(
            f"ceilings, {precision}: matmul {best.flops / 1e9:,.1f} GFLOP/s, "
            f"copy {best.bytes / 1e9:,.1f} GB/s"
        )
    return "\n".join([*lines, f"{report.machine['threads']} threads{held}"])
