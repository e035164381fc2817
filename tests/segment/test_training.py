"""Training on a stub that sees pictures as they are: one tap, the noisy picture itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from eye import SETTINGS, equal, state
from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import guide_timesteps
from pixelguide.segment.training import train_classifiers, train_segmenter


def test_every_member_learns_what_can_be_told_apart(eye: Any, pictures: LabelledPictures) -> None:
    settings = replace(SETTINGS, iterations=120, tuning=40, members=2, learning_rate=0.02)
    segmenter, guide = train_classifiers(eye, pictures, settings)
    assert segmenter.timesteps == ((0, 5), (0, 5))
    assert guide.timesteps == tuple((t,) for t in spaced_timesteps(12, 5))
    x_0 = to_model(pictures.images)
    labels = torch.from_numpy(pictures.label_ids.astype(np.int64)).flatten(1)
    for bank in (segmenter, guide):
        assert not bank.training
        for k, timesteps in enumerate(bank.timesteps):
            # new noise, and pictures by `logits`, as the editor reads them
            noise = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(k))
            shown = [eye.schedule.add_noise(x_0, noise, torch.full((4,), t)) for t in timesteps]
            read = bank.logits(k, shown, torch.arange(64), 8).argmax(2)
            assert (read == labels)[labels != IGNORE].all()


def test_members_see_their_own_timesteps_only(eye: Any, pictures: LabelledPictures) -> None:
    train_classifiers(eye, pictures, SETTINGS)
    timesteps = guide_timesteps(SETTINGS)
    many = 2 * len(pictures) * SETTINGS.noise_draws  # each picture and its mirror image
    expected = Counter([0, 5] * many + [*timesteps] * many)
    # and the one classifier that all start from sees a mixture
    mixture = Counter(eye.seen) - expected
    assert mixture.keys() <= set(timesteps)
    assert mixture.total() == many


def test_training_repeats_to_the_bit_and_seeds_differ(eye: Any, pictures: LabelledPictures) -> None:
    first, again, other = (
        state(train_classifiers(eye, pictures, replace(SETTINGS, seed=seed))) for seed in (0, 0, 1)
    )
    assert equal(first, again)
    assert not equal(first, other)


def test_members_of_an_ensemble_differ(eye: Any, pictures: LabelledPictures) -> None:
    segmenter, _ = train_classifiers(eye, pictures, replace(SETTINGS, members=2))
    assert not torch.equal(segmenter.weight1[0], segmenter.weight1[1])


@pytest.mark.parametrize("together", [1, 3, 99])
def test_members_do_not_depend_on_who_is_trained_beside_them(
    eye: Any, pictures: LabelledPictures, together: int
) -> None:
    pairs = state(train_classifiers(eye, pictures, SETTINGS))
    others = state(train_classifiers(eye, pictures, replace(SETTINGS, together=together)))
    for name, value in pairs.items():
        # Adam divides by gradients that may be tiny, so rounding can be seen
        torch.testing.assert_close(others[name], value, rtol=1e-2, atol=1e-3)


def test_the_guide_starts_from_one_classifier_of_all_timesteps(
    eye: Any, pictures: LabelledPictures
) -> None:
    _, guide = train_classifiers(eye, pictures, replace(SETTINGS, tuning=0))
    for value in guide.state_dict().values():
        # each goes through the scale of its own features and back
        torch.testing.assert_close(value, value[:1].expand_as(value), rtol=1e-4, atol=1e-5)
    _, tuned = train_classifiers(eye, pictures, replace(SETTINGS, tuning=1))
    assert not torch.allclose(tuned.weight1[0], tuned.weight1[-1], rtol=1e-4, atol=1e-5)


def test_the_segmenter_alone_is_the_same(eye: Any, pictures: LabelledPictures) -> None:
    alone = train_segmenter(eye, pictures, SETTINGS)
    beside, _ = train_classifiers(eye, pictures, SETTINGS)
    assert equal(alone.state_dict(), beside.state_dict())


def test_pixels_without_a_label_teach_nothing(eye: Any, pictures: LabelledPictures) -> None:
    # the stub looks at single pixels, so what lies at unlabelled ones must not matter at all
    repainted = pictures.images.copy()
    repainted[pictures.label_ids == IGNORE] = (1, 2, 3)
    other = LabelledPictures(repainted, pictures.label_ids, pictures.labels)
    assert equal(
        state(train_classifiers(eye, pictures, SETTINGS)),
        state(train_classifiers(eye, other, SETTINGS)),
    )
    repainted[pictures.label_ids != IGNORE] = (1, 2, 3)
    assert not equal(
        state(train_classifiers(eye, pictures, SETTINGS)),
        state(train_classifiers(eye, other, SETTINGS)),
    )


def test_a_dataset_without_labels_is_refused(eye: Any, pictures: LabelledPictures) -> None:
    nothing = np.full_like(pictures.label_ids, IGNORE)
    with pytest.raises(InputError, match="no labelled pixel"):
        train_classifiers(
            eye, LabelledPictures(pictures.images, nothing, pictures.labels), SETTINGS
        )


def test_it_works_on_a_network_too(denoiser: Denoiser, labels: LabelSet) -> None:
    rng = np.random.default_rng(1)
    ids = np.repeat(np.repeat(rng.integers(0, 3, (2, 4, 4)), 4, 1), 4, 2).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    settings = replace(
        SETTINGS, iterations=250, tuning=50, pixels=256, learning_rate=0.01, starts=(3,), steps=2
    )
    _, guide = train_classifiers(denoiser, LabelledPictures(images, ids, labels), settings)
    activations = denoiser.features(to_model(images), 0)
    read = guide.logits(0, activations, torch.arange(256), 16).argmax(2).view(2, 16, 16)
    assert (read.numpy() == ids).mean() > 0.9
