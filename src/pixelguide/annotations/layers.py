"""Label maps as shapes: one mask per class, and back by painting one over the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.naming import IGNORED, background_id
from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS
from pixelguide.labels import LabelMap, LabelSet


def layers(label_map: LabelMap) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Name and mask (bool H×W) of every class that occurs, but for what stays where no shape is.

    Pixels without a label are a shape called `IGNORED` if no shape means the background. There is
    always one shape: a picture without any would count as not annotated.
    """
    labels, rest = label_map.labels, background_id(label_map.labels)
    present = np.unique(label_map.ids)
    for index in present:
        if index != rest or len(present) == 1:
            name = labels.names[index] if index < len(labels) else IGNORED
            yield name, label_map.ids == index


def blank(labels: LabelSet, height: int, width: int, where: str) -> NDArray[np.uint8]:
    """Ids of a map before the first shape, uint8 height×width."""
    if not 0 < height * width <= MAX_PIXELS or height < 0:
        raise InputError(f"a picture of {width}×{height} pixels", where, "The limit is 40 MP.")
    return np.full((height, width), background_id(labels), np.uint8)
