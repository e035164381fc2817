"""The stages of an edit, measured one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelguide.evaluate.costs import WorkCounter
from pixelguide.evaluate.stages import (
    TRAINING,
    Inputs,
    Stage,
    Watched,
    candidate_stages,
    picture_stages,
    training_stage,
)
from pixelguide.evaluate.subjects import Subject
from pixelguide.guidance.guidance import guided


def flops(stage: Stage) -> dict[str, float]:
    """FLOPs of each part of a stage."""
    with WorkCounter() as work:
        parts = stage(lambda: np.array([work.flops], np.float64))
    return {name: float(amount[0]) for name, amount in parts.items()}


@pytest.mark.parametrize("batch", [1, 3])
def test_a_guided_step_is_one_pass_and_the_sum_of_its_parts(subject: Subject, batch: int) -> None:
    stage = candidate_stages(subject, batch)["guided"]
    with subject.denoiser.counted() as calls:
        parts = flops(stage)
    assert calls == [batch]
    whole = parts.pop("guided step")
    assert sum(parts.values()) == whole
    assert list(parts) == ["· forward", "· head", "· backward", "· update"]


def test_each_part_has_the_operations_that_belong_to_it(subject: Subject) -> None:
    parts = flops(candidate_stages(subject, 1)["guided"])
    x_t = Inputs.of(subject).x_t.requires_grad_()
    with WorkCounter() as work:
        prediction = subject.denoiser(x_t, subject.schedule, 1)
    assert parts["· forward"] == work.flops
    with WorkCounter() as work:
        torch.autograd.grad(torch.stack([tap.sum() for tap in prediction.taps]).sum(), x_t)
    assert parts["· backward"] == work.flops
    # 16 pixels through three linear layers, after a projection of each tap, there and back
    assert parts["· head"] > 0
    assert parts["· update"] == 0  # neither products nor convolutions


def test_features_stop_at_the_last_tap(subject: Subject) -> None:
    full = flops(picture_stages(subject)["inversion"])["inversion step"]
    features, twice = (
        flops(candidate_stages(subject, batch)["features"])["features per timestep"]
        for batch in (1, 2)
    )
    assert 0 < features < full
    assert features < twice <= 2 * features


def test_watching_changes_nothing(subject: Subject) -> None:
    inputs = Inputs.of(subject)
    roi = torch.from_numpy(inputs.roi)
    plain = guided(subject.denoiser, subject.guide, inputs.target, roi)
    watched = guided(Watched(subject.denoiser), subject.guide, inputs.target, roi)
    expected, found = (each(inputs.x_t, subject.schedule, 1) for each in (plain, watched))
    torch.testing.assert_close(found.gradient, expected.gradient, rtol=0, atol=0)
    torch.testing.assert_close(found.prediction.eps, expected.prediction.eps, rtol=0, atol=0)


def test_training_is_told_for_one_classifier_and_all_its_iterations(subject: Subject) -> None:
    (amount,) = flops(training_stage(subject)).values()
    inputs = sum(tap.channels for tap in subject.denoiser.taps)
    first, second, classes = 128, 32, 3
    # the features need no gradient, so the first layer has one product fewer on the way back
    products = 2 * inputs * first + 3 * first * second + 3 * second * classes
    assert amount == pytest.approx(2 * TRAINING.batch_size * products * TRAINING.tuning)


def test_inputs_are_always_the_same(subject: Subject) -> None:
    one, two = Inputs.of(subject), Inputs.of(subject)
    assert (one.image == two.image).all()
    torch.testing.assert_close(one.x_t, two.x_t, rtol=0, atol=0)
    assert one.roi.sum() == 16 * 16 / 16
