"""Labelled pictures of houses on grass under a sky, 16×16."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.labels import LabelSet
from pixelguide.segment.dataset import LabelledPictures

COLOURS = np.array([[90, 140, 220], [60, 150, 70], [200, 60, 50]])


def houses(labels: LabelSet, count: int = 8) -> LabelledPictures:
    """Houses of several sizes, in places and shades of their own."""
    draws = np.random.default_rng(7)
    images, maps = [], []
    for k in range(count):
        ids = np.zeros((16, 16), np.uint8)
        ids[9:] = 1
        top, left, side = 4 + k % 3, 2 + k % 5, 4 + k % 3
        ids[top : top + side, left : left + side] = 2
        noise = draws.normal(0, 6, (16, 16, 3)) + draws.normal(0, 10, 3)
        images.append(np.clip(COLOURS[ids] + noise, 0, 255).astype(np.uint8))
        maps.append(ids)
    return LabelledPictures(np.stack(images), np.stack(maps), labels)


@pytest.fixture
def pictures(labels: LabelSet) -> LabelledPictures:
    """Eight of them."""
    return houses(labels)
