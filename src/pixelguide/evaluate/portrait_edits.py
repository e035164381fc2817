"""Edits of held-out portraits whose true result is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.labels import LabelMap
from pixelguide.portraits import EDITS, Edit, Rendering, portrait_at, render

HELD_OUT_SEED = 1000
"""Portraits of this seed are for measuring: no prior and no classifier is trained on them."""


@dataclass(frozen=True)
class EditCase:
    """A portrait, and the same portrait truly edited."""

    edit: Edit
    index: int
    before: Rendering
    after: Rendering

    def repaint(self, source: LabelMap) -> tuple[LabelMap, tuple[str, ...]]:
        """What a careful user would paint on `source`: the true labels wherever the edit changes
        them, and wherever `source` shows an edited class (a stray pixel of lips left below a mouth
        that is to be closed asks for lips there). Also the edited classes Q, those of the edit
        that occur in either map."""
        target = source.copy()
        redrawn = self.before.label_ids != self.after.label_ids
        redrawn |= np.isin(source.ids, source.labels.ids(self.edit.classes))
        target.ids[redrawn] = self.after.label_ids[redrawn]
        present = {*source.present(), *target.present()}
        return target, tuple(name for name in self.edit.classes if name in present)


def portrait_edits(count: int, size: int = 64, first: int = 0) -> Iterator[EditCase]:
    """Cases `first` … `first + count - 1` of an endless series, the kinds of edit taking turns,
    each on a portrait of its own. A long series can so be shared by several processes."""
    kinds = list(EDITS.values())
    index = 0
    for number in range(first + count):
        edit = kinds[number % len(kinds)]
        while not edit.applies(portrait_at(HELD_OUT_SEED, index)):
            index += 1
        if number < first:
            index += 1
            continue
        before = portrait_at(HELD_OUT_SEED, index)
        after = edit.apply(before, np.random.default_rng([HELD_OUT_SEED, index, 1]))
        yield EditCase(edit, index, render(before, size), render(after, size))
        index += 1


def held_out_portraits(count: int, size: int = 64) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures uint8 N×S×S×3 and true maps uint8 N×S×S of the first held-out portraits."""
    rendered = [render(portrait_at(HELD_OUT_SEED, index), size) for index in range(count)]
    return np.stack([r.image for r in rendered]), np.stack([r.label_ids for r in rendered])
