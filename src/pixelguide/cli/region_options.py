"""Options of what an edit may change, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from pixelguide.errors import InputError


@dataclass(frozen=True, kw_only=True)
class RegionOptions:
    """What may change."""

    panel: ClassVar[str] = "Region"

    classes: Annotated[
        str | None,
        typer.Option(
            help="Edited classes or groups, by commas; default: what was painted, not the ground."
        ),
    ] = None
    roi: Annotated[
        str,
        typer.Option(
            help="What may change: parts (what was painted and what moves with it), classes "
            "(eq. 7: all of what was edited), changed pixels, or auto: parts for photographs and "
            "where classes is over 4 times what was painted."
        ),
    ] = "auto"
    colours: Annotated[
        list[str] | None,
        typer.Option(
            "--colour",
            metavar="CLASS=COLOUR",
            help="Colour of a class or group, as often as needed: hair=#8a4b2d, hair=brown, or "
            "hair=from:x,y of the picture. Needs no --map: what keeps its shape is recoloured. "
            "Default: edited classes keep theirs.",
        ),
    ] = None
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the ROI grows by; default: the model's.")
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only write roi.png and preview.png: what may change."),
    ] = False

    def wanted_colours(self) -> dict[str, str]:
        """Colours by class or group. Raises InputError for what is none."""
        from pixelguide.colours import read_colour

        found: dict[str, str] = {}
        for text in self.colours or ():
            name, equals, colour = (part.strip() for part in text.partition("="))
            if not (name and equals):
                raise InputError("no class and colour", f"--colour {text}", "Give hair=#8a4b2d.")
            if name in found:
                raise InputError(f"two colours for '{name}'", f"--colour {text}", "Give one.")
            read_colour(colour, f"--colour {text}")
            found[name] = colour
        return found


def may_change(report: dict[str, Any]) -> str:
    """What may change by a report, for the line that ends a command."""
    region = report["region"]
    count = region["specks_left_out"]
    return f"{region['text']}{f'; {count} stray pixels left as they were' if count else ''}"
