"""`tune`: a category's automatic settings, chosen by edits of its labelled pictures."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pixelguide.annotations import Interpretation
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.edit.opening import Opened, open_category
from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.prior.bundle import INDEX, ModelFolder
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.public.fetched import fetched
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.samples import smallest_label
from pixelguide.tune.class_means import class_means
from pixelguide.tune.cross_fit import fold_guide, fold_passes, fold_settings, folds_of
from pixelguide.tune.measurements import Measurements
from pixelguide.tune.search import Choice, Measure, most_choices, search
from pixelguide.tune.truth_edits import TruthEdit, truth_edits

KEPT = ".tuning"
"""Folder of what an unfinished run has done."""
EDITS = 12
"""Of small regions, and of large ones."""
EXPECTED = 0.05
"""The share of edits that are less accurate than one is expected to be. With 0.2, edits took twice
the passes, lost 0.5 dB and were no more accurate (docs/results.md)."""
SETTINGS = "edit.json"
_GUIDED, _LABELLED = 2.5, 3
"""What a guided pass costs, in passes; and passes to read a map."""
Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class TuningPlan:
    """What a run does at most: edits; and about how many seconds that takes on this machine."""

    edits: int
    seconds: float


def tune(
    model: str | Path,
    dataset: str | Path,
    *,
    how: Interpretation | None = None,
    limit: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_plan: Callable[[TuningPlan], None] | None = None,
    on_progress: Progress | None = None,
) -> EditDefaults:
    """Choose start, t0, scale, steps and temperature for small and large regions; write edit.json.

    model: a category's folder, or its name. dataset, limit, how: see `LabelledPictures.load`.
    Parts of the labelled pictures are hidden and painted again by guides that have not seen the
    picture (see `truth_edits`, `fold_guide`, `search`). Killed, it goes on when repeated. Raises
    InputError for pictures of other classes, too few parts to hide, and folders that cannot be
    written.
    """
    folder = ModelFolder.open(fetched(model))
    check_writable(folder.path)
    parts = open_category(folder.path, device, DEFAULT_OPTIONS)
    denoiser, size = parts.denoiser, parts.denoiser.size
    pictures = LabelledPictures.load(dataset, size, limit, how=how)
    if pictures.labels.names != parts.labels.names:
        raise InputError(
            "pictures with classes of another category", str(dataset), "Give those it was taught."
        )
    pictures = pictures.without_specks(smallest_label(size))
    colours = class_means(pictures)
    defaults = EditDefaults.for_size(size).model_copy(update={"colours": colours})
    edits = truth_edits(pictures, defaults, EDITS, seed)
    training = fold_settings(len(denoiser.schedule), seed)
    plan = _plan(parts, len(edits), len(pictures), seed)
    if on_plan:
        on_plan(plan)

    def tell(done: float) -> None:
        if on_progress:
            share = min(done, plan.edits) / plan.edits
            state = {"stage": "tune", "done": int(done), "total": plan.edits, "share": share}
            on_progress(state)

    known = Measurements(folder.path / KEPT, _identity(folder, pictures, edits, seed), edits, tell)
    editors: dict[int, Editor] = {}
    for number, fold in enumerate(folds_of(len(pictures))):
        path = known.folder / f"guide-{number}.safetensors"
        guide = fold_guide(denoiser, pictures, fold, training, path, lambda share: tell(0))
        own = Editor(**vars(replace(parts, guide=guide, defaults=defaults)))
        editors |= dict.fromkeys(fold, own)
    measures: dict[bool, tuple[Measure, int]] = {}
    for large in (False, True):
        places = [k for k, edit in enumerate(edits) if edit.large == large]
        if places:
            measures[large] = known.measure(places, editors), len(places)
    chosen = {
        large: search(measure, count, len(denoiser.schedule))
        for large, (measure, count) in measures.items()
    }
    found = _found(defaults, chosen, measures, len(pictures), seed)
    _write(folder, found)
    shutil.rmtree(known.folder, ignore_errors=True)
    return found


def _found(
    defaults: EditDefaults,
    chosen: dict[bool, Choice],
    measures: dict[bool, tuple[Measure, int]],
    pictures: int,
    seed: int,
) -> EditDefaults:
    """The settings as edit.json has them; where one size of region had no edits, the other's."""
    small = chosen.get(False) or chosen[True]
    large = chosen.get(True) or chosen[False]
    expected, told = {}, {}
    for is_large, name in ((False, "small"), (True, "large")):
        if is_large not in chosen:
            continue
        measure, count = measures[is_large]
        scores = measure(chosen[is_large], count)
        accuracies = [score.accuracy for score in scores]
        expected[name] = round(float(np.quantile(accuracies, EXPECTED)), 4)
        told[name] = {
            "edits": count,
            "psnr": round(float(np.mean([score.psnr for score in scores])), 3),
            "accuracy": round(float(np.mean(accuracies)), 4),
            "passes": chosen[is_large].passes,
        }
    return EditDefaults.check(
        SETTINGS,
        {
            **defaults.model_dump(),
            "guidance_unit": "noise",
            "small_start": small.start,
            "small_scale": small.scale,
            "small_steps": small.steps,
            "start_from": small.start_from,
            "temperature": small.temperature,
            "large_start": large.start,
            "large_scale": large.scale,
            "large_steps": large.steps,
            "large_start_from": large.start_from,
            "large_temperature": large.temperature,
            "expected": expected,
            "tuned": {
                "by": "pixelguide tune: hidden parts of labelled pictures, painted again by "
                "guides that have not seen the picture",
                "pictures": pictures,
                "seed": seed,
                **told,
            },
        },
    )


def _write(folder: ModelFolder, found: EditDefaults) -> None:
    """edit.json, and the pipeline's copy of it."""
    settings = found.model_dump(mode="json")
    parts = {SETTINGS: (json.dumps(settings, indent=2) + "\n").encode()}
    if folder.has(INDEX):
        index = {**folder.json(INDEX), "defaults": settings}
        parts[INDEX] = (json.dumps(index, indent=2) + "\n").encode()
    write_parts(folder.path, dict(parts))


def _plan(parts: Opened, edits: int, pictures: int, seed: int) -> TuningPlan:
    """Told by the time of a pass, which is measured."""
    denoiser = parts.denoiser
    picture = torch.zeros(1, 3, denoiser.size, denoiser.size, device=denoiser.device)
    seconds = []
    for _ in range(3):  # the first warms up
        began = time.perf_counter()
        with torch.no_grad():
            denoiser(picture, denoiser.schedule, 0)
        seconds.append(time.perf_counter() - began)
    channels = sum(tap.channels for tap in denoiser.taps)
    training = fold_settings(len(denoiser.schedule), seed)
    passes = fold_passes(pictures, denoiser.size, channels, training)
    made = most_choices() * edits
    passes += round(made * (7 * _GUIDED + _LABELLED))
    return TuningPlan(made, passes * min(seconds))


def _identity(
    folder: ModelFolder, pictures: LabelledPictures, edits: Sequence[TruthEdit], seed: int
) -> str:
    """What measurements depend on, as 16 hex digits."""
    digest = hashlib.sha256(repr((folder.hash, seed)).encode())
    digest.update(pictures.images.tobytes() + pictures.label_ids.tobytes())
    for edit in edits:
        digest.update(edit.task.image.tobytes() + edit.task.source.ids.tobytes())
    return digest.hexdigest()[:16]
