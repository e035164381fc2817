"""Which colour a class is to have: the one asked for, or the one it has in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.guidance.class_cores import core, is_doubtful
from pixelguide.labels import LabelMap

LEAST = 5
"""Pixels from which on a mean is a colour; of fewer most touch another class."""


@dataclass(frozen=True)
class ClassColour:
    """name: of a class or a group. ids: the classes, taken together. colour: what their mean is to
    be, float64 3 in [0, 255]. asked: whether somebody asked for it, or the picture has it. exact:
    nothing less will do (see `mean_colours`)."""

    name: str
    ids: tuple[int, ...]
    colour: NDArray[np.float64]
    asked: bool
    exact: bool = False

    def pixels(self, label_map: LabelMap) -> NDArray[np.bool_]:
        """Where a map shows them: bool H×W."""
        found: NDArray[np.bool_] = np.isin(label_map.ids, self.ids)
        return found


def kept_colours(
    image: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    ids: Sequence[int],
    roi: NDArray[np.bool_],
    edges: NDArray[np.bool_] | None = None,
) -> tuple[ClassColour, ...]:
    """The colours that the classes `ids` have in `image` (uint8 S×S×3), of those that both maps
    show.

    Of a class that gains no pixel inside `roi` (bool S×S) it is the mean of what is left there; of
    another that of all it had there, or where it gains most of its pixels there that of all that
    the picture shows: of two eyes in different light the edited one keeps its own. edges: bool
    S×S, doubtful pixels (see `vanished_edges`); of a class that has such its `core` counts alone.
    """
    found = []
    for label in ids:
        wanted, shown = (target.ids == label) & roi, source.ids == label
        doubtful = is_doubtful(shown, edges)
        if doubtful:
            shown = core(shown)
        inside = shown & roi
        if not (wanted & ~shown).any():
            shown = wanted
        elif inside.sum() >= wanted.sum() / 2:
            shown = inside
        if wanted.sum() >= LEAST <= shown.sum():
            name = target.labels.names[label]
            found.append(ClassColour(name, (label,), image[shown].mean(0), False, doubtful))
    return tuple(found)
