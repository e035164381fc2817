"""How many workers one driver keeps busy, with devices that only sleep, and what a batch costs
beside its model.

    python -m benchmarks.scale overhead FACES -o OUT.json       # needs no Ray
    python -m benchmarks.scale devices --counts 1,8,64,200 --seconds 1.4

`overhead`: CPU seconds of `run_batch` on a folder of pictures, and of the bare editor on the same
edits, both by one thread and in turn. `devices`: Ray actors in whose threads so many devices
sleep; tasks carry a picture there and results back, and are kept as a batch keeps them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelguide.workers.result_store import ResultStore
from pixelguide.workers.task import AHEAD, Check, Task

SIDE, CANDIDATES = 256, 4
ACTORS = 2
"""Processes in which devices sleep: as many as this machine has cores."""


def noisy_png(seed: int, side: int = SIDE) -> bytes:
    """A picture that compresses about as badly as a photograph."""
    draws = np.random.default_rng(seed)
    coarse = draws.integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    grain = draws.integers(-6, 7, (side, side, 3))
    pixels = np.clip(np.asarray(image, np.int64) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class OpenSleepers:
    """Opens so many devices that sleep for `seconds` an edit, and then give `CANDIDATES` copies of
    the picture. codec: decode the picture and encode the copies, as an edit does."""

    devices: int
    seconds: float
    codec: bool

    def __call__(self) -> Sleepers:
        """The worker."""
        return Sleepers(self.devices, self.seconds, self.codec)


class Sleepers:
    """See `OpenSleepers`."""

    def __init__(self, devices: int, seconds: float, codec: bool) -> None:
        self._free = threading.Semaphore(devices)
        self._seconds, self._codec = seconds, codec

    def perform(self, payload: bytes, check: Check) -> dict[str, bytes]:
        """Files by name."""
        if self._codec:
            pixels = np.asarray(Image.open(io.BytesIO(payload)).convert("RGB"))
        with self._free:
            time.sleep(self._seconds)
        if not self._codec:
            return {f"{k:02d}.png": payload for k in range(CANDIDATES)}
        files = {}
        for k in range(CANDIDATES):
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            files[f"{k:02d}.png"] = buffer.getvalue()
        return files


def devices(
    counts: list[int], seconds: float, rounds: int, codec: bool
) -> Iterator[dict[str, Any]]:
    """For each number of devices, how busy they were kept while there was enough to do."""
    from benchmarks.scale import OpenSleepers  # of a module that workers find, not of __main__
    from pixelguide.workers.ray_pool import RayPlace, RayPool

    here = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    picture = noisy_png(0)
    for wanted in counts:
        actors = min(ACTORS, wanted)
        each = -(-wanted // actors)
        count = each * actors
        place = RayPlace(workers=actors, threads=1)
        pool = RayPool(OpenSleepers(each, seconds, codec), place, ahead=each + AHEAD)
        total = rounds * count
        with tempfile.TemporaryDirectory() as folder, ResultStore(Path(folder)) as store:
            began, times, cpu = time.monotonic(), list[float](), 0.0
            for outcome in pool.run(Task(f"{k:06d}", picture) for k in range(total)):
                store.keep(outcome.key, outcome.value, {})
                times.append(time.monotonic())
                if len(times) == 1:
                    cpu = time.process_time()  # workers have started
            cpu = time.process_time() - cpu
        steady = times[2 * count : -count]  # without the beginning, and the end that runs dry
        pace = (len(steady) - 1) / (steady[-1] - steady[0])
        yield {
            "devices": count,
            "edits": total,
            "edits_per_second": round(pace, 2),
            "share_of_devices_busy": round(pace * seconds / count, 3),
            "driver_cpu_ms_an_edit": round(1e3 * cpu / total, 2),
            "first_result_after_seconds": round(times[0] - began, 1),
        }


def overhead(faces: Path, model: str, candidates: int) -> dict[str, Any]:
    """CPU seconds of a batch of scripted edits, and of the editor alone."""
    import torch

    from pixelguide.batch.pairs import scripted_pairs
    from pixelguide.batch.run import BatchSettings, run_batch
    from pixelguide.batch.scripted import repainted
    from pixelguide.batch.worker import EditWorker, open_edit_worker
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.settings import EditSettings
    from pixelguide.images import load_rgb
    from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
    from pixelguide.workers.local_pool import LocalPool

    torch.set_num_threads(1)
    opened = open_edit_worker(model, "cpu", DEFAULT_OPTIONS, elsewhere=False)
    editor = Editor(**vars(opened.parts))
    edits = scripted_pairs(faces, ["open_mouth", "raise_brows"])
    settings = EditSettings.check("", {"num_images": candidates}).model_dump()
    batch = BatchSettings(opened.parts.model, settings)
    alone = [0.0, 0.0]

    def bare() -> None:
        for own in edits:
            image = load_rgb(own.image)
            began = time.process_time()
            editor.set_image(image)
            editor.familiarity()
            target, classes = repainted(editor.segment(), str(own.edit))
            editor.edit(target, edit_classes=classes, **settings)
            alone[0] += time.process_time() - began

    editor.set_image(load_rgb(edits[0].image))
    editor.segment()  # what is made once is made before the clock runs
    rounds = []
    for _ in range(3):
        alone[0] = 0.0
        bare()
        with tempfile.TemporaryDirectory() as folder:
            began, wall = time.process_time(), time.monotonic()
            pool = LocalPool(lambda: EditWorker(editor))
            run_batch(edits, folder, batch, pool)
            whole, wall = time.process_time() - began, time.monotonic() - wall
        rounds.append({"model_cpu": alone[0], "batch_cpu": whole, "batch_wall": wall})
        sys.stderr.write(f"{rounds[-1]}\n")
    shares = sorted(own["batch_cpu"] / own["model_cpu"] - 1 for own in rounds)
    return {"edits": len(edits), "rounds": rounds, "overhead": shares[len(shares) // 2]}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    cost = commands.add_parser("overhead")
    cost.add_argument("faces", type=Path)
    cost.add_argument("--model", default="portraits-64")
    cost.add_argument("--candidates", type=int, default=4)
    many = commands.add_parser("devices")
    many.add_argument("--counts", default="1,8,64,200")
    many.add_argument("--seconds", type=float, default=1.4)
    many.add_argument("--rounds", type=int, default=12)
    many.add_argument(
        "--codec", action="store_true", help="Decode and encode on this machine, too."
    )
    for own in (cost, many):
        own.add_argument("-o", "--out", type=Path)
    given = parser.parse_args()
    if given.command == "overhead":
        found: Any = overhead(given.faces, given.model, given.candidates)
    else:
        found = []
        counts = [int(count) for count in given.counts.split(",")]
        for row in devices(counts, given.seconds, given.rounds, given.codec):
            found.append(row)
            sys.stderr.write(f"{row}\n")
    text = json.dumps(found, indent=1) + "\n"
    if given.out:
        given.out.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
