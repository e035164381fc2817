"""Runs tasks in the worker process, by an `Editor`."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.images import is_grey
from pixelguide.labels import LabelMap
from pixelguide.photo.paste_back import grey
from pixelguide.studio.messages import (
    EditOutcome,
    EditTask,
    Outcome,
    Report,
    SegmentOutcome,
    SegmentTask,
    Task,
)


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


def _like(images: NDArray[np.uint8], colourless: bool) -> NDArray[np.uint8]:
    """What edits (uint8 N×S×S×3) of such a picture are: a grey photograph has no place for the
    colours that the model adds, so that nobody sees or keeps any."""
    return grey(images) if colourless else images
