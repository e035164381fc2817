"""Edits of held-out portraits whose true result is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits import (
    EDITS,
    ODDITIES,
    Edit,
    Oddity,
    Portrait,
    Rendering,
    add_oddity,
    portrait_at,
    render,
)

HELD_OUT_SEED = 1000
"""Portraits of this seed are for measuring: no prior and no classifier is trained on them."""
EVALUATION_SEED = 1001
"""Portraits for `pixelguide evaluate`: held out like the others, and no setting was chosen on
them either."""
PAPER_KINDS = (
    "close_mouth",
    "open_mouth",
    "move_eye",
    "close_eye",
    "edit_eyebrow",
    "change_hairstyle",
)
"""The six kinds of Matsunaga et al. 2022, sec. 4.2."""


@dataclass(frozen=True)
class EditCase:
    """A portrait, and the same portrait truly edited; both with `oddity` if there is one.

    Pixels whose label the oddity hides are `IGNORE` in both.
    """

    edit: Edit
    index: int
    before: Rendering
    after: Rendering
    oddity: Oddity | None = None

    def repaint(self, source: LabelMap) -> tuple[LabelMap, tuple[str, ...]]:
        """What a careful user would paint on `source`: the true labels wherever the edit changes
        them, and wherever `source` shows an edited class (a stray pixel of lips left below a mouth
        that is to be closed asks for lips there). Also the edited classes Q, those of the edit
        that occur in either map. What an oddity hides keeps the label it has in `source`."""
        target = source.copy()
        redrawn = self.before.label_ids != self.after.label_ids
        redrawn |= np.isin(source.ids, source.labels.ids(self.edit.classes))
        redrawn &= self.after.label_ids != IGNORE
        target.ids[redrawn] = self.after.label_ids[redrawn]
        present = {*source.present(), *target.present()}
        return target, tuple(name for name in self.edit.classes if name in present)


def portrait_edits(
    count: int,
    size: int = 64,
    first: int = 0,
    *,
    kinds: Sequence[str] = tuple(EDITS),
    seed: int = HELD_OUT_SEED,
    odd: bool = False,
) -> Iterator[EditCase]:
    """Cases `first` … `first + count - 1` of an endless series, the kinds of edit taking turns,
    each on a portrait of its own. A long series can so be shared by several processes.

    kinds: names of `EDITS`. seed: of the portraits. odd: every portrait shows an oddity, something
    that is in no training picture; these take turns too, every kind of edit meeting each of them.
    Raises InputError for an unknown kind.
    """
    for name in kinds:
        if name not in EDITS:
            raise InputError(f"unknown kind of edit '{name}'", hint=f"Known: {', '.join(EDITS)}.")
    if not kinds:
        raise InputError("no kinds of edit", hint=f"Known: {', '.join(EDITS)}.")
    index = 0
    for number in range(first + count):
        edit = EDITS[kinds[number % len(kinds)]]
        while not edit.applies(portrait_at(seed, index)):
            index += 1
        if number >= first:
            oddity = None
            if odd:  # shifted by one each time the kinds are through, so that all pairs meet
                oddity = list(ODDITIES.values())[(number + number // len(kinds)) % len(ODDITIES)]
            yield _case(edit, index, size, seed, oddity)
        index += 1


def _case(edit: Edit, index: int, size: int, seed: int, oddity: Oddity | None) -> EditCase:
    before = portrait_at(seed, index)
    after = edit.apply(before, np.random.default_rng([seed, index, 1]))

    def shown(portrait: Portrait) -> Rendering:
        rendering = render(portrait, size)
        if oddity is None:
            return rendering
        # the same draws for both, so that it is the same thing in the same place
        draws = np.random.default_rng([seed, index, 2])
        return add_oddity(rendering, portrait, oddity.name, draws)

    return EditCase(edit, index, shown(before), shown(after), oddity)


def held_out_portraits(count: int, size: int = 64) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures uint8 N×S×S×3 and true maps uint8 N×S×S of the first held-out portraits."""
    rendered = [render(portrait_at(HELD_OUT_SEED, index), size) for index in range(count)]
    return np.stack([r.image for r in rendered]), np.stack([r.label_ids for r in rendered])
