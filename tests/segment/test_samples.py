"""The pixels that classifiers learn from, and their features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from eye import SETTINGS, Eye
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.samples import PixelSample, prepared, standardize


@pytest.mark.parametrize(("size", "smallest"), [(256, 20), (128, 5), (64, 1)])
def test_specks_are_measured_by_area(labels: LabelSet, size: int, smallest: int) -> None:
    # at 256² the paper ignores labels of 1 to 19 pixels
    ids = np.zeros((1, size, size), np.uint8)
    ids[0, 0, :smallest] = 1
    ids[0, 1, : smallest - 1] = 2
    images = np.zeros((1, size, size, 3), np.uint8)

    class Sized(Eye):
        pass

    Sized.size = size
    cleaned = prepared(Sized(), LabelledPictures(images, ids, labels), SETTINGS)  # type: ignore[arg-type]
    assert len(cleaned) == 2, "with its mirror image"
    assert (cleaned.label_ids[:, 0] == 1).sum() == 2 * smallest
    assert not (cleaned.label_ids == 2).any()
    alone = prepared(
        Sized(),  # type: ignore[arg-type]
        LabelledPictures(images, ids, labels),
        replace(SETTINGS, mirror=False),
    )
    assert len(alone) == 1


def test_features_are_those_of_the_sampled_pixels(eye: Any, pictures: LabelledPictures) -> None:
    sample = PixelSample(eye, pictures, SETTINGS, 48)
    # unlabelled pixels are left out: the fixture has 4 of 64 in each picture
    assert 0.8 * 48 * 8 < len(sample) <= 48 * 8
    assert IGNORE not in sample.labels
    clean = sample.features((0,))  # almost no noise at t = 0: the colours tell the class
    assert clean.shape == (len(sample), 3)
    assert clean.dtype == torch.float16
    assert torch.equal(clean.argmax(1), sample.labels)


def test_features_depend_on_seed_and_timesteps_alone(eye: Any, pictures: LabelledPictures) -> None:
    sample = PixelSample(eye, pictures, SETTINGS, 48)
    pair = sample.features((3, 7))
    assert torch.equal(pair, PixelSample(eye, pictures, SETTINGS, 48).features((3, 7)))
    assert not torch.equal(pair[:, :3], sample.features((3,))), "noise of its own"
    other = PixelSample(eye, pictures, replace(SETTINGS, seed=1), 48)
    assert not torch.equal(pair[: len(other)], other.features((3, 7))[: len(pair)])


def test_mixed_features_share_the_timesteps_out_evenly(
    eye: Any, pictures: LabelledPictures
) -> None:
    sample = PixelSample(eye, pictures, SETTINGS, 48)  # eight views: two draws of four pictures
    timesteps = [0, 300, 600, 999]
    mixed = sample.mixed_features(timesteps)
    assert sorted(eye.seen) == sorted(timesteps * 2)
    assert eye.seen != sorted(eye.seen), "at random"
    assert mixed.shape == (len(sample), 3)
    assert torch.equal(mixed, PixelSample(eye, pictures, SETTINGS, 48).mixed_features(timesteps))
    other = PixelSample(eye, pictures, replace(SETTINGS, seed=1), 48).mixed_features(timesteps)
    assert not torch.equal(mixed[: len(other)], other[: len(mixed)])


def test_mixed_features_of_one_timestep_are_of_the_sampled_pixels(
    eye: Any, pictures: LabelledPictures
) -> None:
    sample = PixelSample(eye, pictures, SETTINGS, 48)
    assert torch.equal(sample.mixed_features([0]).argmax(1), sample.labels)


def test_standardized_columns_have_mean_0_and_deviation_1() -> None:
    raw = (torch.randn(5000, 600, generator=torch.Generator().manual_seed(0)) * 30 + 100).half()
    raw[:, 5] = 7
    rows = raw.clone()
    mean, deviation = standardize(rows)
    torch.testing.assert_close(mean, raw.float().mean(0))
    expected = raw.float().std(0)
    expected[5] = 1e-4  # constant features are not blown up
    torch.testing.assert_close(deviation, expected)
    assert not rows[:, 5].any()
    # fp16 near 1 has 11 bits, and so had the features
    torch.testing.assert_close(
        rows.float() * deviation + mean, raw.float(), rtol=0, atol=30 * 2.0**-9
    )
