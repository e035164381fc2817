"""What a benchmark measures: a category's prior and guide, or random ones of a known shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from pixelguide.errors import InputError
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS, InferenceOptions, prepare
from pixelguide.prior.public.fetched import fetched
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.prior.taps import default_taps
from pixelguide.seeds import generator
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.storage import check_bank, load_bank

SHAPES = {
    "adm-256": Architecture(256, (256, 256, 512, 512, 1024, 1024), 2, 3, 64),  # the paper's
    "adm-64": Architecture(64, (32, 32, 64, 64, 128, 128), 2, 3, 16),  # a small one like it
    "portraits-64": Architecture(),
}
CLASSES = 34  # of ffhq_34, for a prior that has no classifiers of its own
START = 500  # t0 of small edits (Matsunaga et al. 2022, sec. 4)


@dataclass(frozen=True)
class Subject:
    """A prior with {C_t}.

    schedule: the two levels of it that a benchmark visits, t = 0 and t0 - 1. hash: the model's;
    None for random weights. options: what the prior was prepared with.
    """

    name: str
    denoiser: Denoiser
    guide: PixelClassifiers
    schedule: Schedule
    hash: str | None = None
    options: InferenceOptions = DEFAULT_OPTIONS


def subject_of_model(
    model: str | Path, device: torch.device, options: InferenceOptions = DEFAULT_OPTIONS
) -> Subject:
    """A model folder, or a built-in or pulled model by name.

    A prior without classifiers gets random ones. Raises InputError or SafetyError as
    `ModelFolder.open` does.
    """
    folder = ModelFolder.open(fetched(model))
    unet = prepare(folder.frozen(), device, options)
    schedule, kind = folder.schedule()
    guide = load_bank(folder, "guide").to(device) if folder.has("guide/config.json") else None
    taps = guide.taps if guide else default_taps(unet)
    denoiser = Denoiser(unet, schedule, taps, kind, options.compile, options.graphs)
    if guide:
        check_bank(guide, denoiser, "guide")
    return _subject(Path(model).name, denoiser, guide, folder.hash, options)


def subject_of_shape(
    shape: str, size: int | None, device: torch.device, options: InferenceOptions = DEFAULT_OPTIONS
) -> Subject:
    """A network of one of `SHAPES` with random weights, for pictures of another size if wanted.

    Raises InputError for an unknown shape and a size that its levels do not divide.
    """
    if shape not in SHAPES:
        raise InputError(f"unknown shape '{shape}'", "shape", f"Known: {', '.join(SHAPES)}.")
    known = SHAPES[shape]
    architecture = Architecture(
        known.size if size is None else size,
        known.channels,
        known.layers,
        known.attention_levels,
        known.head_channels,
    )
    draws = generator(0, "bench", shape)
    unet = architecture.build(draws)
    with torch.no_grad():
        for weight in unet.parameters():
            if not weight.any():  # a new network ends in zeros, and its gradients would be zero
                weight.normal_(std=0.02, generator=draws)
    prepare(unet, device, options)
    denoiser = Denoiser(
        unet, Schedule.linear(), default_taps(unet), compile=options.compile, graphs=options.graphs
    )
    return _subject(f"{shape}, random weights", denoiser, None, None, options)


def _subject(
    name: str,
    denoiser: Denoiser,
    guide: PixelClassifiers | None,
    hash: str | None,
    options: InferenceOptions,
) -> Subject:
    start = min(START, len(denoiser.schedule))
    schedule = denoiser.schedule.respaced(spaced_timesteps(start, 2))
    if guide is None:
        guide = PixelClassifiers(
            num_classes=CLASSES,
            timesteps=[[int(t)] for t in schedule.timesteps],
            taps=[tap.index for tap in denoiser.taps],
            tap_channels=[tap.channels for tap in denoiser.taps],
        )
        for member in range(len(guide)):
            guide.initialize(member, generator(0, "bench classifier", member))
        guide.eval().requires_grad_(False).to(denoiser.device)
    return Subject(name, denoiser, guide, schedule, hash, options)
