"""A tiny editor with random weights, its picture, and two maps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor

from model_folders import tiny_maps
from pixelguide.edit.editor import Editor
from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank


@pytest.fixture
def picture(x_0: Tensor) -> NDArray[np.uint8]:
    return from_model(x_0)[0]


@pytest.fixture
def source(labels: LabelSet) -> LabelMap:
    return tiny_maps(labels)[0]


@pytest.fixture
def target(labels: LabelSet) -> LabelMap:
    return tiny_maps(labels)[1]


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
