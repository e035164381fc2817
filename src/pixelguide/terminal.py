"""Progress in the terminal, fed by the dicts that library functions report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress_bar() -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar per stage on standard error, if that is a terminal; yields the callback that moves
    them."""
    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,  # a log would get the last state of each
    )
    tasks: dict[str, Any] = {}

    def report(state: dict[str, Any]) -> None:
        stage = state["stage"]
        keys = ("loss", "held_out_loss", "images_per_second", "note")
        notes = [
            f"{key.replace('_', ' ')} {state[key]:.4g}" if key != "note" else str(state[key])
            for key in keys
            if key in state
        ]
        done, total = state["done"], state["total"]
        if stage == "download":  # bytes have ten digits, which are hard to read
            done, total = done // 10**6, total and total // 10**6
            notes = ["MB"]
        if stage not in tasks:
            bar.start()  # not before: an error at once is to be the only line
            tasks[stage] = bar.add_task(stage, total=total, note="")
        bar.update(tasks[stage], completed=done, total=total, note="  ".join(notes))

    try:
        yield report
    finally:
        if tasks:
            bar.stop()
