from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.tune.cross_fit import fold_guide, fold_settings, folds_of

QUICK = replace(fold_settings(1000, 0), iterations=3, tuning=2, starts=(300,), steps=3, pixels=32)


def test_every_picture_is_left_out_once() -> None:
    for count in (2, 3, 20):
        folds = folds_of(count)
        assert sorted(k for fold in folds for k in fold) == list(range(count))
        assert all(folds)


def test_a_guide_does_not_depend_on_what_is_left_out(
    denoiser: Denoiser, pictures: LabelledPictures, tmp_path: Path
) -> None:
    first = fold_guide(denoiser, pictures, [0, 1], QUICK, tmp_path / "0", lambda share: None)
    pictures.images[:2] = 0
    again = fold_guide(denoiser, pictures, [0, 1], QUICK, tmp_path / "1", lambda share: None)
    other = fold_guide(denoiser, pictures, [2], QUICK, tmp_path / "2", lambda share: None)
    for one, two in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(first.weight1, other.weight1)


def test_a_finished_one_is_read(
    denoiser: Denoiser, pictures: LabelledPictures, tmp_path: Path
) -> None:
    shares: list[float] = []
    first = fold_guide(denoiser, pictures, [0], QUICK, tmp_path / "0", shares.append)
    assert shares[-1] == 1
    again = fold_guide(denoiser, pictures, [0], QUICK, tmp_path / "0", shares.clear)  # type: ignore[arg-type]
    assert shares
    assert torch.equal(first.weight1, again.weight1)
