"""What the options of several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelguide.errors import InputError

if TYPE_CHECKING:
    from pixelguide.labels import LabelSet

DEFAULT_MODEL = "portraits-64"
Model = Annotated[str, typer.Option("--model", help="Built-in or pulled name, or a folder.")]
Labels = Annotated[
    str | None,
    typer.Option("--labels", help="Classes to use: labels.json or a built-in set (ffhq_34 …)."),
]
Snap = Annotated[
    float, typer.Option(min=0, max=441, help="Take colours so far off for the nearest class.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps …")]


def number(name: str, text: str, kind: type[int] | type[float]) -> Any:
    """`text` as a number; InputError naming the option otherwise."""
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"--{name} {text}", hint="Give a number.") from None


def number_or_auto(name: str, text: str, kind: type[int] | type[float]) -> Any:
    """`text` as a number, or "auto" as it is; InputError naming the option otherwise."""
    return text if text == "auto" else number(name, text, kind)


def numbers(name: str, text: str) -> tuple[int, ...]:
    """Numbers by commas; InputError naming the option for anything else."""
    return tuple(number(name, part, int) for part in text.split(","))


def points(name: str, text: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two points by commas, x1,y1,x2,y2; InputError naming the option for anything else."""
    values = [number(name, part, float) for part in text.split(",")]
    if len(values) != 4:
        raise InputError(f"--{name} {text}", hint="Give x1,y1,x2,y2.")
    return (values[0], values[1]), (values[2], values[3])


def label_set(text: str) -> LabelSet:
    """A built-in label set by its name, or the one in a file."""
    from pixelguide.annotations import built_in_label_sets
    from pixelguide.labels import LabelSet

    known = built_in_label_sets()
    if text in known:
        return known[text]
    try:
        return LabelSet.from_json(Path(text).read_text("utf-8"), text)
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "no such label set", text, f"Give a labels.json or one of {', '.join(known)}."
        ) from None
