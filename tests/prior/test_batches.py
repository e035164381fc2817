"""Which pictures a step sees, and at which noise."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from discs import write_discs
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.augmentation import Augmentation
from pixelguide.prior.batches import as_noisy_as, batches, split
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.training_settings import PriorTraining

TINY = Architecture(size=16, channels=(16, 16), attention_levels=1, head_channels=16)
SETTINGS = PriorTraining(
    images=20, batch_size=4, warmup_images=8, checkpoint_images=8, learning_rate=2e-3, ema_decay=0.5
)
"""Five steps, with a checkpoint after the second, the fourth and the last."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_discs(tmp_path / "pictures")


@given(st.integers(1, 5000), st.integers(1, 400))
def test_split(count: int, held_out: int) -> None:
    train, held = split(count, held_out)
    assert len(held) == min(held_out, max(1, count // 10))
    if count > 1:
        assert sorted([*train, *held]) == list(range(count))
    else:  # a single picture has to serve as both
        assert (train, held) == ([0], [0])


class _Listed(PictureFolder):
    """Pictures whose red value is their index."""

    def __init__(self, count: int) -> None:
        self.count, self.size = count, 4

    def __len__(self) -> int:
        return self.count

    def picture(self, index: int) -> np.ndarray:
        return np.full((4, 4, 3), index, np.uint8)


def _indices(x_0: torch.Tensor) -> list[int]:
    return ((x_0[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def _batches(steps: range, share: slice = slice(None), **changes: Any) -> list[Any]:
    settings = dataclasses.replace(SETTINGS, **changes)
    train, _ = split(13, settings.held_out)
    with ThreadPoolExecutor(2) as pool:
        return list(batches(_Listed(13), train, settings, share, steps, pool))


def test_every_epoch_shows_every_picture_once_in_a_new_order() -> None:
    shown = [k for x_0, _, _ in _batches(range(9)) for k in _indices(x_0)]
    train, held_out = split(13, 256)
    epochs = [tuple(shown[n : n + len(train)]) for n in range(0, len(shown), len(train))]
    assert [sorted(epoch) for epoch in epochs] == [train] * 3
    assert len(set(epochs)) == 3
    assert not set(shown) & set(held_out)


def test_batch_depends_on_its_step_alone() -> None:
    whole = _batches(range(9))
    for ours, theirs in zip(_batches(range(5, 9)), whole[5:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_processes_share_a_batch_without_overlap() -> None:
    whole = _batches(range(3))
    shares = [_batches(range(3), slice(k, None, 2)) for k in range(2)]
    for step in range(3):
        for part in range(3):  # x_0, ε, t
            assert torch.equal(shares[0][step][part], whole[step][part][0::2])
            assert torch.equal(shares[1][step][part], whole[step][part][1::2])


def test_noise_is_normal_and_timesteps_cover_the_schedule() -> None:
    many = _batches(range(100), batch_size=16)
    eps, t = (torch.cat([batch[part] for batch in many]) for part in (1, 2))
    assert abs(eps.mean()) < 0.02  # 76,800 draws: four standard deviations are 0.014
    assert abs(eps.std() - 1) < 0.02
    assert t.min() < 10  # 1,600 draws: all would miss by chance in 1e-7 of the cases
    assert t.max() > 989
    assert abs(t.float().mean() - 499.5) < 30  # four standard deviations are 29


def test_half_of_the_pictures_are_mirrored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _Listed, "picture", lambda *_: np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    )
    flipped = [x_0[:, 0, 0, 0] > x_0[:, 0, 0, -1] for x_0, _, _ in _batches(range(50))]
    assert 0.35 < torch.cat(flipped).float().mean() < 0.65  # four standard deviations of 200 draws
    never = [x_0[:, 0, 0, 0] > x_0[:, 0, 0, -1] for x_0, _, _ in _batches(range(5), flip=False)]
    assert not torch.cat(never).any()


def test_shifted_noise_hides_more_of_large_pictures_and_still_covers_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mean_t(size: int) -> float:
        monkeypatch.setattr(_Listed, "picture", lambda *_: np.zeros((size, size, 3), np.uint8))
        pictures = _Listed(13)
        pictures.size = size
        settings = dataclasses.replace(SETTINGS, batch_size=400, shift_noise=True)
        with ThreadPoolExecutor(1) as pool:
            drawn = batches(pictures, [0], settings, slice(None), range(4), pool)
            t = torch.cat([batch[2] for batch in drawn])
        assert t.min() < 10
        assert t.max() > 989
        return float(t.float().mean())

    assert abs(mean_t(64) - 499.5) < 30  # 64² is the size for which the uniform choice is kept
    assert mean_t(128) > 530


def test_the_same_share_of_a_picture_is_hidden_at_every_size() -> None:
    """At 128² four pixels make one of 64²: a quarter of the noise is left (arXiv 2301.11093)."""
    alpha_bar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
    ratio = alpha_bar / (1 - alpha_bar)
    t = torch.arange(100, 900)
    torch.testing.assert_close(ratio[as_noisy_as(128)[t]] * 4, ratio[t], rtol=0.02, atol=0)
    assert torch.equal(as_noisy_as(64), torch.arange(1000))


def test_augmented_batches_are_of_the_models_size_and_shared_alike() -> None:
    settings = {"augmentation": Augmentation(tint=0.3)}
    whole = _batches(range(2), **settings)
    assert whole[0][0].shape == whole[0][1].shape == (4, 3, 2, 2)
    parts = [_batches(range(2), slice(k, None, 2), **settings) for k in range(2)]
    for step in range(2):
        for part in range(3):
            assert torch.equal(parts[0][step][part], whole[step][part][0::2])
            assert torch.equal(parts[1][step][part], whole[step][part][1::2])
    assert whole[0][0].unique().numel() > _batches(range(1))[0][0].unique().numel()
