"""A subject for benchmarks that is small enough for tests."""

from __future__ import annotations

import pytest

from pixelguide.evaluate.subjects import Subject
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank


@pytest.fixture(scope="session")
def subject(denoiser: Denoiser, guide_bank: ClassifierBank) -> Subject:
    """The tiny category, 16×16, three classes."""
    return Subject("tiny", denoiser, guide_bank, denoiser.schedule.respaced([0, 299]))
