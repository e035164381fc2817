"""Candidates are read by f_multi and compared with the target map inside the region alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from pixelguide.edit.scoring import score_candidates
from pixelguide.images import from_model, to_model
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.familiarity import denoising_errors
from pixelguide.segment.segmenter import Segmenter


class _Sure(Segmenter):
    """Reads class 1 with certainty 0.8 on the left half, class 0 with 0.5 on the right."""

    def probabilities_at(self, x_0: Tensor, where: Tensor) -> Tensor:
        read = torch.zeros(len(x_0), 3, 16, 16)
        read[:, 1, :, :8], read[:, 2, :, :8] = 0.8, 0.2
        read[:, 0, :, 8:], read[:, 2, :, 8:] = 0.5, 0.5
        return read[:, :, where]


@pytest.fixture
def segmenter(denoiser: Denoiser, segmenter_bank: ClassifierBank, labels: LabelSet) -> Segmenter:
    return _Sure(denoiser, segmenter_bank, labels)


def test_accuracy_and_loss_are_means_over_the_labelled_region(
    segmenter: Segmenter, x_0: Tensor, labels: LabelSet
) -> None:
    picture = from_model(x_0)[0]
    target = LabelMap(np.ones((16, 16), np.uint8), labels)
    roi = np.zeros((16, 16), np.bool_)
    roi[0, 6:10] = True  # two pixels read as class 1, two read as class 0
    target.ids[0, 9] = IGNORE
    (candidate,) = score_candidates(segmenter, picture, picture[None], target, roi)
    assert candidate.roi_accuracy == pytest.approx(2 / 3)
    # class 1 has no probability at all on the right: the loss is bounded, not infinite
    assert candidate.roi_loss == pytest.approx((-2 * math.log(0.8) - math.log(1e-12)) / 3)
    assert candidate.changed_pixels_outside == 0


def test_changed_pixels_outside_are_counted_once_each(
    segmenter: Segmenter, x_0: Tensor, labels: LabelSet
) -> None:
    picture = from_model(x_0)[0]
    edited = np.stack([picture, picture])
    edited[1, 0, 0] ^= 1  # all three channels of one pixel
    edited[1, 5, 5, 2] ^= 1
    edited[1, 9, 9] ^= 1  # inside
    roi = np.zeros((16, 16), np.bool_)
    roi[9, 9] = True
    target = LabelMap(np.zeros((16, 16), np.uint8), labels)
    candidates = score_candidates(segmenter, picture, edited, target, roi)
    assert [c.changed_pixels_outside for c in candidates] == [0, 2]
    assert [c.index for c in candidates] == [0, 1]


def test_the_oddity_is_the_error_in_the_region_against_what_is_usual(
    segmenter: Segmenter, x_0: Tensor, labels: LabelSet
) -> None:
    picture = from_model(x_0)[0]
    roi = np.zeros((16, 16), np.bool_)
    roi[4:12, 4:12] = True
    target = LabelMap(np.zeros((16, 16), np.uint8), labels)
    pictures = np.stack([picture, np.where(roi[..., None], 255 - picture, picture)])
    errors = denoising_errors(segmenter.denoiser, to_model(pictures), torch.from_numpy(roi))
    assert errors[1] != pytest.approx(errors[0])
    for usual, reference in ((0.1, errors[0]), (1000.0, 1000.0)):
        both = score_candidates(segmenter, picture, pictures, target, roi, usual, 0.5)
        assert [own.unlikely for own in both] == [(own.oddity or 0) > 0.5 for own in both]
        found = [own.oddity for own in both]
        assert found == pytest.approx([error / reference for error in errors])
    plain = score_candidates(segmenter, picture, pictures, target, roi)
    assert [own.oddity for own in plain] == [None, None]
    assert [own.roi_loss for own in plain] == [own.roi_loss for own in both]


def test_all_candidates_are_measured_in_one_pass(
    segmenter: Segmenter, x_0: Tensor, labels: LabelSet
) -> None:
    picture = from_model(x_0)[0]
    roi = np.ones((16, 16), np.bool_)
    target = LabelMap(np.zeros((16, 16), np.uint8), labels)
    with segmenter.denoiser.counted() as sizes:
        score_candidates(segmenter, picture, np.stack([picture] * 5), target, roi, 10.0)
    assert sizes == [6]  # the original and five; this segmenter needs no pass
