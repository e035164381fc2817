"""Pictures of flat colour made from a target map: where an edit can start, and what a user of
SDEdit would paint by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelguide.guidance.class_cores import core, is_doubtful
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelMap

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


def flat_colours(
    image: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    classes: Sequence[str],
    painted: NDArray[np.bool_],
    roi: NDArray[np.bool_],
    colours: Colours,
    strokes: Strokes = "classes",
    asked: Colours = MappingProxyType({}),
    edges: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """`image` (uint8 S×S×3) with flat colours where it is to change: uint8 S×S×3.

    classes: the edited classes Q. painted, roi: the ROI before and after dilation, bool S×S.
    strokes: "classes" fills all of `painted`, "changed" only the pixels whose label changes, which
    leaves the parts that stay with their shading, but for `edges` (bool S×S) that are to vanish.
    Each takes the mean colour of its target class: of one with such edges in its `core`;
    of others over the picture; of one that is not edited but uncovered, over the picture outside
    the ROI; for one that the picture does not show, from `colours`, and where these lack it too the
    mean of the pixels around the ROI: closed lids or ears are most like the face beside them.
    asked: colours that come before all these.
    """
    region = painted.copy()
    if strokes == "changed":
        region &= source.ids != target.ids
        if edges is not None:
            region |= edges
    edited = target.labels.ids(classes)
    around = dilate(roi, 2) & ~roi
    guide = image.copy()
    for label in map(int, np.unique(target.ids[region])):
        if label == IGNORE:
            continue
        shown = source.ids == label
        if is_doubtful(shown, edges):
            shown = core(shown)
        outside = shown & ~roi
        if label not in edited and outside.any():
            shown = outside
        if label in asked:
            colour = asked[label]
        elif shown.any():
            colour = image[shown].mean(0)
        elif label in colours:
            colour = colours[label]
        else:
            colour = image[around].mean(0) if around.any() else image.mean((0, 1))
        guide[region & (target.ids == label)] = np.round(colour).astype(np.uint8)
    return guide
