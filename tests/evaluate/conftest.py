"""Subjects, editors and tasks that are small enough for tests."""

from __future__ import annotations

import pytest
from torch import Tensor

from model_folders import tiny_maps
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.subjects import Subject
from pixelguide.images import from_model
from pixelguide.labels import LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank


@pytest.fixture(scope="session")
def subject(denoiser: Denoiser, guide_bank: ClassifierBank) -> Subject:
    """The tiny category, 16×16, three classes."""
    return Subject("tiny", denoiser, guide_bank, denoiser.schedule.respaced([0, 299]))


@pytest.fixture
def editor(tiny_editor: Editor) -> Editor:
    """An editor of the tiny category."""
    return tiny_editor


@pytest.fixture
def task(x_0: Tensor, labels: LabelSet) -> EditTask:
    """A house of 5×5 pixels to be painted between sky and grass, whose true look is known."""
    image = from_model(x_0)[0]
    source, target = tiny_maps(labels)
    truth = image.copy()
    truth[target.ids == labels.id("house")] = (200, 30, 30)
    return EditTask("a-house", "build", image, source, target, ("house",), truth, dilation=1)
