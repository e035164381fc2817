"""A tiny baseline: networks of 16², pictures of discs, a folder with all trained parts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.editgan.classifier import new_bank
from benchmarks.editgan.editing import BANK, EditGan, EditSettings
from benchmarks.editgan.encoder import Encoder
from benchmarks.editgan.networks import Discriminator, Generator, Shape
from benchmarks.editgan.pictures import DecodedPictures
from benchmarks.editgan.storage import save_module, tensor_bytes
from conftest import seeded
from pixelguide.images import save_png
from pixelguide.labels import LabelSet
from pixelguide.prior.pictures import PictureFolder

TINY = Shape(channels=(12, 8, 6), latent=8, mapping=2)
HIDDEN = (8, 6)


def disc(size: int, radius: float, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture uint8 size×size×3 of a bright disc on a dark ground, and its map (1: disc)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    centre = size / 2 + rng.uniform(-1, 1, 2)
    inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    image = np.where(inside[..., None], rng.integers(180, 255, 3), rng.integers(0, 60, 3))
    return image.astype(np.uint8), inside.astype(np.uint8)


@pytest.fixture(scope="session")
def shape() -> Shape:
    return TINY


@pytest.fixture(scope="session")
def gan_generator(shape: Shape) -> Generator:
    """Random weights. Do not change it."""
    return Generator(shape, seeded(1)).requires_grad_(False)


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory, shape: Shape) -> PictureFolder:
    """Twelve pictures of discs."""
    folder = tmp_path_factory.mktemp("discs")
    for k in range(12):
        save_png(folder / f"{k:02d}.png", disc(shape.size, 3 + k % 4, k)[0])
    return PictureFolder(folder, shape.size)


@pytest.fixture(scope="session")
def pictures(picture_folder: PictureFolder) -> DecodedPictures:
    """They as training data."""
    return DecodedPictures(picture_folder, torch.device("cpu"))


@pytest.fixture(scope="session")
def disc_labels() -> LabelSet:
    return LabelSet(("ground", "disc", "ring"), ((0, 0, 0), (255, 255, 255), (255, 0, 0)))


def write_gan(folder: Path, shape: Shape, labels: LabelSet) -> Path:
    """A folder with every part of the baseline, random weights throughout."""
    save_module(folder / "generator", Generator(shape, seeded(1)), shape)
    save_module(folder / "discriminator", Discriminator(shape, seeded(2)), shape)
    save_module(folder / "encoder", Encoder(shape, seeded(3)), shape)
    bank = new_bank(shape, len(labels), 2, HIDDEN)
    for member in range(2):
        bank.initialize(member, seeded(member))
    (folder / f"{BANK}.safetensors").write_bytes(tensor_bytes(bank.state_dict()))
    content = {"members": 2, "hidden": HIDDEN, "labels": json.loads(labels.to_json())}
    (folder / f"{BANK}.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def gan_folder(tmp_path: Path, shape: Shape, disc_labels: LabelSet) -> Path:
    """`write_gan` in a folder of one's own."""
    return write_gan(tmp_path / "gan", shape, disc_labels)


@pytest.fixture
def gan(gan_folder: Path) -> EditGan:
    """The tiny baseline with few steps."""
    return EditGan.load(gan_folder, EditSettings(refine_steps=4, edit_steps=6))
