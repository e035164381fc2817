"""A tiny editor with random weights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.labels import LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank


@pytest.fixture
def editor(
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
    picture: NDArray[np.uint8],
) -> Editor:
    """An editor that already has its picture."""
    editor = Editor(denoiser, segmenter_bank, guide_bank, labels, model={"name": "tiny"})
    editor.set_image(picture)
    return editor
