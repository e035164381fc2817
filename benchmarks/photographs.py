"""What a photograph costs beyond the model's own work: time and memory.

    python -m benchmarks.photographs [--megapixels 12] [--crop 1400] [--angle 0] [-n 4]

A noisy photograph, 4:3, is written as JPEG; then everything is done that an edit does but for the
model: open it, take out the crop, put a stub's change back for each candidate over a fifth of the
crop, write 00.png … and roi.png. Seconds on the clock and of the CPU, per stage, and peak resident
memory above what the process held with everything imported, are printed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from benchmarks.setup import option_parser, peak_memory
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.photograph import Photograph

T = TypeVar("T")


def write_photograph(path: Path, megapixels: float) -> tuple[int, int]:
    """A JPEG of smooth colours under noise; its width and height."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8))
    pixels = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
    for rows in np.array_split(pixels, 32):  # in parts: the peak is to be the edit's
        noisy = rows + rng.normal(0, 3, rows.shape).astype(np.float32)
        rows[...] = noisy.clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=92)
    return width, height


def measure(path: Path, frame: Frame, side: int, candidates: int, out: Path) -> dict[str, Any]:
    """Seconds and CPU seconds of each stage, and the report of the files."""
    seconds: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        clock, cpu = time.monotonic(), time.process_time()
        result = work()
        seconds[name] = (time.monotonic() - clock, time.process_time() - cpu)
        return result

    photograph = timed("open", lambda: Photograph.open(path))
    placement = Placement(photograph, frame, side)
    before = timed("take out", placement.extract)
    roi = np.zeros((side, side), np.bool_)
    roi[side // 4 : side * 3 // 4, side * 3 // 10 : side * 7 // 10] = True
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, before.shape, np.uint8) for _ in range(candidates)]
    full = FullSize(placement, before, roi, max(1, side * 3 // 256))
    report: dict[str, Any] = {
        "best": "", "roi_pixels": 0, "seconds": {}, "candidates": [{"file": ""} for _ in images],
    }  # fmt: skip
    timed("put back and write", lambda: full.save(out, images, report))
    outside = sum(entry["changed_pixels_outside"] for entry in report["candidates"])
    return {"seconds": seconds, "changed_pixels_outside": outside}


def main() -> None:
    """Measure and print."""
    parser = option_parser(__doc__)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--crop", type=int, default=1400)
    parser.add_argument("--angle", type=float, default=0)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("-n", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photograph.jpg"
        width, height = write_photograph(path, arguments.megapixels)
        frame = Frame(
            (width - arguments.crop) / 2, (height - arguments.crop) / 2, arguments.crop,
            arguments.angle,
        )  # fmt: skip
        # the writing above has set a peak of its own: measured is a child that did not write
        held, report, peak = _in_a_child(
            lambda: measure(path, frame, arguments.side, arguments.n, Path(folder) / "out")
        )
    for name, (clock, cpu) in report["seconds"].items():
        sys.stdout.write(f"{name}: {clock:.2f} s ({cpu:.2f} s of CPU)\n")
    clock, cpu = (sum(pair[k] for pair in report["seconds"].values()) for k in (0, 1))
    sys.stdout.write(
        f"all: {clock:.2f} s ({cpu:.2f} s of CPU) for {width}×{height} and {arguments.n} "
        f"candidates; peak {(peak - held) / 2**20:.0f} MiB above {held / 2**20:.0f}; "
        f"{report['changed_pixels_outside']} pixels changed outside\n"
    )


def _in_a_child(work: Callable[[], T]) -> tuple[int, T, int]:
    """Bytes held before `work`, its result, and the peak, of a fresh process (Linux: forked)."""
    import multiprocessing

    receive, send = multiprocessing.Pipe(duplex=False)

    def run() -> None:
        held = _resident()
        result = work()
        send.send((held, result, peak_memory()))

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    answer: tuple[int, T, int] = receive.recv()
    child.join()
    return answer


def _resident() -> int:
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
