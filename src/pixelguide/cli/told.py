"""What a command says: lines, a report as JSON, nothing; and what is kept when it is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from pixelguide.errors import PixelguideError
from pixelguide.terminal import Report, echo, progress_bar


@dataclass(frozen=True, kw_only=True)
class QuietOptions:
    """How much is said."""

    panel: ClassVar[str] = "Output"

    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")
    ] = False

    def say(self, line: str) -> None:
        """A line on standard output."""
        if not self.quiet:
            echo(line)

    def progress(self, log: Path | None = None) -> AbstractContextManager[Report]:
        """See `progress_bar`."""
        return progress_bar(self.quiet, log)


@dataclass(frozen=True, kw_only=True)
class ToldOptions(QuietOptions):
    """How much is said, and in which form."""

    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="The report on standard output: one line of JSON for each picture."
        ),
    ] = False

    def result(self, line: str, place: Path, report: dict[str, Any]) -> None:
        """What came out: `line`, or `report` and where it is."""
        if self.as_json:
            echo(json.dumps({"out": str(place), **report}, ensure_ascii=False))
        else:
            self.say(line)


class Stopped(Exception):  # noqa: N818  (of a KeyboardInterrupt Typer would say nothing)
    """Stopped by hand; its text says what is kept."""


@contextmanager
def saying_what_is_kept(kept: Callable[[], str]) -> Iterator[None]:
    """When it is stopped by hand, `kept` says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(kept()) from None


@contextmanager
def naming(**files: Path | str | None) -> Iterator[None]:
    """Errors that speak of a part of the work name the file that was given for it.

    files: by what the library calls the part, with _ for spaces.
    """
    try:
        yield
    except PixelguideError as error:
        file = files.get(error.where.replace(" ", "_"))
        if file is None:
            raise
        where = Path(file).name if isinstance(file, Path) else file
        raise type(error)(error.what, where, error.hint) from None


def kept_results(folders: list[Path]) -> str:
    """What is kept of work on several pictures, of which those in `folders` are done."""
    if not folders:
        return "nothing was written"
    more = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
    return f"{folders[0]}{more}, which were finished before, are kept"
