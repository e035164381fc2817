"""Label maps and their uncertainty, from a tiny prior with random classifiers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from conftest import make_bank, seeded
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.segmenter import Segmenter, noisy_activations, picture_uncertainty


@pytest.fixture(scope="module")
def segmenter(denoiser: Denoiser, segmenter_bank: ClassifierBank, labels: LabelSet) -> Segmenter:
    return Segmenter(denoiser, segmenter_bank, labels)


def _two(x_0: Tensor) -> Tensor:
    return torch.cat([x_0, -x_0])


def test_activations_are_of_noised_pictures(denoiser: Denoiser, x_0: Tensor) -> None:
    pictures = _two(x_0)
    activations = noisy_activations(denoiser, pictures, (50, 150), seeded(7))
    noise = torch.randn(3, 16, 16, generator=seeded(7))
    expected = []
    for t in (50, 150):  # eq. 6, with one noise for all pictures and timesteps
        alpha_bar = denoiser.schedule.alpha_bar[t]
        x_t = alpha_bar.sqrt().float() * pictures + (1 - alpha_bar).sqrt().float() * noise
        expected += denoiser.features(x_t, t)
    assert len(activations) == 2 * len(denoiser.taps)
    for ours, theirs in zip(activations, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_probabilities_are_the_ensembles_mean(
    segmenter: Segmenter, denoiser: Denoiser, segmenter_bank: ClassifierBank, x_0: Tensor
) -> None:
    pictures = _two(x_0)
    probabilities = segmenter.probabilities(pictures)
    assert probabilities.shape == (2, 3, 16, 16)
    # as DatasetDDPM does it: the full-size feature map, then every member on every pixel
    activations = noisy_activations(denoiser, pictures, (50, 150), seeded(0))
    maps = torch.cat([F.interpolate(a, 16, mode="bilinear") for a in activations], 1)
    pixels = maps.permute(0, 2, 3, 1).reshape(1, 2 * 256, -1)
    members = segmenter_bank(pixels.expand(2, -1, -1)).softmax(2)
    expected = members.mean(0).reshape(2, 16, 16, 3).permute(0, 3, 1, 2)
    assert torch.allclose(probabilities, expected, atol=1e-5)
    assert (members[0] - members[1]).abs().max() > 0.1  # the mean is of different opinions


def test_of_one_member_the_map_is_the_likeliest_class_and_uncertainty_the_entropy(
    denoiser: Denoiser, labels: LabelSet, x_0: Tensor
) -> None:
    bank = make_bank(denoiser, [[50, 150]], 3)
    segmenter = Segmenter(denoiser, bank, labels)
    bank.bias3.sub_(segmenter.members(x_0).log().mean((0, 1, 3, 4)))  # no class is always ahead
    probabilities = segmenter.probabilities(_two(x_0)).double().numpy()
    maps = segmenter(_two(x_0))
    assert len(maps) == 2
    for label_map, p in zip(maps, probabilities, strict=True):
        assert label_map.labels is labels
        assert np.array_equal(label_map.ids, p.argmax(0))
        assert len(np.unique(label_map.ids)) > 1  # the pixels do not all look alike
        assert label_map.uncertainty is not None
        assert label_map.uncertainty.dtype == np.float32
        entropy = -(p * np.log(p)).sum(0) / math.log(3)
        np.testing.assert_allclose(label_map.uncertainty, entropy, atol=1e-5)
        assert 0 <= label_map.uncertainty.min() < label_map.uncertainty.max() <= 1


def test_an_ensemble_votes_and_doubts_what_its_members_disagree_about(
    denoiser: Denoiser, labels: LabelSet, x_0: Tensor
) -> None:
    segmenter = Segmenter(denoiser, make_bank(denoiser, [[50, 150]] * 5, 3), labels)
    members = segmenter.members(x_0)[:, 0].double().numpy()  # 5×3×16×16
    (label_map,) = segmenter(x_0)
    votes = (members.argmax(1)[:, None] == np.arange(3)[:, None, None]).sum(0)  # 3×16×16
    assert np.array_equal(label_map.ids, votes.argmax(0)), "of a tie, the lower id"
    assert (label_map.ids != members.mean(0).argmax(0)).any(), "a vote is not the mean"
    mean = members.mean(0)
    whole = -(mean * np.log(mean)).sum(0)
    each = -(members * np.log(members)).sum(1).mean(0)
    assert label_map.uncertainty is not None
    np.testing.assert_allclose(label_map.uncertainty, (whole - each) / math.log(3), atol=1e-5)


def test_members_that_agree_leave_no_doubt(
    denoiser: Denoiser, labels: LabelSet, x_0: Tensor
) -> None:
    bank = make_bank(denoiser, [[50]] * 3, 0)
    for value in bank.state_dict().values():
        value[:] = value[:1].clone()
    (label_map,) = Segmenter(denoiser, bank, labels)(x_0)
    np.testing.assert_allclose(label_map.uncertainty, 0, atol=1e-6)


def test_a_pictures_uncertainty_is_that_of_its_worst_tenth(labels: LabelSet) -> None:
    doubts = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    label_map = LabelMap(np.zeros((10, 10), np.uint8), labels, doubts[:, ::-1].copy())
    assert picture_uncertainty(label_map) == pytest.approx(doubts.reshape(-1)[90:].mean())
    small = LabelMap(np.zeros((2, 2), np.uint8), labels, np.float32([[0, 0.5], [0.2, 0.1]]))
    assert picture_uncertainty(small) == 0.5
    with pytest.raises(InputError, match="without uncertainty"):
        picture_uncertainty(LabelMap(np.zeros((2, 2), np.uint8), labels))


def test_chosen_pixels_are_read_as_among_all(segmenter: Segmenter, x_0: Tensor) -> None:
    pictures = _two(x_0)
    where = torch.rand(16, 16, generator=seeded(3)) < 0.2
    found = segmenter.probabilities_at(pictures, where)
    torch.testing.assert_close(found, segmenter.probabilities(pictures)[:, :, where])


def test_map_of_a_picture_is_always_the_same(segmenter: Segmenter, x_0: Tensor) -> None:
    torch.rand(1)  # the global generator has no say
    first, second = segmenter(x_0)[0], segmenter(x_0)[0]
    assert np.array_equal(first.ids, second.ids)
    assert first.uncertainty is not None
    assert second.uncertainty is not None
    assert np.array_equal(first.uncertainty, second.uncertainty)
    in_batch = segmenter(_two(x_0))[0]
    assert in_batch.uncertainty is not None
    np.testing.assert_allclose(in_batch.uncertainty, first.uncertainty, atol=1e-5)


@pytest.mark.parametrize(("bias", "uncertainty"), [(0.0, 1.0), (1000.0, 0.0)])
def test_uncertainty_at_its_ends(
    denoiser: Denoiser, labels: LabelSet, x_0: Tensor, bias: float, uncertainty: float
) -> None:
    bank = make_bank(denoiser, [[50]], 0)
    bank.weight3.data.zero_()
    bank.bias3.data[:] = torch.tensor([0.0, bias, 0.0])
    (label_map,) = Segmenter(denoiser, bank, labels)(x_0)
    assert label_map.uncertainty is not None
    np.testing.assert_allclose(label_map.uncertainty, uncertainty, atol=1e-6)


def test_a_single_class_is_certain(denoiser: Denoiser, x_0: Tensor) -> None:
    taps = denoiser.taps
    bank = ClassifierBank(1, [[50]], [t.index for t in taps], [t.channels for t in taps], (4, 4))
    (label_map,) = Segmenter(denoiser, bank.eval(), LabelSet(("all",), ((0, 0, 0),)))(x_0)
    assert not label_map.ids.any()
    assert label_map.uncertainty is not None
    assert not label_map.uncertainty.any()


def test_no_gradient_is_kept(segmenter: Segmenter, x_0: Tensor) -> None:
    assert not segmenter.probabilities(x_0.clone().requires_grad_()).requires_grad
