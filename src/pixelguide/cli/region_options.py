"""Options of what an edit may change, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer


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
    dilation: Annotated[
        int | None, typer.Option(help="Pixels the ROI grows by; default: the model's.")
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only write roi.png and preview.png: what may change."),
    ] = False


def may_change(report: dict[str, Any]) -> str:
    """What may change by a report, for the line that ends a command."""
    region = report["region"]
    count = region["specks_left_out"]
    return f"{region['text']}{f'; {count} stray pixels left as they were' if count else ''}"
