"""A batch without a model: quick edits by a stub, in a process of its own that can be killed.

    python -c "import stub_batch; stub_batch.main()" OUT PICTURE MARKS COUNT [WORKERS]

MARKS: a folder where each worker leaves a file named by its process. WORKERS: so many on Ray, else
one in this process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pixelguide.batch.batch_edit import BatchEdit, EditInputs
from pixelguide.batch.run import BatchResult, BatchSettings, run_batch
from pixelguide.batch.worker import STRIP, EditFiles
from pixelguide.errors import InputError
from pixelguide.workers.local_pool import LocalPool
from pixelguide.workers.task import Check, Pool

KILLS, FAILS, BUG = 900_001, 900_002, 900_003
"""Seeds of edits that end their worker, that cannot be made, and that meet a bug."""
SETTINGS = BatchSettings({"name": "stub", "hash": "0"}, {})


class StubWorker:
    """An edit is its seed, and the picture."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def perform(self, payload: EditInputs, check: Check) -> EditFiles:
        seed = payload.settings["seed"]
        if seed == KILLS:
            os._exit(9)
        if seed == FAILS:
            raise InputError("nothing to edit", "map", "Repaint it.")
        if seed == BUG:
            raise RuntimeError("a bug")
        check()
        time.sleep(self._seconds)
        best = {"file": "00.png", "roi_accuracy": 0.5, "roi_loss": 1.0}
        report = {"best": "00.png", "candidates": [best], "roi_pixels": seed}
        files = {"00.png": payload.image, "report.json": json.dumps(report).encode()}
        return EditFiles({**files, STRIP: payload.image}, {"total": 0.0})


@dataclass(frozen=True)
class OpenStub:
    marks: Path
    seconds: float = 0.0

    def __call__(self) -> StubWorker:
        (self.marks / str(os.getpid())).touch()
        return StubWorker(self.seconds)


def edits(picture: Path, count: int) -> list[BatchEdit]:
    """So many edits of a picture, which differ in their seed."""
    return [
        BatchEdit(image=picture, edit="open_mouth", settings={"seed": seed})
        for seed in range(count)
    ]


def stub_run(
    out: Path, picture: Path, marks: Path, count: int, workers: int = 0, seconds: float = 0.0
) -> BatchResult:
    """A batch of `edits`."""
    opened = OpenStub(marks, seconds)
    pool: Pool = LocalPool(opened)
    if workers:
        from pixelguide.workers.ray_pool import RayPlace, RayPool

        pool = RayPool(opened, RayPlace(workers=workers, threads=1), ahead=8)
    return run_batch(edits(picture, count), out, SETTINGS, pool)


def main() -> None:
    """The batch that the command line says."""
    out, picture, marks, *numbers = sys.argv[1:]
    stub_run(Path(out), Path(picture), Path(marks), *map(int, numbers))
