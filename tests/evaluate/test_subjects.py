"""What a benchmark measures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pixelguide.errors import InputError
from pixelguide.evaluate.subjects import CLASSES, SHAPES, subject_of_model, subject_of_shape
from pixelguide.prior.bundle import ModelFolder
from pixelguide.segment.classifier import ClassifierBank

CPU = torch.device("cpu")


def test_the_papers_shape_has_the_papers_size() -> None:
    with torch.device("meta"):
        unet = SHAPES["adm-256"].build(torch.Generator())
    assert unet.num_parameters() == 552_814_086


def test_random_weights_are_the_same_every_time_and_gradients_are_not_zero() -> None:
    one, two = (subject_of_shape("portraits-64", 16, CPU) for _ in range(2))
    assert one.denoiser.size == 16
    weights = one.denoiser.unet.state_dict()
    for name, value in two.denoiser.unet.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)
        assert value.any(), name
    assert not any(weight.requires_grad for weight in one.denoiser.unet.parameters())
    assert one.guide.num_classes == CLASSES
    assert one.schedule.timesteps.tolist() == [0, 499]
    assert one.guide.timesteps == ((0,), (499,))


def test_a_category_brings_its_own_classifiers(category: Path, guide_bank: ClassifierBank) -> None:
    subject = subject_of_model(category, CPU)
    assert subject.name == "category"
    assert subject.hash == ModelFolder.open(category).hash
    assert subject.guide.timesteps == guide_bank.timesteps
    assert tuple(tap.index for tap in subject.denoiser.taps) == guide_bank.taps


def test_a_prior_alone_gets_random_classifiers(model_folder: Path) -> None:
    subject = subject_of_model(model_folder, CPU)
    assert subject.guide.num_classes == CLASSES
    assert subject.guide.taps == tuple(tap.index for tap in subject.denoiser.taps)


@pytest.mark.parametrize(
    ("shape", "size", "named"),
    [("adm-512", None, "adm-256"), ("portraits-64", 60, "multiple of 8"), ("adm-64", 0, "size 0")],
)
def test_shapes_that_cannot_be(shape: str, size: int | None, named: str) -> None:
    with pytest.raises(InputError, match=named):
        subject_of_shape(shape, size, CPU)
