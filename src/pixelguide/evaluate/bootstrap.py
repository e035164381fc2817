"""Confidence intervals by resampling edits (Efron 1979; percentile intervals)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pixelguide.errors import InputError


@dataclass(frozen=True)
class Interval:
    """A mean over `count` edits, with the ends of its confidence interval."""

    mean: float
    low: float
    high: float
    count: int


def bootstrap_mean(
    values: Sequence[float],
    generator: torch.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    """The mean of `values`, one an edit, and its percentile interval at confidence `level`.

    Edits are drawn with replacement `resamples` times. Raises InputError for no values.
    """
    known = np.asarray(values, np.float64)
    if known.size == 0:
        raise InputError("no values to average", "bootstrap", "Measure at least one edit.")
    drawn = torch.randint(len(known), (resamples, len(known)), generator=generator).numpy()
    means = known[drawn].mean(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(known.mean()), float(low), float(high), len(known))


def bootstrap_difference(
    ours: Sequence[float],
    theirs: Sequence[float],
    generator: torch.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    """`ours` less `theirs`, both measured on the same edits in the same order.

    Paired: an edit is drawn with both of its values, so what makes it hard for either cancels.
    Raises InputError when the lengths differ.
    """
    if len(ours) != len(theirs):
        raise InputError(f"{len(ours)} values against {len(theirs)}", "bootstrap", "Pair them.")
    differences = np.subtract(np.asarray(ours, np.float64), np.asarray(theirs, np.float64))
    return bootstrap_mean(differences.tolist(), generator, level, resamples)
