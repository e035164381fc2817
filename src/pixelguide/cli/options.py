"""What the options of several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pixelguide.errors import InputError

DEFAULT_MODEL = "portraits-64"
Model = Annotated[str, typer.Option("--model", help="Built-in name or model folder.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps …")]


def number(name: str, text: str, kind: type[int] | type[float]) -> Any:
    """`text` as a number; InputError naming the option otherwise."""
    try:
        return kind(text)
    except ValueError:
        raise InputError(f"--{name} {text}", hint="Give a number.") from None
