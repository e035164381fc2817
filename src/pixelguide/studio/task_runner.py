"""Runs tasks in the worker process, by an `Editor`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.images import is_grey
from pixelguide.labels import LabelMap
from pixelguide.photo.paste_back import grey
from pixelguide.studio.messages import (
    Cancelled,
    EditOutcome,
    EditTask,
    Outcome,
    Report,
    SegmentOutcome,
    SegmentTask,
    Task,
)

_USUAL = 4
"""Candidates that the page asks for where nobody changes it."""


class EditorTaskRunner:
    """Keeps the last picture in the editor: what it learned about it serves the next edit."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._picture: str | None = None

    def perform(self, task: Task, report: Report) -> Outcome:
        """Segment or edit. Raises what `Editor` and `report` raise."""
        if task.picture != self._picture:
            self._picture = None
            self._editor.set_image(task.pixels)
            self._picture = task.picture
        return self._segment(task) if isinstance(task, SegmentTask) else self._edit(task, report)

    def spare_work(self) -> Iterator[None]:
        """Read a grey picture and begin to edit it: what a first pass imports, packs and lays out
        serves all later ones, which take half a second less."""
        editor = copy(self._editor)  # the picture that is open stays as it is
        size = editor.size
        editor.set_image(np.full((size, size, 3), 128, np.uint8))
        editor.segment()
        yield
        if editor.statistics.pictures:
            editor.familiarity()
            yield
        if len(editor.labels) < 2:
            return
        source, target = (np.zeros((size, size), np.uint8) for _ in range(2))
        half = size // 2
        source[half : half + 4, half : half + 4] = 1
        target[half : half + 4, half + 1 : half + 5] = 1  # parts that move are looked for too
        maps = [LabelMap(ids, editor.labels) for ids in (source, target)]
        with suppress(Cancelled):
            editor.edit(maps[1], source=maps[0], on_progress=_stop, num_images=_USUAL)
        yield

    def _segment(self, task: SegmentTask) -> SegmentOutcome:
        began = time.monotonic()
        label_map = self._editor.segment()
        doubt = label_map.uncertainty
        mean = 0.0 if doubt is None else float(doubt.mean())
        usual = self._editor.statistics.pictures > 0
        known = self._editor.familiarity().model_dump() if usual else None
        return SegmentOutcome(label_map.ids, mean, time.monotonic() - began, known)

    def _edit(self, task: EditTask, report: Report) -> EditOutcome:
        labels = self._editor.labels
        colourless = is_grey(task.pixels) and not task.settings.get("colours")

        def tell(state: dict[str, Any]) -> None:
            preview = state.get("preview")
            report(state if preview is None else {**state, "preview": _like(preview, colourless)})

        result = self._editor.edit(
            LabelMap(task.target, labels),
            source=LabelMap(task.source, labels),
            edit_classes=task.classes,
            on_progress=tell,
            region=task.region,
            **task.settings,
        )
        scores = [
            {
                **candidate.scores(),
                "roi_accuracy": candidate.roi_accuracy,
                "roi_loss": candidate.roi_loss,
            }
            for candidate in result.candidates
        ]
        images = _like(np.stack([candidate.image for candidate in result.candidates]), colourless)
        feather = result.settings["dilation"]
        return EditOutcome(images, scores, result.best.index, result.roi, feather, result.report())


def _stop(state: dict[str, Any]) -> None:
    raise Cancelled


def _like(images: NDArray[np.uint8], colourless: bool) -> NDArray[np.uint8]:
    """What edits (uint8 N×S×S×3) of such a picture are: a grey photograph has no place for the
    colours that the model adds, so that nobody sees or keeps any."""
    return grey(images) if colourless else images
