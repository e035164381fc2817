"""Training of classifiers by several workers, a timestep at a time, to the same weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from pixelguide.errors import InputError, ResourceError
from pixelguide.files import write_atomically
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.safe import read_tensors
from pixelguide.segment.checkpoint import training_identity
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining, Job, guide_timesteps
from pixelguide.segment.samples import PixelSample, prepared
from pixelguide.segment.training import (
    Progress,
    job_work,
    run_job,
    training_jobs,
    untrained_bank,
)
from pixelguide.workers.task import Check, OpenWorker, Pool, Task

Weights = dict[str, Tensor]
IDENTITY = "identity"


@dataclass(frozen=True)
class Unit:
    """What one worker trains at once: a stack of the segmenter's members, the common classifier, or
    one timestep of the guide, which starts from the common one's weights."""

    name: str
    job: Job
    timesteps: tuple[tuple[int, ...], ...]
    start: Weights | None = None


def spread_training(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    pool_of: Callable[[OpenWorker], Pool],
    *,
    kept: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[ClassifierBank, ClassifierBank]:
    """As `train_classifiers`, by the workers of `pool_of(…)`, with the same result.

    kept: a folder with a file for each finished unit, so for each timestep;
    a repeated call trains only what is missing. Raises InputError when it belongs to other
    settings, and ResourceError when a unit fails.
    """
    jobs = training_jobs(denoiser, pictures, settings)
    identity = training_identity(settings, prepared(denoiser, pictures, settings), denoiser)
    parts = _Parts(kept, identity)
    segmenter = untrained_bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    guide = untrained_bank(denoiser, pictures, [(t,) for t in guide_timesteps(settings)])
    pool = pool_of(OpenTrainer(denoiser, pictures, settings))
    told = _Told(jobs, on_progress)

    def train(units: list[Unit]) -> dict[str, Weights]:
        found = {unit.name: known for unit in units if (known := parts.known(unit.name))}
        for unit in units:
            if unit.name in found:
                told.finished(unit.job)
        missing = {unit.name: unit for unit in units if unit.name not in found}
        tasks = (Task(unit.name, unit) for unit in missing.values())
        with closing(pool.run(tasks)) as outcomes:
            for outcome in outcomes if missing else ():
                if outcome.failure:
                    raise ResourceError(outcome.failure.error.rstrip("."), outcome.key, "Repeat.")
                found[outcome.key] = parts.keep(outcome.key, outcome.value)
                told.finished(missing[outcome.key].job)
        return found

    first = [unit for job in jobs for unit in _first_units(job, segmenter, guide)]
    found = train(first)
    for unit in first:
        if unit.job.kind == "segmenter":
            _fill(segmenter, unit.job.members, found[unit.name])
    common = found["common"]
    each = [unit for job in jobs for unit in _guide_units(job, guide, common)]
    found = train(each)
    for member, unit in enumerate(each):
        _fill(guide, range(member, member + 1), found[unit.name])
    return segmenter.eval(), guide.eval()


def _first_units(job: Job, segmenter: ClassifierBank, guide: ClassifierBank) -> Iterator[Unit]:
    if job.kind == "segmenter":
        members = tuple(tuple(member) for member in segmenter.timesteps)
        yield Unit(f"segmenter-{job.members.start}", job, members)
    elif job.kind == "common":
        yield Unit("common", job, tuple(tuple(member) for member in guide.timesteps))


def _guide_units(job: Job, guide: ClassifierBank, common: Weights) -> Iterator[Unit]:
    if job.kind != "guide":
        return
    for member in job.members:
        (t,) = guide.timesteps[member]
        yield Unit(f"guide-{t}", replace(job, members=range(1)), ((t,),), common)


def _fill(bank: ClassifierBank, members: range, weights: Weights) -> None:
    with torch.no_grad():
        for name, value in bank.state_dict().items():
            value[members.start : members.stop] = weights[name]


@dataclass(frozen=True)
class OpenTrainer:
    """Opens a `Trainer`, in this process or in another that it was sent to."""

    denoiser: Denoiser
    pictures: LabelledPictures
    settings: ClassifierTraining
    device: str = "cpu"

    def __call__(self) -> Trainer:
        """The worker."""
        denoiser, device = self.denoiser, torch.device(self.device)
        if denoiser.device != device:
            denoiser = Denoiser(
                denoiser.unet.to(device), denoiser.schedule,
                tuple(tap.index for tap in denoiser.taps), denoiser.prediction_type,
            )  # fmt: skip
        return Trainer(denoiser, self.pictures, self.settings)


class Trainer:
    """Trains units, one at a time; see `Worker`."""

    def __init__(
        self, denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
    ) -> None:
        self._denoiser, self._settings = denoiser, settings
        self._pictures = prepared(denoiser, pictures, settings)
        self._samples: dict[int, PixelSample] = {}
        self._lock = threading.Lock()

    def perform(self, payload: Unit, check: Check) -> dict[str, Any]:
        """The weights of the unit's members, float32 arrays by name."""
        job = payload.job
        with self._lock:
            if job.pixels not in self._samples:
                self._samples[job.pixels] = PixelSample(
                    self._denoiser, self._pictures, self._settings, job.pixels
                )
            bank = untrained_bank(self._denoiser, self._pictures, payload.timesteps)
            if payload.start is not None:
                _fill(bank, job.members, payload.start)
            run_job(
                job, bank, self._samples[job.pixels], self._settings, self._denoiser.device,
                lambda share: check(),
            )  # fmt: skip
            members = slice(job.members.start, job.members.stop)
            return {name: v[members].numpy().copy() for name, v in bank.state_dict().items()}


class _Parts:
    """Finished units as files of a folder."""

    def __init__(self, folder: Path | None, identity: str) -> None:
        self._folder = folder
        if folder is None:
            return
        path = folder / IDENTITY
        if not path.exists():
            write_atomically(path, identity.encode())
        elif path.read_bytes() != identity.encode():
            raise InputError(
                "classifiers of a training with other settings, data or prior",
                str(folder),
                "Delete the folder, or repeat its settings.",
            )

    def known(self, name: str) -> Weights | None:
        path = self._folder and self._folder / f"{name}.safetensors"
        return read_tensors(path) if path and path.exists() else None

    def keep(self, name: str, arrays: dict[str, Any]) -> Weights:
        weights = {key: torch.from_numpy(array.copy()) for key, array in arrays.items()}
        if self._folder:
            path = self._folder / f"{name}.safetensors"
            write_atomically(path, safetensors.torch.save(weights))
        return weights


class _Told:
    """Progress as `train_classifiers` tells it."""

    def __init__(self, jobs: tuple[Job, ...], on_progress: Progress | None) -> None:
        self._on_progress, self._done, self._work = on_progress, 0, 0
        self._total = sum(len(job.members) for job in jobs)
        self._whole = sum(map(job_work, jobs))

    def finished(self, job: Job) -> None:
        self._done += len(job.members)
        self._work += job_work(job)
        if self._on_progress:
            state = {"stage": "train classifiers", "done": self._done, "total": self._total}
            self._on_progress({**state, "share": self._work / self._whole})
