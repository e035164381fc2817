"""The gradient of eq. 8: right, each candidate's own, and nothing else computed."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from torch import Tensor

from conftest import make_bank, seeded
from pixelguide.guidance.guidance import guided, unguided
from pixelguide.labels import IGNORE
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.classifier import ClassifierBank

LEVEL = 290  # nearest to the classifier of t = 300


@pytest.fixture(scope="module")
def target() -> Tensor:
    """Ids 0, 1, 2 in stripes."""
    return (torch.arange(16)[None].expand(16, -1) // 6).clone()


@pytest.fixture(scope="module")
def roi() -> Tensor:
    roi = torch.zeros(16, 16, dtype=torch.bool)
    roi[3:11, 4:13] = True
    return roi


@pytest.fixture(scope="module")
def x_t() -> Tensor:
    return torch.randn(3, 3, 16, 16, generator=seeded(0))


def _loss(
    denoiser: Denoiser, bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> Tensor:
    """Mean cross-entropy over the ROI's pixels, per candidate, by way of the full-size map."""
    activations = denoiser(x_t, denoiser.schedule, LEVEL).taps
    maps = torch.cat(
        [torch.nn.functional.interpolate(a, 16, mode="bilinear") for a in activations], 1
    )
    losses = []
    for own in maps:
        pixels = own[:, roi].T  # the ROI's pixels × channels
        logits = bank(pixels.expand(len(bank), -1, -1))[2]
        losses.append(-logits.log_softmax(1)[torch.arange(len(pixels)), target[roi]].mean())
    return torch.stack(losses)


