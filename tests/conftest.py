"""Small things that many tests use: a tiny prior, tiny classifiers, a model folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelguide.edit.editor import Editor
from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.classifier import ClassifierBank

# Slow machines are no failures, and the same examples at every run no surprises.
hypothesis.settings.register_profile(
    "pixelguide", deadline=None, derandomize=True, max_examples=50, database=None
)
hypothesis.settings.load_profile("pixelguide")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Tensors in tests are so small that threads cost more than they give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each seed."""
    return torch.Generator().manual_seed(seed)


def wake(module: nn.Module, seed: int) -> None:
    """Give every weight that is zero a value, so that an untrained network does something."""
    generator = seeded(seed)
    with torch.no_grad():
        for weight in module.parameters():
            if not weight.any():
                weight.normal_(std=0.1, generator=generator)


@pytest.fixture(scope="session")
def tiny_unet() -> UNet2DModel:
    """Two levels, 16×16 pixels, learned variance; random weights everywhere. Do not change it."""
    architecture = Architecture(size=16, channels=(16, 32), attention_levels=1, head_channels=16)
    unet = architecture.build(seeded(1))
    wake(unet, 2)
    return unet.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def schedule() -> Schedule:
    """The full linear schedule of 1000 levels."""
    return Schedule.linear()


@pytest.fixture(scope="session")
def denoiser(tiny_unet: UNet2DModel, schedule: Schedule) -> Denoiser:
    """The tiny network with three of its four decoder blocks tapped."""
    return Denoiser(tiny_unet, schedule, (0, 1, 3))


@pytest.fixture(scope="session")
def labels() -> LabelSet:
    """Three classes, two of them in a group."""
    return LabelSet(
        ("sky", "grass", "house"),
        ((0, 0, 255), (0, 128, 0), (200, 30, 30)),
        {"nature": ("sky", "grass")},
    )


def make_bank(denoiser: Denoiser, timesteps: list[list[int]], seed: int) -> ClassifierBank:
    """Classifiers of three classes with random weights and random running statistics."""
    taps = denoiser.taps
    bank = ClassifierBank(3, timesteps, [t.index for t in taps], [t.channels for t in taps], (8, 6))
    return randomized(bank, seed).eval().requires_grad_(False)


def randomized(bank: ClassifierBank, seed: int) -> ClassifierBank:
    """The bank with random weights and random running statistics."""
    generator = seeded(seed)
    for member in range(len(bank)):
        bank.initialize(member, generator)
    with torch.no_grad():
        for layer in (1, 2):
            getattr(bank, f"gain{layer}").uniform_(0.5, 2, generator=generator)
            getattr(bank, f"shift{layer}").normal_(generator=generator)
            getattr(bank, f"mean{layer}").normal_(std=0.2, generator=generator)
            getattr(bank, f"variance{layer}").uniform_(0.1, 1, generator=generator)
    return bank


@pytest.fixture(scope="session")
def segmenter_bank(denoiser: Denoiser) -> ClassifierBank:
    """An f_multi of two members. Do not change it."""
    return make_bank(denoiser, [[50, 150]] * 2, 3)


@pytest.fixture(scope="session")
def guide_bank(denoiser: Denoiser) -> ClassifierBank:
    """{C_t} for four timesteps. Do not change it."""
    return make_bank(denoiser, [[0], [100], [300], [600]], 4)


@pytest.fixture(scope="session")
def x_0() -> Tensor:
    """A picture of smooth colours, 1×3×16×16 in [-1, 1]."""
    coarse = torch.rand(1, 3, 4, 4, generator=seeded(5)) * 1.8 - 0.9
    return nn.functional.interpolate(coarse, 16, mode="bilinear", align_corners=False)


@pytest.fixture
def tiny_editor(
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Editor:
    """An editor of the tiny category, without a picture."""
    return Editor(denoiser, segmenter_bank, guide_bank, labels, model={"name": "tiny"})


@pytest.fixture
def picture(x_0: Tensor) -> NDArray[np.uint8]:
    """`x_0` as uint8 16×16×3."""
    return from_model(x_0)[0]


@pytest.fixture
def source(labels: LabelSet) -> LabelMap:
    """The map of `picture` before an edit."""
    from model_folders import tiny_maps  # which takes what is above

    return tiny_maps(labels)[0]


@pytest.fixture
def target(labels: LabelSet) -> LabelMap:
    """The map of `picture` after it."""
    from model_folders import tiny_maps

    return tiny_maps(labels)[1]


@pytest.fixture
def model_folder(tmp_path: Path, tiny_unet: UNet2DModel) -> Path:
    """A model folder with the tiny prior and its manifest, to be damaged at will."""
    folder = tmp_path / "model"
    write_parts(folder, prior_parts(tiny_unet))
    return folder


@pytest.fixture
def category(
    tmp_path: Path,
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Path:
    """The folder of a whole category, to be damaged at will."""
    from model_folders import write_category  # which takes what is above

    return write_category(tmp_path / "category", denoiser, segmenter_bank, guide_bank, labels)
