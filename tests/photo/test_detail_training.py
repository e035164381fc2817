from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.photo.detail import FILE, DetailStep
from pixelguide.photo.detail_training import DetailTraining, spoilt, train_detail, trained
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.pictures import PictureFolder

TINY = DetailTraining(images=320, batch_size=8, patch=24, width=16, blocks=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 32² with fine stripes: what enlarging loses and a network can know."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for k in range(12):
        picture = np.full((32, 32, 3), rng.integers(60, 200, 3), np.uint8)
        picture[:, rng.integers(2) :: 4] = rng.integers(0, 255, 3)
        picture[:, 1 + rng.integers(2) :: 4] = 0
        save_png(folder / f"{k}.png", picture)
    return folder


def test_it_learns_what_enlarging_loses(folder: Path) -> None:
    pictures = PictureFolder(folder, 32)
    network = trained(pictures, TINY)
    true = pictures.batch(list(range(8)))
    seen, replaced = spoilt(true, 0.0, torch.Generator().manual_seed(5))
    with torch.no_grad():
        finer = seen + network(seen, replaced)
    before, after = ((own - true).abs().mean() for own in (seen, finer))
    assert after < 0.8 * before
    again = trained(pictures, TINY)
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_areas_are_softer_and_the_rest_is_as_it_was(folder: Path) -> None:
    true = PictureFolder(folder, 32).batch([0, 1, 2, 3])
    seen, replaced = spoilt(true, 0.5, torch.Generator().manual_seed(0))
    kept = (replaced == 0).expand_as(true)
    assert 0.02 < kept.float().mean() < 0.98
    assert torch.equal(seen[kept], true[kept])
    assert not torch.allclose(seen[~kept], true[~kept], atol=0.05)


def test_a_model_folder_gets_it(folder: Path, tmp_path: Path) -> None:
    unet = Architecture(16, (32,)).build(torch.Generator().manual_seed(0))
    write_parts(tmp_path, prior_parts(unet))
    seen = []
    train_detail(folder, tmp_path, TINY, seen.append)
    assert seen[-1]["done"] == seen[-1]["total"] == TINY.images
    assert ModelFolder.open(tmp_path).has(FILE)  # its manifest knows the file
    DetailStep.read(tmp_path / FILE)


def test_pictures_without_detail_are_refused(folder: Path, tmp_path: Path) -> None:
    unet = Architecture(32, (32,)).build(torch.Generator().manual_seed(0))
    write_parts(tmp_path, prior_parts(unet))
    with pytest.raises(InputError, match=r"32×32 pixels.*0\.png.*64×64 and more"):
        train_detail(folder, tmp_path, TINY)
    assert not (tmp_path / FILE).exists()
