"""Progress in the terminal, fed by the dicts that library functions report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from pixelguide.printable import printable

Report = Callable[[dict[str, Any]], None]
PREFIX = "progress: "
"""Of lines that only say how far it is: whoever reads a log can leave them out."""
_FIRST, _GROWTH = 5.0, 0.1
"""Seconds between two lines, and the share of the time passed that they grow to: a second's work
says nothing, an hour's some fifty lines."""
_LOGGED = 10.0  # seconds between two lines of a log file
_NOTES = ("loss", "held_out_loss", "images_per_second", "note")


def echo(line: str, err: bool = False) -> None:
    """A line on standard output, or on standard error, whose characters do nothing but show."""
    typer.echo(printable(line), err=err)


class PrintableConsole(Console):
    """A console whose strings do nothing but show; what else it prints sees to that itself."""

    def print(self, *objects: Any, **options: Any) -> None:
        """As of rich."""
        shown = (printable(each) if isinstance(each, str) else each for each in objects)
        super().print(*shown, **options)


@contextmanager
def progress_bar(quiet: bool = False, log: Path | None = None) -> Iterator[Report]:
    """How far it is, on standard error; yields the callback that is told of it.

    A terminal gets a bar per stage, anything else a line now and then (`ProgressLines`). quiet:
    neither. log: without a terminal every few seconds a line goes to this file, too.
    """
    console = Console(stderr=True)
    if console.is_terminal and not quiet:
        with _bars(console) as report:
            yield report
        return
    lines = None if quiet else ProgressLines(_to_standard_error)
    logged = ProgressLines(_appending(log), _LOGGED, 0.0, every_stage=True) if log else None
    heard = [listener for listener in (lines, logged) if listener]

    def told(state: dict[str, Any]) -> None:
        for listener in heard:
            listener(state)

    yield told


class ProgressLines:
    """Progress as lines of text: "progress: edit 3 of 6, 6 s left".

    say: what takes a line. first: seconds before the first line and between two. growth: the share
    of the time passed that they are apart at least, so that logs of long work stay short.
    every_stage: what happens once, such as a checkpoint, is told at once.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        first: float = _FIRST,
        growth: float = _GROWTH,
        every_stage: bool = False,
    ) -> None:
        self._say, self._first, self._growth = say, first, growth
        self._every_stage = every_stage
        self._began = self._last = time.monotonic()
        self._stage, self._stage_began, self._stage_done = "", self._began, 0.0

    def __call__(self, state: dict[str, Any]) -> None:
        """Say how far it is, if it is time to."""
        now, stage = time.monotonic(), state["stage"]
        if stage != self._stage and stage != "checkpoint":
            self._stage, self._stage_began, self._stage_done = stage, now, share_done(state)
        due = now - self._last >= max(self._first, self._growth * (now - self._began))
        if not due and not (self._every_stage and stage == "checkpoint"):
            return
        self._last = now
        left = ""
        done = share_done(state)
        if stage == self._stage and self._stage_done < done < 1:
            pace = (now - self._stage_began) / (done - self._stage_done)
            left = f", {duration(pace * (1 - done))} left"
        notes = "".join(f", {note}" for note in _notes(state) if note != "MB")
        self._say(f"{PREFIX}{stage} {_counted(state)}{notes}{left}")


def share_done(state: dict[str, Any]) -> float:
    """How much of a stage is done, 0 … 1, by its work where that is not even; 0 if unknown."""
    if "share" in state:
        return float(state["share"])
    return state["done"] / state["total"] if state["total"] else 0.0


def duration(seconds: float) -> str:
    """A time as people say it, rounded to two places: "40 s", "12 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(round(minutes, -1), 60)
    return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"


class _TimeLeft(ProgressColumn):
    """The time left of a task, by the share of its work and the time it took."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """What is shown."""
        share = task.fields.get("share") or 0.0
        elapsed, before = task.elapsed or 0.0, task.fields.get("before") or 0.0
        if task.finished or share <= before or elapsed < 1:
            return Text("")
        left = elapsed * (1 - share) / (share - before)
        return Text(f"{duration(left)} left", style="progress.remaining")


@contextmanager
def _bars(console: Console) -> Iterator[Report]:
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _TimeLeft(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )
    tasks: dict[str, Any] = {}

    def report(state: dict[str, Any]) -> None:
        stage, share = state["stage"], share_done(state)
        done, total = _shown(state)
        if stage not in tasks:
            bar.start()  # not before: an error at once is to be the only line
            tasks[stage] = bar.add_task(stage, total=total, note="", share=share, before=share)
        note = "  ".join(_notes(state))
        bar.update(tasks[stage], completed=done, total=total, note=note, share=share)

    try:
        yield report
    finally:
        if tasks:
            bar.stop()


def _shown(state: dict[str, Any]) -> tuple[int, int | None]:
    done, total = state["done"], state["total"]
    if state["stage"] == "download":  # bytes have ten digits, which are hard to read
        return done // 10**6, total and total // 10**6
    return done, total


def _counted(state: dict[str, Any]) -> str:
    done, total = _shown(state)
    unit = " MB" if state["stage"] == "download" else ""
    return f"{done} of {total}{unit}" if total else f"{done}{unit}"


def _notes(state: dict[str, Any]) -> list[str]:
    if state["stage"] == "download":
        return ["MB"]
    return [
        printable(str(state[key]), keep="")
        if key == "note"
        else f"{key.replace('_', ' ')} {state[key]:.4g}"
        for key in _NOTES
        if key in state
    ]


def _to_standard_error(line: str) -> None:
    echo(line, err=True)


def _appending(path: Path) -> Callable[[str], None]:
    """What adds a line with the time of day to `path`; quietly nothing where that fails: no work is
    to end for its log."""

    def say(line: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{stamp} {line.removeprefix(PREFIX)}\n")
        except OSError:
            return

    return say
