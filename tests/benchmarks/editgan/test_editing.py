"""The baseline as it is used: embed, read, edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.editgan.classifier import PixelTraining, pixel_loss
from benchmarks.editgan.editing import EditGan, EditSettings, learn_labels
from benchmarks.editgan.networks import Shape
from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.labels import IGNORE, LabelSet
from pixelguide.segment.dataset import LabelledPictures

from .conftest import HIDDEN, disc


@pytest.fixture
def image() -> np.ndarray:
    return disc(16, 4, 3)[0]


@pytest.fixture
def target() -> np.ndarray:
    return disc(16, 6, 3)[1]


@pytest.fixture
def roi() -> np.ndarray:
    mask = np.zeros((16, 16), bool)
    mask[2:14, 2:14] = True
    return mask


def test_results_are_pictures_and_maps(gan: EditGan, image: np.ndarray) -> None:
    made = gan.reconstruct(image)
    assert made.shape == (16, 16, 3)
    assert made.dtype == np.uint8
    ws = gan.embed(np.stack([image, image]))
    assert ws.shape == (2, gan.generator.shape.ws, 8)
    assert not ws.requires_grad
    assert gan.maps(ws).shape == (2, 16, 16)


def test_an_edit_is_a_picture_that_depends_on_the_draws_alone(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray
) -> None:
    made = [gan.edit(image, target, roi, seeded(seed)) for seed in (0, 0, 1)]
    assert made[0].shape == (16, 16, 3)
    assert made[0].dtype == np.uint8
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_edits_made_together_are_those_made_one_by_one(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray
) -> None:
    other = np.zeros_like(roi)
    other[5:9, 3:14] = True
    inputs = [(image, target, roi), (image[::-1].copy(), target, other)]
    together = gan.edits(inputs, [seeded(0), seeded(1)])
    for k, own in enumerate(inputs):
        alone = gan.edit(*own, seeded(k))
        assert np.abs(together[k].astype(int) - alone).max() <= 1  # sums in another order


@pytest.mark.parametrize("weight", [1.0, 300.0])
def test_an_edit_lowers_its_loss(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray, weight: float
) -> None:
    gan.settings = replace(gan.settings, refine_steps=30, edit_steps=60, label_weight=weight)
    ws = gan.embed(image[None])

    def losses(at: torch.Tensor) -> tuple[float, float]:
        picture, activations = gan.generator.synthesis(at)
        pixels = torch.from_numpy(np.flatnonzero(roi))
        wanted = torch.from_numpy(target[roi].astype(np.int64))
        outside = torch.from_numpy(~roi).float()
        inside = pixel_loss(gan.bank, activations, pixels, wanted, 16)
        away = gan.distance(picture * outside, to_model(image) * outside)
        return float(inside), float(away)

    with torch.no_grad():
        before = losses(ws)
        after = losses(gan.edit_latents(ws, image[None], target[None], roi[None], [seeded(0)]))
    assert weight * after[0] + after[1] < weight * before[0] + before[1]
    if weight > 1:  # labels outweigh what an untrained generator cannot keep
        assert after[0] < before[0]


def test_refinement_lowers_the_distance(gan: EditGan, image: np.ndarray) -> None:
    found = []
    for steps in (0, 60):
        gan.settings = replace(gan.settings, refine_steps=steps)
        picture, _ = gan.generator.synthesis(gan.embed(image[None]))
        found.append(float(gan.distance(picture, to_model(image))))
    assert found[1] < 0.9 * found[0]


def test_ignored_pixels_of_the_target_play_no_part(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray
) -> None:
    hidden = target.copy()
    hidden[2:8, 2:14] = IGNORE
    made = gan.edit(image, hidden, roi, seeded(0))
    assert made.shape == (16, 16, 3)
    with pytest.raises(InputError, match="no pixel to edit"):
        gan.edit(image, np.full_like(target, IGNORE), roi, seeded(0))


@pytest.mark.parametrize("broken", ["image", "target", "roi"])
def test_sizes_must_fit(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray, broken: str
) -> None:
    parts = {"image": image, "target": target, "roi": roi}
    parts[broken] = parts[broken][:8]
    with pytest.raises(InputError, match="All must be 16×16"):
        gan.edit(parts["image"], parts["target"], parts["roi"], seeded(0))


def test_classes_and_region_must_be_there(
    gan: EditGan, image: np.ndarray, target: np.ndarray, roi: np.ndarray
) -> None:
    with pytest.raises(InputError, match="no pixel to edit"):
        gan.edit(image, target, np.zeros_like(roi), seeded(0))
    with pytest.raises(InputError, match="no known class"):
        gan.edit(image, np.full_like(target, 3), roi, seeded(0))


def test_labels_are_learned_kept_and_loaded(
    gan_folder: Path, shape: Shape, disc_labels: LabelSet
) -> None:
    images, maps = zip(*[disc(16, 3 + k, k) for k in range(3)], strict=True)
    labelled = LabelledPictures(np.stack(images), np.stack(maps), disc_labels)
    training = PixelTraining(members=3, hidden=HIDDEN, iterations=20, pixels=64)
    settings = EditSettings(refine_steps=2, edit_steps=2)
    learn_labels(labelled, gan_folder, training, settings)
    gan = EditGan.load(gan_folder, settings)
    assert len(gan.bank) == 3
    assert gan.labels == disc_labels
    assert not any(weight.requires_grad for weight in gan.bank.parameters())
    assert gan.maps(gan.embed(labelled.images)).max() < len(disc_labels)


@pytest.mark.parametrize(
    "part", ["generator.json", "discriminator.safetensors", "encoder.json", "classifiers.json"]
)
def test_a_missing_part_is_named(gan_folder: Path, part: str) -> None:
    (gan_folder / part).unlink()
    with pytest.raises(InputError, match=part.split(".")[0]):
        EditGan.load(gan_folder)