def test_loss_and_accuracy_are_those_of_the_nearest_classifier(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    answer = guided(denoiser, guide_bank, target, roi)(x_t, denoiser.schedule, LEVEL)
    expected = _loss(denoiser, guide_bank, target, roi, x_t)
    assert torch.allclose(answer.loss, expected, atol=1e-5)
    activations = denoiser(x_t, denoiser.schedule, LEVEL).taps
    ids = guide_bank.logits(2, activations, torch.arange(256), 16).argmax(2).reshape(3, 16, 16)
    right = (ids == target)[:, roi].float().mean(1)
    assert torch.allclose(answer.accuracy, right)
    assert 0 < right.min() < 1


def test_gradient_is_that_of_central_differences(
    tiny_unet: UNet2DModel, schedule: Schedule, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    denoiser = Denoiser(copy.deepcopy(tiny_unet).double(), schedule, (0, 1, 3))
    bank = make_bank(denoiser, [[0], [100], [300], [600]], 4).double()
    x_t = x_t[:1].double()
    gradient = guided(denoiser, bank, target, roi)(x_t, schedule, LEVEL).gradient
    assert gradient.dtype == torch.float64
    generator = seeded(1)
    for _ in range(6):
        direction = torch.randn(x_t.shape, generator=generator, dtype=torch.float64)
        h = 1e-5
        with torch.no_grad():
            ahead, behind = (
                _loss(denoiser, bank, target, roi, x_t + step * direction) for step in (h, -h)
            )
        slope = float((ahead - behind) / (2 * h))
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_gradient_of_a_candidate_does_not_depend_on_its_batch(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    ask = guided(denoiser, guide_bank, target, roi)
    together = ask(x_t, denoiser.schedule, LEVEL)
    for k in range(3):
        alone = ask(x_t[k : k + 1], denoiser.schedule, LEVEL)
        # 1/N would be off by a factor of three
        assert torch.allclose(alone.gradient[0], together.gradient[k], rtol=1e-3, atol=1e-7)
        assert torch.allclose(alone.loss[0], together.loss[k], rtol=1e-5)
        assert alone.accuracy[0] == together.accuracy[k]


def test_downhill_lowers_the_loss(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    ask = guided(denoiser, guide_bank, target, roi)
    here = ask(x_t, denoiser.schedule, LEVEL)
    step = 0.01 * here.gradient / here.gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    assert (ask(x_t - step, denoiser.schedule, LEVEL).loss < here.loss).all()
    assert (ask(x_t + step, denoiser.schedule, LEVEL).loss > here.loss).all()


def test_prediction_is_the_denoisers_own_and_carries_no_graph(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    expected = denoiser(x_t, denoiser.schedule, LEVEL)
    with torch.no_grad():  # as a sampler calls it
        answer = guided(denoiser, guide_bank, target, roi)(x_t, denoiser.schedule, LEVEL)
    own = answer.prediction
    assert own.v is not None
    assert expected.v is not None
    for ours, theirs in ((own.eps, expected.eps), (own.x_0, expected.x_0), (own.v, expected.v)):
        assert torch.equal(ours, theirs)
    for tensor in (own.eps, own.x_0, own.v, answer.gradient, answer.loss, answer.accuracy):
        assert not tensor.requires_grad
    assert own.taps == []  # their memory is freed
    assert answer.gradient.any()
    assert not x_t.requires_grad


def test_one_pass_serves_denoising_and_labelling(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    with denoiser.counted() as passes:
        guided(denoiser, guide_bank, target, roi)(x_t, denoiser.schedule, LEVEL)
    assert passes == [len(x_t)]


def test_targets_outside_the_region_and_unlabelled_pixels_do_not_count(
    denoiser: Denoiser, guide_bank: ClassifierBank, target: Tensor, roi: Tensor, x_t: Tensor
) -> None:
    def ask(target: Tensor, roi: Tensor) -> Tensor:
        return guided(denoiser, guide_bank, target, roi)(x_t, denoiser.schedule, LEVEL).gradient

    expected = ask(target, roi)
    elsewhere = target.clone()
    elsewhere[~roi] = 0
    assert torch.equal(ask(elsewhere, roi), expected)
    inside = target.clone()
    inside[4, 5] = 1 - inside[4, 5]
    assert not torch.equal(ask(inside, roi), expected)
    larger = roi.clone()
    larger[12] = True
    unlabelled = target.clone()
    unlabelled[12] = IGNORE
    assert torch.equal(ask(unlabelled, larger), expected)


@pytest.mark.parametrize(("t", "member"), [(0, 0), (49, 0), (51, 1), (450, 2), (451, 3), (999, 3)])
def test_classifier_of_the_nearest_timestep_is_asked(
    denoiser: Denoiser,
    guide_bank: ClassifierBank,
    target: Tensor,
    roi: Tensor,
    x_t: Tensor,
    t: int,
    member: int,
) -> None:
    # on a respaced schedule, where position and timestep differ
    schedule = denoiser.schedule.respaced(sorted({5, t}))
    i = int((schedule.timesteps == t).nonzero())
    loss = guided(denoiser, guide_bank, target, roi)(x_t, schedule, i).loss
    pixels = roi.flatten().nonzero()[:, 0]
    logits = guide_bank.logits(member, denoiser(x_t, schedule, i).taps, pixels, 16)
    expected = [torch.nn.functional.cross_entropy(own, target[roi]) for own in logits]
    assert torch.allclose(loss, torch.stack(expected), atol=1e-5)


def test_unguided_has_no_gradient(denoiser: Denoiser, x_t: Tensor) -> None:
    answer = unguided(denoiser)(x_t.clone().requires_grad_(), denoiser.schedule, LEVEL)
    expected = denoiser(x_t, denoiser.schedule, LEVEL)
    assert torch.equal(answer.gradient, torch.zeros_like(x_t))
    assert torch.equal(answer.prediction.eps, expected.eps)
    assert not answer.prediction.eps.requires_grad
    assert np.isnan(answer.loss.numpy()).all()
    assert np.isnan(answer.accuracy.numpy()).all()
    assert answer.loss.shape == answer.accuracy.shape == (3,)
