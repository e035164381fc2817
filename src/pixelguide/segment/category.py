"""From a prior and a few labelled pictures to an editable category."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pixelguide.annotations import Interpretation
from pixelguide.errors import InputError
from pixelguide.files import Content, check_writable
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.manifest import MANIFEST, write_parts
from pixelguide.prior.model_parts import CODE, PIPELINE_CODE, PIPELINE_INDEX
from pixelguide.prior.public.fetched import fetched
from pixelguide.prior.safe import PICKLE_SUFFIXES
from pixelguide.prior.taps import default_taps, list_taps, named_taps
from pixelguide.prior.weight_files import variant
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.familiarity import measure_statistics
from pixelguide.segment.foreign_classifiers import (
    find_classifiers,
    import_ensemble,
    import_guide,
)
from pixelguide.segment.model_labels import load_labels
from pixelguide.segment.picture_statistics import DOMAIN, PictureStatistics, load_statistics
from pixelguide.segment.plan import (
    ClassifierTraining,
    TrainingPlan,
    guide_timesteps,
    plan_training,
)
from pixelguide.segment.samples import smallest_label
from pixelguide.segment.segmenter import Segmenter
from pixelguide.segment.spread_training import spread_training
from pixelguide.segment.storage import check_bank, classifier_parts, load_bank
from pixelguide.segment.training import Progress, train_classifiers
from pixelguide.workers.task import OpenWorker, Pool

CHECKPOINT = ".classifiers.safetensors"
PARTS = ".classifiers"
"""Folder of what several workers have finished."""
FOLDERS = {"config.json": "unet/", "scheduler_config.json": "scheduler/"}
"""Where parts belong that the hub's first models have at the top, beside the weights."""
LEFT_BEHIND = (*PICKLE_SUFFIXES, ".py")
"""Of a prior's files those that no category takes along: pickles, and code of someone else's."""


