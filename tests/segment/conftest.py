"""A stub to train on, and pictures whose colours tell the class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eye import Eye
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.segment.dataset import LabelledPictures


@pytest.fixture
def eye() -> Any:
    return Eye()


@pytest.fixture
def pictures(labels: LabelSet) -> LabelledPictures:
    """Four pictures whose colours tell the class; some pixels have no label."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, (4, 8, 8)).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    ids[:, 0, ::2] = IGNORE
    return LabelledPictures(images, ids, labels)
