"""How fast each stage of an edit is, and how far from what the machine can do."""

from __future__ import annotations

import dataclasses
import datetime
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pixelguide.edit.result import versions
from pixelguide.errors import InputError
from pixelguide.evaluate.ceilings import (
    Ceilings,
    describe_machine,
    measure_ceilings,
    process_peak_bytes,
    synchronize,
)
from pixelguide.evaluate.costs import PeakBytes, WorkCounter, weight_bytes
from pixelguide.evaluate.stages import (
    STACKED,
    TRAINING,
    Amounts,
    Stage,
    candidate_stages,
    picture_stages,
    training_stage,
)
from pixelguide.evaluate.subjects import Subject
from pixelguide.prior.kernels.options import TYPES, Precision

Progress = Callable[[dict[str, Any]], None]
NETWORK = ("inversion step", "guided step", "· forward", "· backward", "features per timestep")
"""What runs in the precision of the subject; all else is always float32."""


@dataclass(frozen=True)
class BenchSettings:
    """batches: candidates at once. repeats: timed runs of each stage."""

    batches: tuple[int, ...] = (1,)
    repeats: int = 5

    def __post_init__(self) -> None:
        if not self.batches or min(self.batches) < 1 or len(set(self.batches)) < len(self.batches):
            raise InputError(f"batches {self.batches}", "batch", "Give each size once, from 1 up.")
        if self.repeats < 1:
            raise InputError(f"{self.repeats} repeats", "repeats", "Give at least 1.")


@dataclass(frozen=True)
class StageCost:
    """What one part of a stage costs.

    batch: candidates, or None where it plays no part. precision: of most of its operations.
    seconds: of every timed run. flops, bytes: counted, see `costs`. peak_bytes: the most tensors
    alive at once, over what was there before, of the whole stage that the part belongs to.
    """

    name: str
    batch: int | None
    precision: Precision
    seconds: tuple[float, ...]
    flops: float
    bytes: float
    peak_bytes: int

    @property
    def median(self) -> float:
        """Seconds, the median."""
        return statistics.median(self.seconds)

    def content(self, ceilings: Ceilings) -> dict[str, Any]:
        """As the report has it, with shares of what the machine can do at best."""
        return {
            "stage": self.name,
            "batch": self.batch,
            "precision": self.precision,
            "seconds": {
                "median": self.median,
                "least": min(self.seconds),
                "most": max(self.seconds),
                "all": list(self.seconds),
            },
            "flops": self.flops,
            "bytes_moved": self.bytes,
            "share_of_matmul_ceiling": self._share(self.flops, ceilings.flops),
            "share_of_copy_ceiling": self._share(self.bytes, ceilings.bytes),
            "peak_tensor_bytes": self.peak_bytes,
        }

    def _share(self, amount: float, ceiling: float) -> float | None:
        # differences of runs of microseconds may come out as none at all
        return amount / self.median / ceiling if self.median > 0 else None


@dataclass(frozen=True)
class BenchReport:
    """All stages, and what they were measured with."""

    settings: dict[str, Any]
    machine: dict[str, Any]
    ceilings: Mapping[Precision, Ceilings]
    costs: tuple[StageCost, ...]
    memory: dict[str, int | None]

    def content(self) -> dict[str, Any]:
        """The content of the JSON report."""
        return {
            "settings": self.settings,
            "versions": versions(),
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "machine": self.machine,
            "ceilings": {
                precision: {
                    "matmul_flops_per_second": each.flops,
                    "copy_bytes_per_second": each.bytes,
                }
                for precision, each in self.ceilings.items()
            },
            "stages": [cost.content(self.ceilings[cost.precision]) for cost in self.costs],
            "memory": self.memory,
        }

    def to_json(self) -> str:
        """The text of the report."""
        return json.dumps(self.content(), indent=2) + "\n"


def run_bench(
    subject: Subject,
    settings: BenchSettings,
    ceilings: Mapping[Precision, Ceilings] | None = None,
    on_progress: Progress | None = None,
) -> BenchReport:
    """Measure every stage of `subject`; one run that counts and one that warms up precede.

    ceilings: by default measured now, in the same process as the stages and before them.
    """
    device = subject.denoiser.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    needed: set[Precision] = {"fp32", subject.options.precision}
    ceilings = ceilings or {each: measure_ceilings(device, TYPES[each]) for each in sorted(needed)}
    work: list[tuple[str, int | None, Stage]] = [
        (name, None, stage) for name, stage in picture_stages(subject).items()
    ]
    for count in settings.batches:
        own = candidate_stages(subject, count)
        work += [(name, count, stage) for name, stage in own.items()]
    work.append(("training", None, training_stage(subject)))
    costs: list[StageCost] = []
    for done, (name, batch, stage) in enumerate(work):
        if on_progress:
            note = name if batch is None else f"{name}, batch {batch}"
            on_progress({"stage": "bench", "done": done, "total": len(work), "note": note})
        costs += _measure(stage, batch, settings, subject)
    if on_progress:
        on_progress({"stage": "bench", "done": len(work), "total": len(work)})
    cuda = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    held: dict[str, int | None] = {
        "weights": weight_bytes(subject.denoiser.unet, subject.guide),
        "process_peak": process_peak_bytes(),
        "cuda_peak": cuda,
    }
    return BenchReport(
        _described(subject, settings), describe_machine(device), ceilings, tuple(costs), held
    )


def _measure(
    stage: Stage, batch: int | None, settings: BenchSettings, subject: Subject
) -> Sequence[StageCost]:
    device, precision = subject.denoiser.device, subject.options.precision

    def clock() -> Amounts:
        synchronize(device)
        return np.array([time.perf_counter()])

    # operators are counted one by one, and what met a counter would never be compiled afterwards
    with torch.compiler.set_stance("force_eager"), subject.denoiser.eager():
        with WorkCounter() as work:
            counted = stage(lambda: np.array([work.flops, work.bytes], np.float64))
        with PeakBytes() as memory:
            stage(clock)
    if subject.options.compile or subject.options.graphs:
        stage(clock)
    runs = [stage(clock) for _ in range(settings.repeats)]
    return [
        StageCost(
            name,
            batch,
            precision if name in NETWORK else "fp32",
            tuple(float(run[name][0]) for run in runs),
            float(flops),
            float(moved),
            memory.peak,
        )
        for name, (flops, moved) in counted.items()
    ]


def _described(subject: Subject, settings: BenchSettings) -> dict[str, Any]:
    denoiser = subject.denoiser
    return {
        "subject": subject.name,
        "hash": subject.hash,
        "size": denoiser.size,
        "parameters": sum(weight.numel() for weight in denoiser.unet.parameters()),
        "taps": [tap.name for tap in denoiser.taps],
        "classes": subject.guide.num_classes,
        "timesteps": subject.schedule.timesteps.tolist(),
        "batches": list(settings.batches),
        "repeats": settings.repeats,
        **dataclasses.asdict(subject.options),
        "training": {"iterations": TRAINING.tuning, "stacked": STACKED},
    }
