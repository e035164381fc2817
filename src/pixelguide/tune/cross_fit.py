"""Guides that have not seen the pictures that they are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.torch

from pixelguide.files import write_atomically
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.safe import read_tensors
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.plan import ClassifierTraining, plan_training
from pixelguide.segment.training import train_guide, untrained_guide

FOLDS = 3


def fold_settings(timesteps: int, seed: int) -> ClassifierTraining:
    """A guide of a few timesteps, densest where edits from colours live, and quickly trained: what
    a category's own guide does is only to be imitated."""
    return ClassifierTraining(
        segment_timesteps=(timesteps // 4,),
        starts=(round(0.3 * timesteps), round(0.75 * timesteps)),
        steps=8,
        iterations=1500,
        tuning=80,
        noise_draws=2,
        seed=seed,
    )


def folds_of(count: int) -> list[list[int]]:
    """The pictures of each fold, of `count`: at most `FOLDS`, one or more in each."""
    return [list(map(int, part)) for part in np.array_split(np.arange(count), min(FOLDS, count))]


def fold_guide(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    left_out: list[int],
    settings: ClassifierTraining,
    path: Path,
    on_share: Callable[[float], None],
) -> PixelClassifiers:
    """{C_t} trained on all `pictures` but `left_out`; kept in the file `path` once it is done."""
    kept = [k for k in range(len(pictures)) if k not in left_out]
    own = replace(pictures, images=pictures.images[kept], label_ids=pictures.label_ids[kept])
    if path.exists():
        bank = untrained_guide(denoiser, own, settings)
        bank.load_state_dict(read_tensors(path))
        return bank.eval().requires_grad_(False).to(denoiser.device)
    bank = train_guide(denoiser, own, settings, on_share)
    write_atomically(path, safetensors.torch.save(bank.state_dict()))
    return bank.eval().requires_grad_(False).to(denoiser.device)


def fold_passes(pictures: int, size: int, channels: int, settings: ClassifierTraining) -> int:
    """Passes of the network that the training of all folds takes, one picture each."""
    folds = folds_of(pictures)
    plans = [plan_training(settings, pictures - len(fold), size, channels) for fold in folds]
    return sum(plan.passes for plan in plans)
