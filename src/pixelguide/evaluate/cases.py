"""What an editing method is asked to do, whoever asks: one task for one picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.portrait_edits import EVALUATION_SEED, PAPER_KINDS, portrait_edits
from pixelguide.guidance.region import RoiMode, dilate, region_of_interest
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits import LABELS

Maps = Literal["read", "true"]


@dataclass(frozen=True)
class EditTask:
    """One edit to make, and what is known about its result.

    name: unique in a series, fit for a file name. kind: for tables. image: uint8 S×S×3. source,
    target: the maps before and after painting. classes: the edited classes Q of eq. 7. truth: the
    picture as it should become, uint8 S×S×3, or None where nobody knows. roi_mode, dilation: which
    pixels may change, see `region_of_interest`.
    """

    name: str
    kind: str
    image: NDArray[np.uint8]
    source: LabelMap
    target: LabelMap
    classes: tuple[str, ...]
    truth: NDArray[np.uint8] | None = None
    roi_mode: RoiMode = "classes"
    dilation: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            raise InputError(f"name '{self.name}'", "task", "Use letters, digits, '.', '_', '-'.")
        sides = self.image.shape[:2]
        shown = {
            "source map": self.source.ids.shape,
            "target map": self.target.ids.shape,
            "truth": sides if self.truth is None else self.truth.shape[:2],
        }
        for what, shape in shown.items():
            if shape != sides:
                raise InputError(f"{what} of another size than the picture", self.name)

    @cached_property
    def painted(self) -> NDArray[np.bool_]:
        """The ROI before dilation, bool S×S. Raises InputError when there is nothing to edit."""
        return region_of_interest(self.source, self.target, self.classes, self.roi_mode, dilation=0)

    @cached_property
    def roi(self) -> NDArray[np.bool_]:
        """The pixels that may change, bool S×S."""
        return dilate(self.painted, self.dilation)


def portrait_tasks(
    editor: Editor,
    count: int,
    first: int = 0,
    *,
    kinds: Sequence[str] = PAPER_KINDS,
    odd: bool = False,
    maps: Maps = "read",
) -> Iterator[EditTask]:
    """The built-in benchmark: `portrait_edits` as tasks.

    maps: "read", the edit is painted on the map that `editor` reads in the picture, whose mistakes
    stay in the target where it does not paint, as a user's would; "true", source and target are the
    true maps, so that no segmenter can be right about its own mistakes.
    With `odd` it is the rare-feature set: every portrait shows something that no training picture
    has, and pixels that it hides carry no label in either map. A portrait that is misread so that
    nothing would have to be painted is left out. Raises InputError for an editor of another
    category, and as `portrait_edits`.
    """
    if editor.labels.names != LABELS.names:
        raise InputError("not a model of portraits", "model", "Give --folder with edits for it.")
    cases = portrait_edits(count, editor.size, first, kinds=kinds, seed=EVALUATION_SEED, odd=odd)
    for number, case in enumerate(cases, first):
        if maps == "true":
            source = LabelMap(case.before.label_ids.copy(), editor.labels)
        else:
            editor.set_image(case.before.image)
            source = editor.segment()
        source.ids[case.before.label_ids == IGNORE] = IGNORE
        target, classes = case.repaint(source)
        edited = source.labels.ids(classes)
        asked = np.isin(source.ids, edited) | np.isin(target.ids, edited)
        if not (asked & (source.ids != target.ids)).any():
            continue  # the picture is read as edited already
        kind, name = case.edit.name, f"{number:04d}-{case.edit.name}"
        if case.oddity:
            name = f"odd-{name}-{case.oddity.name}"
        yield EditTask(
            name, kind, case.before.image, source, target, classes, case.after.image,
            dilation=editor.defaults.dilation,
        )  # fmt: skip
