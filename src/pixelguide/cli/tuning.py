"""`tune`: a category's settings from its own labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelguide.cli.annotation_options import (
    Images,
    Order,
    Rendering,
    StoredFrame,
    interpretation,
)
from pixelguide.cli.grouping import grouped
from pixelguide.cli.options import DeviceOptions
from pixelguide.cli.told import QuietOptions, saying_what_is_kept
from pixelguide.terminal import duration

if TYPE_CHECKING:
    from pixelguide.annotations import Interpretation
    from pixelguide.tune.tuning import TuningPlan


@grouped
def tune(
    place: DeviceOptions,
    told: QuietOptions,
    model: Annotated[str, typer.Argument(help="Folder of the category, or its name.")],
    labelled: Annotated[Path, typer.Argument(help="The labelled pictures it was taught.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many.")] = None,
    order: Order = "file",
    rendering: Rendering = "centres",
    stored_frame: StoredFrame = False,
    images: Images = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Choose a category's settings by edits whose truth is known, and write edit.json.

    Parts of the labelled pictures are hidden and painted again by guides that have not seen the
    picture. Repeat a stopped command to go on.
    """
    how = interpretation(order, rendering, stored_frame, images)
    run_tuning(place, told, model, labelled, how, limit, seed)


def run_tuning(
    place: DeviceOptions,
    told: QuietOptions,
    model: str | Path,
    labelled: Path,
    how: Interpretation,
    limit: int | None,
    seed: int,
) -> None:
    """Tune `model` and say what was chosen; arguments as of the command."""
    from pixelguide.devices import choose_device
    from pixelguide.tune.tuning import tune as choose

    def announce(plan: TuningPlan) -> None:
        told.say(
            f"choosing settings: up to {plan.edits} edits of labelled pictures, at most about "
            f"{duration(plan.seconds)}"
        )

    with (
        told.progress() as report,
        saying_what_is_kept(lambda: f"{model} keeps what was measured; repeat the command"),
    ):
        found = choose(
            model, labelled, how=how, limit=limit, seed=seed,
            device=str(choose_device(place.device)), on_plan=announce, on_progress=report,
        )  # fmt: skip
    for size in ("small", "large"):
        large = size == "large"
        start_from = found.start_of(large)
        told.say(
            f"{size} regions: from {start_from}, t0 "
            f"{found.large_start if large else found.small_start}, scale "
            f"{found.large_scale if large else found.small_scale:g} (noise), "
            f"{found.steps_of(large, start_from)} steps, temperature "
            f"{found.temperature_of(large) if start_from == 'colours' else 1:g}"
        )