def train_category(
    dataset: str | Path,
    model: str | Path,
    out: str | Path,
    settings: ClassifierTraining,
    *,
    labels: LabelSet | None = None,
    limit: int | None = None,
    how: Interpretation | None = None,
    allow_absent: bool = False,
    taps: Sequence[str] | None = None,
    device: str = "cpu",
    pool_of: Callable[[OpenWorker], Pool] | None = None,
    on_plan: Callable[[TrainingPlan], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_progress: Progress | None = None,
) -> None:
    """Train f_multi and {C_t} on the prior of `model` and write the whole category to `out`.

    dataset, labels, limit, how: see `LabelledPictures.load`. taps: decoder blocks, by number or by
    name; by default those of `default_taps`.
    allow_absent: classes of which there is no pixel are an InputError else: nothing can be learnt
    of them, and edits towards them fail.
    on_note: told in a sentence each what may be wrong with the maps, and of a training that goes on
    with another number of threads.
    on_plan: told what the training will need, before it starts; an exception ends it there.
    pool_of: makes the workers that train, of what opens one; without, this process does.
    A killed run goes on from `out` when repeated. `out` may be the model's own folder.
    """
    folder, out = ModelFolder.open(fetched(model)), Path(out)
    check_writable(out)
    schedule, kind = folder.schedule()
    settings.check(len(schedule))
    unet = folder.frozen().to(device)
    chosen = named_taps(unet, taps) if taps else default_taps(unet)
    denoiser = Denoiser(unet, schedule, chosen, kind)
    pictures = LabelledPictures.load(dataset, denoiser.size, limit, labels, how)
    if not allow_absent:
        pictures.without_specks(smallest_label(denoiser.size)).check_classes()
    if on_note:
        for note in pictures.notes:
            on_note(note)
    if on_plan:
        channels = sum(tap.channels for tap in denoiser.taps)
        on_plan(plan_training(settings, len(pictures), denoiser.size, channels))
    if pool_of is None:
        segmenter, guide = train_classifiers(
            denoiser,
            pictures,
            settings,
            checkpoint=out / CHECKPOINT,
            on_progress=on_progress,
            on_note=on_note,
        )
    else:
        segmenter, guide = spread_training(
            denoiser, pictures, settings, pool_of, kept=out / PARTS, on_progress=on_progress
        )
    statistics = measure_statistics(
        denoiser, Segmenter(denoiser, segmenter, pictures.labels), pictures
    )
    write_category(folder, out, segmenter, guide, pictures.labels, statistics)
    (out / CHECKPOINT).unlink(missing_ok=True)
    shutil.rmtree(out / PARTS, ignore_errors=True)


def calibrate(
    model: str | Path,
    dataset: str | Path | None = None,
    *,
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None,
    labels: LabelSet | None = None,
    device: str = "cpu",
) -> PictureStatistics:
    """Measure a category on labelled pictures, say where its eyes are, and write `domain.json` into
    its folder; what is not given stays as it is.

    dataset, labels: see `LabelledPictures.load`. eyes: (x, y) of the left and the right one as
    seen, in shares of the side; by default they are looked for in the label maps. Raises
    InputError for a data set of other classes.
    """
    folder = ModelFolder.open(fetched(model))
    check_writable(folder.path)
    statistics = load_statistics(folder)
    if dataset is not None:
        bank = load_bank(folder, "segmenter").to(device)
        schedule, kind = folder.schedule()
        denoiser = Denoiser(folder.frozen().to(device), schedule, bank.taps, kind)
        check_bank(bank, denoiser, "segmenter")
        known = load_labels(folder)
        pictures = LabelledPictures.load(dataset, denoiser.size, labels=labels or known)
        if pictures.labels.names != known.names:
            raise InputError("pictures with classes of another category", str(dataset))
        measured = measure_statistics(denoiser, Segmenter(denoiser, bank, known), pictures)
        statistics = measured.model_copy(update={"unlikely": statistics.unlikely})
    if eyes is not None:
        statistics = PictureStatistics.check("eyes", {**statistics.model_dump(), "eyes": eyes})
    write_parts(folder.path, {DOMAIN: statistics.to_json()})
    return statistics


def import_category(
    model: str | Path,
    out: str | Path,
    segmenter: Path,
    guide: Path,
    labels: LabelSet,
    *,
    settings: ClassifierTraining,
    timesteps: Sequence[int] | None = None,
    taps: Sequence[str] | None = None,
) -> None:
    """Write a category of classifiers that DatasetDDPM's or the paper's code trained.

    segmenter, guide: folders of `model_<i>.pth`, see `foreign_classifiers`. settings: the guide
    gets the classifiers nearest to the timesteps of its starts and steps. timesteps, taps: what
    the segmenter reads, where its folder's name does not say it. Raises InputError for files of
    another layout and for classifiers that do not fit the prior, the labels or each other.
    """
    folder, out = ModelFolder.open(fetched(model)), Path(out)
    check_writable(out)
    settings.check(len(folder.schedule()[0]))
    network = folder.shape()
    every = list_taps(network)
    blocks = named_taps(network, taps) if taps else None
    found = find_classifiers(segmenter)
    if len(found) > 1:
        names = ", ".join(each.path.name for each in found[:3])
        raise InputError(f"{len(found)} folders of classifiers ({names} …)", str(segmenter))
    reader = import_ensemble(found[0], every, timesteps, blocks)
    bank = import_guide(find_classifiers(guide), every, guide_timesteps(settings), reader.taps)
    for part in (reader, bank):
        if part.num_classes != len(labels):
            raise InputError(
                f"classifiers of {part.num_classes} classes, {len(labels)} labels",
                "labels",
                "Give the label set that they were trained with.",
            )
    write_category(folder, out, reader, bank, labels)


def write_category(
    prior: ModelFolder,
    out: Path,
    segmenter: ClassifierBank,
    guide: ClassifierBank,
    labels: LabelSet,
    statistics: PictureStatistics | None = None,
) -> None:
    """Write model folder `out`: the files of `prior`, these classifiers, labels and `domain`.

    `out` may be the prior's own folder.
    """
    parts: dict[str, Content] = {
        _place(name): _pieces(prior.path / name)
        for name in prior.hashes
        if name not in (MANIFEST, DOMAIN)
        and not name.startswith(("segmenter/", "guide/", "."))
        and not name.endswith(LEFT_BEHIND)
    }
    if statistics is not None:
        parts[DOMAIN] = statistics.to_json()
    parts |= classifier_parts(segmenter, guide, labels)
    index = {**PIPELINE_INDEX, "labels": json.loads(labels.to_json())}
    parts[CODE] = PIPELINE_CODE.encode()
    if prior.has("edit.json"):
        index["defaults"] = prior.json("edit.json")
    parts["model_index.json"] = (json.dumps(index, indent=2) + "\n").encode()
    write_parts(out, parts)


def _place(name: str) -> str:
    """Where a prior's file `name` belongs in a category."""
    at_top = "/" not in name and variant(name) is not None
    return ("unet/" if at_top else FOLDERS.get(name, "")) + name


def _pieces(path: Path) -> Iterator[bytes]:
    """A file's content, of which only a little is in memory at a time. Raises InputError if it
    cannot be read."""
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
    except OSError as error:
        raise InputError(f"cannot read the model ({error.strerror})", str(path)) from None


def describe(model: str | Path) -> dict[str, Any]:
    """What a model is: picture size, parameters, taps, schedule, classes, timesteps, hash."""
    folder = ModelFolder.open(model)
    unet = folder.shape()
    content: dict[str, Any] = {
        "path": str(folder.path),
        "hash": folder.hash,
        "size": unet.config.sample_size,
        "parameters": sum(parameter.numel() for parameter in unet.parameters()),
        "learned_variance": unet.config.out_channels == 2 * unet.config.in_channels,
        "timesteps": len(folder.schedule()[0]),
        "taps": {
            tap.index: {
                "name": tap.name,
                "channels": tap.channels,
                "resolution": unet.config.sample_size // tap.stride,
                "default": tap.index in default_taps(unet),
            }
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
