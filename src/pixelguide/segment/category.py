"""From a prior and a few labelled pictures to an editable category."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pixelguide.files import check_writable
from pixelguide.prior.bundle import MANIFEST, ModelFolder, write_parts
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import default_taps, list_taps
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.storage import classifier_parts, load_labels
from pixelguide.segment.training import ClassifierTraining, Progress, train_classifiers

CHECKPOINT = ".classifiers.safetensors"
PIPELINE_INDEX: dict[str, Any] = {
    "_class_name": "PixelGuidedPipeline",
    "unet": ["diffusers", "UNet2DModel"],
    "scheduler": ["diffusers", "DDPMScheduler"],
    "segmenter": ["pixelguide.segment.classifier", "ClassifierBank"],
    "guide": ["pixelguide.segment.classifier", "ClassifierBank"],
}


def train_category(
    dataset: str | Path,
    model: str | Path,
    out: str | Path,
    settings: ClassifierTraining,
    *,
    limit: int | None = None,
    taps: tuple[int, ...] | None = None,
    device: str = "cpu",
    on_progress: Progress | None = None,
) -> None:
    """Train f_multi and {C_t} on the prior of `model` and write the whole category to `out`.

    dataset: see `LabelledPictures.load`; limit: use its first so many. taps: decoder blocks.
    A killed run goes on from `out` when repeated. `out` may be the model's own folder.
    """
    folder, out = ModelFolder.open(model), Path(out)
    check_writable(out)
    unet = folder.unet().to(device)
    schedule = Schedule.from_scheduler(folder.scheduler())
    denoiser = Denoiser(unet, schedule, taps or default_taps(unet))
    pictures = LabelledPictures.load(dataset, denoiser.size, limit)
    segmenter, guide = train_classifiers(
        denoiser, pictures, settings, checkpoint=out / CHECKPOINT, on_progress=on_progress
    )
    prior = {
        name: (folder.path / name).read_bytes()
        for name in folder.hashes
        if name != MANIFEST and not name.startswith(("segmenter/", "guide/", "."))
    }
    parts = prior | classifier_parts(segmenter, guide, pictures.labels)
    index = {**PIPELINE_INDEX, "labels": json.loads(parts["labels.json"])}
    if "edit.json" in parts:
        index["defaults"] = json.loads(parts["edit.json"])
    parts["model_index.json"] = (json.dumps(index, indent=2) + "\n").encode()
    write_parts(out, parts)
    (out / CHECKPOINT).unlink(missing_ok=True)


def describe(model: str | Path) -> dict[str, Any]:
    """What a model is: picture size, parameters, taps, schedule, classes, timesteps, hash."""
    folder = ModelFolder.open(model)
    unet = folder.unet()
    content: dict[str, Any] = {
        "path": str(folder.path),
        "hash": folder.hash,
        "size": unet.config.sample_size,
        "parameters": sum(parameter.numel() for parameter in unet.parameters()),
        "learned_variance": unet.config.out_channels == 2 * unet.config.in_channels,
        "timesteps": len(Schedule.from_scheduler(folder.scheduler())),
        "taps": {
            tap.index: {"name": tap.name, "channels": tap.channels, "stride": tap.stride}
            for tap in list_taps(unet)
        },
    }
    if folder.has("labels.json"):
        content["classes"] = list(load_labels(folder).names)
    for part in ("segmenter", "guide"):
        if folder.has(f"{part}/config.json"):
            config = folder.json(f"{part}/config.json")
            content[part] = {key: config[key] for key in ("taps", "timesteps") if key in config}
    return content
