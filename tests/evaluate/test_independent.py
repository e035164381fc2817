from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelguide.evaluate.independent import IndependentSegmenter, SmallUNet
from pixelguide.evaluate.measures import confusion, intersection_over_union
from pixelguide.evaluate.portrait_edits import (
    EVALUATION_SEED,
    held_out_portraits,
    portrait_edits,
)
from pixelguide.labels import IGNORE
from pixelguide.portraits import LABELS


@pytest.fixture(scope="module")
def segmenter() -> IndependentSegmenter:
    return IndependentSegmenter.built_in()


def test_the_network_scores_every_pixel() -> None:
    network = SmallUNet(5, (4, 6, 8, 10)).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 32, 48)).shape == (2, 5, 32, 48)


def test_a_far_pixel_reaches_far_but_not_everywhere() -> None:
    """Level by level its view doubles, so that it sees faces, not only textures."""
    network = SmallUNet(2, (4, 6, 8, 10)).eval()
    for weight in network.parameters():
        torch.nn.init.constant_(weight, 0.1)  # so that no unit is off
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    network(x)[0, 0, 32, 32].backward()
    assert x.grad is not None
    seen = x.grad[0].abs().sum(0) > 0
    assert 32 <= seen.any(0).sum() <= 64


def test_held_out_portraits_are_read_far_better_than_by_f_multi(
    segmenter: IndependentSegmenter,
) -> None:
    images, maps = held_out_portraits(24)
    counts = confusion(segmenter(images), maps, len(LABELS))
    assert np.nanmean(intersection_over_union(counts)) > 0.90  # f_multi: 0.83
    assert np.trace(counts) / counts.sum() > 0.98


def test_true_edits_are_read_right_and_so_are_rare_features(
    segmenter: IndependentSegmenter,
) -> None:
    for odd in (False, True):
        for case in portrait_edits(8, seed=EVALUATION_SEED, odd=odd):
            (read,) = segmenter(case.after.image[None])
            known = case.after.label_ids != IGNORE
            assert (read == case.after.label_ids)[known].mean() > 0.96


def test_it_is_small_and_a_picture_is_read_alone(segmenter: IndependentSegmenter) -> None:
    images, _ = held_out_portraits(3)
    together = segmenter(images)
    assert together.dtype == np.uint8
    assert np.array_equal(together[1], segmenter(images[1:2])[0])
    assert sum(weight.numel() for weight in SmallUNet(len(LABELS)).parameters()) < 500_000
    assert len(segmenter.version) == 16


def test_larger_portraits_are_read_at_its_own_size(segmenter: IndependentSegmenter) -> None:
    larger, ids = held_out_portraits(6, 128)
    read = segmenter(larger)
    assert read.shape == ids.shape
    assert (read == ids).mean() > 0.95  # all but rims, which are two pixels wide
    assert np.array_equal(read[:, ::2, ::2], segmenter(larger)[:, 1::2, 1::2])
