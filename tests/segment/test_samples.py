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
from pixelguide.segment.samples import (
    MOST_WEIGHT,
    PixelSample,
    class_weights,
    moments,
    prepared,
)


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


@pytest.mark.parametrize("count", [2, 1024, 5000])
def test_moments_are_those_of_whole_columns(count: int) -> None:
    draws = torch.Generator().manual_seed(0)
    rows = (torch.randn(count, 60, generator=draws) * 30 + 1000).half()
    rows[:, 5] = 7
    before = rows.clone()
    mean, deviation = moments(rows)
    assert torch.equal(rows, before)
    torch.testing.assert_close(mean, rows.double().mean(0).float())
    expected = rows.double().std(0).float()
    expected = expected.clamp(min=1e-4)  # constant features are not blown up
    torch.testing.assert_close(deviation, expected)


def test_one_pixel_has_no_deviation() -> None:
    mean, deviation = moments(torch.full((1, 2), 3.0).half())
    assert mean.tolist() == [3, 3]
    assert torch.equal(deviation, torch.full((2,), 1e-4))


def test_rare_classes_weigh_more() -> None:
    ids = torch.zeros(2, 1000, dtype=torch.int64)
    ids[:, :200] = 1
    ids[:, 200:210] = 2
    ids[0, 210] = 3
    ids[:, 300:400] = IGNORE
    weights = class_weights(ids)  # 1378, 400, 20 and 1 pixels, 450 in the mean
    mean = (2000 - 200) / 4
    assert weights[0] == 1
    assert weights[1] == pytest.approx((mean / 400) ** 0.5)
    assert weights[2] == pytest.approx((mean / 20) ** 0.5)
    assert weights[3] == MOST_WEIGHT
    assert weights[4] == weights[IGNORE] == 1


def test_rare_classes_are_drawn_more_often_and_no_pixel_twice(eye: Any, labels: LabelSet) -> None:
    ids = np.zeros((6, 8, 8), np.uint8)
    ids[:, 0, :2] = 1
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    settings = replace(SETTINGS, noise_draws=40, mirror=False)
    sample = PixelSample(eye, LabelledPictures(images, ids, labels), settings, 8)
    assert len(sample) == 6 * 40 * 8
    # of 64 pixels 2 are of the class: an eighth of its pixels would be drawn, of equal weights
    share = float((sample.labels == 1).float().mean()) * 8 / 2
    assert 0.3 < share < 0.5
    for draw in sample._places:
        assert all(len(places.unique()) == 8 for places in draw)


def test_unlabelled_sets_have_equal_weights() -> None:
    assert (class_weights(torch.full((3, 4), IGNORE)) == 1).all()
