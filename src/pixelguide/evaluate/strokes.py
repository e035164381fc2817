"""Pictures of flat colour made from a target map: what a user of SDEdit would paint by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.evaluate.cases import EditTask
from pixelguide.labels import IGNORE

Strokes = Literal["classes", "changed"]
Colours = Mapping[int, NDArray[np.float64]]
"""A colour, float64 3 in [0, 255], for class ids."""


def class_colours(
    examples: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> dict[int, NDArray[np.float64]]:
    """The mean colour of every class that occurs in pictures (uint8 H×W×3) with maps (uint8 H×W).

    For classes that a picture to be edited does not show, such as teeth in a closed mouth.
    """
    totals: dict[int, tuple[NDArray[np.float64], int]] = {}
    for image, ids in examples:
        for label in map(int, np.unique(ids)):
            pixels = image[ids == label].astype(np.float64)
            total, count = totals.get(label, (np.zeros(3), 0))
            totals[label] = total + pixels.sum(0), count + len(pixels)
    return {label: total / n for label, (total, n) in totals.items() if label != IGNORE}


def stroke_guide(
    task: EditTask, colours: Colours, strokes: Strokes = "classes"
) -> NDArray[np.uint8]:
    """The task's picture with flat colours where it is to change, uint8 S×S×3.

    strokes: "classes" fills all of the ROI before dilation, "changed" only the pixels whose label
    changes, which leaves the parts that stay with their shading. Each takes the mean colour of
    its target class: over the picture; for a class that is not edited but uncovered, over the
    picture outside the ROI; for one that the picture does not show, from `colours`, and where
    these lack it too the mean of the picture outside the ROI.
    """
    region = task.painted.copy()
    if strokes == "changed":
        region &= task.source.ids != task.target.ids
    edited = task.target.labels.ids(task.classes)
    guide = task.image.copy()
    for label in map(int, np.unique(task.target.ids[region])):
        if label == IGNORE:
            continue
        shown = task.source.ids == label
        outside = shown & ~task.roi
        if label not in edited and outside.any():
            shown = outside
        if shown.any():
            colour = task.image[shown].mean(0)
        elif label in colours:
            colour = colours[label]
        else:
            colour = (
                task.image[~task.roi].mean(0) if not task.roi.all() else task.image.mean((0, 1))
            )
        guide[region & (task.target.ids == label)] = np.round(colour).astype(np.uint8)
    return guide
