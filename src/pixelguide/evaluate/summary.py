"""From measured edits to means with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.evaluate.bootstrap import bootstrap_difference, bootstrap_mean
from pixelguide.evaluate.judge import MEASURES
from pixelguide.evaluate.runner import Row
from pixelguide.seeds import generator

SET_MEASURES = {
    "fid": "FID",
    "inception_score": "Inception score",
    "prior_frechet": "Fréchet distance, prior's features ×10⁻³",
}
"""What is measured of all pictures of a method together; no intervals, since drawing pictures
twice would raise the distances."""

SetMeasures = Callable[[NDArray[np.uint8]], dict[str, float]]
"""From all pictures of a method, uint8 N×S×S×3, to some of `SET_MEASURES`."""
Entry = dict[str, Any]
"""One method and pick: "method", "pick", "edits", "measures" with their intervals, "set"."""


def summarize(
    rows: Sequence[Row],
    pictures: Callable[[Row], NDArray[np.uint8]],
    set_measures: SetMeasures,
    seed: int = 0,
    level: float = 0.95,
) -> list[Entry]:
    """One entry for each method and pick, in the order of `rows`.

    pictures: a row's picture, uint8 S×S×3. Each measure is a mean over edits with a bootstrap
    interval at `level`; "over_first" is the paired difference to the first entry, on the edits
    that both have. Measures that no edit has are left out. "kinds" are plain means by kind.
    Raises InputError for no rows.
    """
    if not rows:
        raise InputError("nothing was measured", "evaluate", "Give at least one edit and method.")
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["method"], row["pick"]), []).append(row)
    (_, first), *_ = groups.items()
    entries = []
    for (name, pick), own in groups.items():
        shown = np.stack([pictures(row) for row in own])
        entry: Entry = {
            "method": name,
            "pick": pick,
            "edits": len(own),
            "candidates": own[0]["candidates"],
            "set": set_measures(shown) if len(shown) > 1 else {},
            "measures": {},
            "over_first": {},
            "kinds": _by_kind(own),
        }
        for measure in MEASURES:
            values = _values(own, measure)
            if not values:
                continue
            draws = generator(seed, "bootstrap", measure)
            interval = bootstrap_mean(list(values.values()), draws, level)
            entry["measures"][measure] = asdict(interval)
            others = _values(first, measure)
            both = [task for task in values if task in others]
            if both and own is not first:
                ours, theirs = [values[task] for task in both], [others[task] for task in both]
                draws = generator(seed, "paired", measure)
                difference = bootstrap_difference(ours, theirs, draws, level)
                entry["over_first"][measure] = asdict(difference)
        entries.append(entry)
    return entries


def _values(rows: Sequence[Row], measure: str) -> dict[str, float]:
    return {row["task"]: row[measure] for row in rows if row.get(measure) is not None}


def _by_kind(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    kinds: dict[str, dict[str, float]] = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        kinds[kind] = {"edits": len(own)}
        for measure in MEASURES:
            values = list(_values(own, measure).values())
            if values:
                kinds[kind][measure] = float(np.mean(values))
    return kinds
