"""Whole categories with random weights, in memory and as model folders."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conftest import seeded, wake
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import LABELS
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.bundle import WEIGHTS
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import MANIFEST, write_parts
from pixelguide.prior.model_parts import PIPELINE_INDEX, prior_parts
from pixelguide.prior.schedule import Schedule
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.storage import classifier_parts

PARTS = (
    *("labels.json", "unet/config.json", f"unet/{WEIGHTS}", "scheduler/scheduler_config.json"),
    *("segmenter/config.json", f"segmenter/{WEIGHTS}", "guide/config.json", f"guide/{WEIGHTS}"),
)
"""What no category can do without."""


def write_category(
    folder: Path,
    denoiser: Denoiser,
    segmenter: ClassifierBank,
    guide: ClassifierBank,
    labels: LabelSet,
) -> Path:
    """A category's folder, as `train_category` lays it out."""
    write_parts(folder, _parts(denoiser, segmenter, guide, labels))
    return folder


def write_portrait_category(folder: Path) -> Path:
    """A category of 32×32 portraits that has learned nothing yet."""
    write_parts(folder, _portrait_parts())
    return folder


@cache
def _portrait_parts() -> dict[str, bytes]:
    architecture = Architecture(size=32, channels=(16, 16), attention_levels=0, head_channels=16)
    unet = architecture.build(seeded(1))
    wake(unet, 2)
    denoiser = Denoiser(unet.eval().requires_grad_(False), Schedule.linear(), (1, 3))
    banks = [random_bank(denoiser, len(LABELS), steps) for steps in ([[50]], [[100], [500]])]
    return _parts(denoiser, *banks, LABELS)


def random_bank(denoiser: Denoiser, classes: int, timesteps: list[list[int]]) -> ClassifierBank:
    """Small classifiers with random weights."""
    taps = denoiser.taps
    bank = ClassifierBank(
        classes, timesteps, [t.index for t in taps], [t.channels for t in taps], (8, 8)
    )
    for member in range(len(bank)):
        bank.initialize(member, seeded(member))
    return bank.eval().requires_grad_(False)


def _parts(
    denoiser: Denoiser, segmenter: ClassifierBank, guide: ClassifierBank, labels: LabelSet
) -> dict[str, bytes]:
    parts = prior_parts(denoiser.unet) | classifier_parts(segmenter, guide, labels)
    index = {**PIPELINE_INDEX, "labels": json.loads(labels.to_json())}
    return parts | {"model_index.json": json.dumps(index).encode()}


def tiny_maps(labels: LabelSet) -> tuple[LabelMap, LabelMap]:
    """16×16: sky over grass, and the same with a house of 5×5 pixels painted in."""
    ids = np.zeros((16, 16), np.uint8)
    ids[8:] = labels.id("grass")
    source = LabelMap(ids, labels)
    target = source.copy()
    house = np.zeros((16, 16), np.bool_)
    house[5:10, 4:9] = True
    target.paint("house", house)
    return source, target


def edit_json(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def without_manifest(folder: Path) -> Path:
    """The same folder as someone else would publish it."""
    (folder / MANIFEST).unlink()
    return folder
