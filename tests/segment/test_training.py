"""Training on a stub that sees pictures as they are: one tap, the noisy picture itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.prior.taps import Tap
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.training import (
    ClassifierTraining,
    guide_timesteps,
    prepared,
    train_classifiers,
    train_segmenter,
)

SETTINGS = ClassifierTraining(
    segment_timesteps=(0, 5),
    starts=(12,),
    steps=5,
    batch_size=16,
    iterations=6,
    noise_draws=2,
    pixels=48,
    together=2,
)


class Eye:
    """Stands for a denoiser of 8×8 pictures; its one tap is what it is shown."""

    size = 8
    device = torch.device("cpu")
    taps = (Tap(0, 3, 1),)

    def __init__(self) -> None:
        self.schedule = Schedule.linear()
        self.unet = torch.nn.Linear(1, 1)  # has weights, as a prior has
        self.seen: list[int] = []

    def features(self, x_t: Tensor, t: int) -> list[Tensor]:
        self.seen += [t] * len(x_t)
        return [x_t]


@pytest.fixture
def eye() -> Any:
    return Eye()


@pytest.fixture
def pictures(labels: LabelSet) -> LabelledPictures:
    """Four pictures whose colours tell the class; some pixels have no label."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, (4, 8, 8)).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    ids[:, 0, ::2] = IGNORE
    return LabelledPictures(images, ids, labels)


def state(banks: tuple[ClassifierBank, ...]) -> dict[str, Tensor]:
    return {f"{k}.{n}": v.clone() for k, b in enumerate(banks) for n, v in b.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())


def test_the_paper_guides_by_every_timestep_that_edits_visit() -> None:
    settings = ClassifierTraining()
    timesteps = guide_timesteps(settings)
    visited = set(spaced_timesteps(500, 50)) | set(spaced_timesteps(750, 50))
    assert list(timesteps) == sorted(visited)
    assert settings.segment_timesteps == (50, 150, 250)  # Matsunaga et al. 2022, sec. 3.2


def test_every_member_learns_what_can_be_told_apart(eye: Any, pictures: LabelledPictures) -> None:
    settings = replace(SETTINGS, iterations=120, members=2, learning_rate=0.02)
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
    shown = 2 * len(pictures) * SETTINGS.noise_draws  # each picture and its mirror image
    expected = [0, 5] * shown
    for t in guide_timesteps(SETTINGS):
        expected += [t] * shown
    assert Counter(eye.seen) == Counter(expected)


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


# a killed run


class KilledError(Exception):
    pass


def kill_at(done: int) -> Any:
    def on_progress(told: dict[str, Any]) -> None:
        if told["done"] >= done:
            raise KilledError

    return on_progress


@pytest.mark.parametrize("killed_at", [1, 2, 4])
def test_a_killed_run_goes_on_to_the_same_bits(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, killed_at: int
) -> None:
    whole = state(train_classifiers(eye, pictures, SETTINGS))
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(
            eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(killed_at)
        )
    eye.seen.clear()
    told: list[dict[str, Any]] = []
    resumed = train_classifiers(
        eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=told.append
    )
    assert equal(state(resumed), whole)
    finished = {1: 1, 2: 3, 4: 5}[killed_at]  # members go by twos, after f_multi
    assert set(eye.seen) == set(guide_timesteps(SETTINGS)[finished - 1 :]), "none is trained twice"
    assert all(finished < state["done"] <= state["total"] == 6 for state in told)
    assert told[-1]["done"] == 6
    eye.seen.clear()
    again = train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)
    assert not eye.seen, "a finished run has nothing left to do"
    assert equal(state(again), whole)


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"iterations": 7}, {"mirror": False}, {"starts": (10,)}, {"learning_rate": 1e-2}],
)
def test_a_checkpoint_of_other_settings_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, other: dict[str, Any]
) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(1))
    with pytest.raises(InputError, match="other settings, data or prior"):
        train_classifiers(eye, pictures, replace(SETTINGS, **other), checkpoint=checkpoint)


@pytest.mark.parametrize("change", ["pixel", "moved pixel", "label", "swapped labels"])
def test_a_checkpoint_of_other_data_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, change: str
) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(1))
    images, ids = pictures.images.copy(), pictures.label_ids.copy()
    if change == "pixel":
        images[0, 4, 4, 0] ^= 1
    elif change == "moved pixel":
        images[0] = images[0, ::-1]
    elif change == "label":
        ids[0, 4, 4] = IGNORE
    else:
        ids[0] = ids[0, ::-1]
    other = LabelledPictures(images, ids, pictures.labels)
    with pytest.raises(InputError, match="other settings, data or prior"):
        train_classifiers(eye, other, SETTINGS, checkpoint=checkpoint)


def test_a_checkpoint_of_another_prior_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(1))
    eye.unet.weight.data += 1
    with pytest.raises(InputError, match="prior"):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)


def test_a_damaged_checkpoint_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(1))
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors"):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)


def test_it_works_on_a_network_too(denoiser: Denoiser, labels: LabelSet) -> None:
    rng = np.random.default_rng(1)
    ids = np.repeat(np.repeat(rng.integers(0, 3, (2, 4, 4)), 4, 1), 4, 2).astype(np.uint8)
    images = np.array([[250, 20, 20], [20, 250, 20], [20, 20, 250]], np.uint8)[ids]
    settings = replace(
        SETTINGS, iterations=250, pixels=256, learning_rate=0.01, starts=(3,), steps=2
    )
    _, guide = train_classifiers(denoiser, LabelledPictures(images, ids, labels), settings)
    activations = denoiser.features(to_model(images), 0)
    read = guide.logits(0, activations, torch.arange(256), 16).argmax(2).view(2, 16, 16)
    assert (read.numpy() == ids).mean() > 0.9
