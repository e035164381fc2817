"""Colours of classes for edits of pictures that do not show them."""

from __future__ import annotations

import numpy as np

from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE
from pixelguide.segment.dataset import LabelledPictures

RING = 2
"""Pixels around a class that count as what is beside it."""


def class_means(pictures: LabelledPictures) -> dict[str, tuple[int, int, int]]:
    """The mean colour, RGB in 0 … 255, of each class that looks more like itself in other pictures
    than like what is beside it: teeth do, closed lids have the colour of their face."""
    found: dict[str, tuple[int, int, int]] = {}
    for label, name in enumerate(pictures.labels.names):
        inside, beside = [], []
        for image, ids in zip(pictures.images, pictures.label_ids, strict=True):
            shown = ids == label
            ring = dilate(shown, RING) & ~shown & (ids != IGNORE)
            if shown.any() and ring.any():
                inside.append(image[shown].mean(0))
                beside.append(image[ring].mean(0))
        if not inside:
            continue
        own, around = np.stack(inside), np.stack(beside)
        mean = own.mean(0)
        if ((own - mean) ** 2).sum() <= ((own - around) ** 2).sum():
            red, green, blue = (round(float(value)) for value in mean)
            found[name] = (red, green, blue)
    return found
