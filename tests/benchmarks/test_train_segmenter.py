from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import train_segmenter
from benchmarks.train_segmenter import batch, labelled_render, train
from pixelguide.labels import IGNORE


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_segmenter, "BATCH", 3)
    monkeypatch.setattr(train_segmenter, "FRESH", 2)
    monkeypatch.setattr(train_segmenter, "CHECKPOINT", 1)


def test_a_killed_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole", 3).state_dict()

    def kill(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt
        return batch(step)  # type: ignore[return-value]

    with monkeypatch.context() as patch:
        patch.setattr(train_segmenter, "batch", kill)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "parts", 3)
    resumed = train(tmp_path / "parts", 3).state_dict()
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_batches_hold_new_pictures_and_their_maps() -> None:
    pictures, ids = batch(1)
    assert pictures.shape == (3, 3, 64, 64)
    assert ids.shape == (3, 64, 64)
    assert pictures.abs().max() <= 1
    for k, number in enumerate((2, 3)):  # the new ones of step 1, mirrored or not
        own = torch.from_numpy(labelled_render(number)[1].astype(np.int64))
        assert torch.equal(ids[k], own) or torch.equal(ids[k], own.flip(-1))
    assert all(torch.equal(one, two) for one, two in zip(batch(1), (pictures, ids), strict=True))


def test_oddities_hide_labels_in_some_renders() -> None:
    hidden = [bool((labelled_render(number)[1] == IGNORE).any()) for number in range(0, 24)]
    assert any(hidden)
    assert not any(known for number, known in enumerate(hidden) if number % 4)
