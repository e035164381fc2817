"""The parts of a category, read from its model folder and put on a device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from pixelguide.devices import choose_device
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.progress import Progress
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.photo.detail import FILE as DETAIL
from pixelguide.photo.detail import DetailStep
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import InferenceOptions, prepare
from pixelguide.prior.public.fetched import fetched
from pixelguide.segment.model_labels import load_labels
from pixelguide.segment.picture_statistics import PictureStatistics, load_statistics
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.storage import check_bank, load_bank


@dataclass(frozen=True)
class Opened:
    """What an `Editor` is made of, under the names that it has for them."""

    denoiser: Denoiser
    segmenter: PixelClassifiers
    guide: PixelClassifiers
    labels: LabelSet
    defaults: EditDefaults | None
    model: dict[str, str]
    statistics: PictureStatistics
    detail: DetailStep | None


def open_category(
    model: str | Path,
    device: str | torch.device,
    options: InferenceOptions,
    on_progress: Progress | None = None,
) -> Opened:
    """The category `model` on `device`; arguments and errors as of `Editor.from_pretrained`."""
    tell = on_progress or _silent
    tell(_stage(0))
    folder = ModelFolder.open(fetched(model))
    tell(_stage(1))
    place = choose_device(device)
    segmenter, guide = (load_bank(folder, name).to(place) for name in ("segmenter", "guide"))
    if segmenter.taps != guide.taps:
        raise InputError("segmenter and guide read different taps", "guide/config.json")
    tell(_stage(2))
    network = folder.frozen()
    tell(_stage(3))
    unet = prepare(network, place, options)
    schedule, kind = folder.schedule()
    denoiser = Denoiser(unet, schedule, segmenter.taps, kind, options.compile, options.graphs)
    for name, bank in (("segmenter", segmenter), ("guide", guide)):
        check_bank(bank, denoiser, name)
    labels = load_labels(folder)
    if len(labels) != segmenter.num_classes:
        raise InputError(f"{len(labels)} labels for {segmenter.num_classes} classes", "labels.json")
    defaults = None
    if folder.has("edit.json"):
        defaults = EditDefaults.check("edit.json", folder.json("edit.json"))
    described = {"name": Path(model).name, "hash": folder.hash}
    statistics = load_statistics(folder)
    detail = DetailStep.read(folder.path / DETAIL) if folder.has(DETAIL) else None
    tell(_stage(4))
    return Opened(denoiser, segmenter, guide, labels, defaults, described, statistics, detail)


def _stage(done: int) -> dict[str, Any]:
    """After `done` of: files checked, classifiers read, network read, put on its device."""
    return {"stage": "open", "done": done, "total": 4}


def _silent(state: dict[str, Any]) -> None:
    """Nobody asked."""


def moved(parts: Opened, device: torch.device, options: InferenceOptions) -> Opened:
    """`parts`, opened plain on the CPU, made fast on `device`; those that lie there are left as
    they are."""
    known = parts.denoiser
    if known.device == device:
        return parts
    unet, taps = prepare(known.unet, device, options), tuple(tap.index for tap in known.taps)
    kind = known.prediction_type
    denoiser = Denoiser(unet, known.schedule, taps, kind, options.compile, options.graphs)
    segmenter, guide = (bank.to(device) for bank in (parts.segmenter, parts.guide))
    return replace(parts, denoiser=denoiser, segmenter=segmenter, guide=guide)
