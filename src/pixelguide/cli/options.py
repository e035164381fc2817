"""What the options of several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelguide.errors import InputError

if TYPE_CHECKING:
    from pixelguide.checked import Checked
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


_OPTIONS = {
    "num_images": "-n",
    "num_frames": "-n",
    "num_inference_steps": "--steps",
    "start_timestep": "--start",
    "guidance_scale": "--scale",
}
"""Of settings whose option is not called as they are."""


def checked(settings: type[Checked], **values: Any) -> dict[str, Any]:
    """`values`, numbers perhaps as text, as the fields of `settings`; InputError naming the
    option that is wrong, and what it may be."""

    def option(field: str) -> str:
        return _OPTIONS.get(field, "--" + field.replace("_", "-"))

    return settings.check("", values, option).model_dump()


def numbers(name: str, text: str, kind: type[int] | type[float] = int) -> tuple[Any, ...]:
    """Numbers by commas; InputError naming the option for anything else."""
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        wanted = "whole numbers" if kind is int else "numbers"
        raise InputError(f"--{name} {text}", hint=f"Give {wanted} by commas.") from None


def points(name: str, text: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two points by commas, x1,y1,x2,y2; InputError naming the option for anything else."""
    try:
        x1, y1, x2, y2 = map(float, text.split(","))
    except ValueError:
        raise InputError(f"--{name} {text}", hint="Give four numbers: x1,y1,x2,y2.") from None
    return (x1, y1), (x2, y2)


def names(name: str, text: str) -> list[str]:
    """Names of classes by commas; InputError naming the option where there are none."""
    found = [part.strip() for part in text.split(",")]
    if not any(found):
        raise InputError("no class named", f"--{name}", "Give names by commas.")
    return found


def label_set(text: str) -> LabelSet:
    """A built-in label set by its name, or the one in a file."""
    from pixelguide.annotations import built_in_label_sets
    from pixelguide.labels import LabelSet

    known = built_in_label_sets()
    if text in known:
        return known[text]
    try:
        return LabelSet.from_json(Path(text).read_text("utf-8-sig"), text)
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "no such label set", text, f"Give a labels.json or one of {', '.join(known)}."
        ) from None
