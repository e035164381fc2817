"""What an edit costs with each of several categories: CPU seconds and memory of whole processes.

    python -m benchmarks.sizes MODEL MODEL … [--candidates 1] [--repeats 7]

Every model edits the same picture of coloured blobs at its own size, a box painted over a tenth of
it, from colours at t0 = 300 in 11 guided steps; one thread. A process for each model, one after the
other, twice over; the median over the repeats without the first, and the greatest resident memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from benchmarks.setup import option_parser, peak_memory
from pixelguide.edit.editor import Editor


def main() -> None:
    """Measure each model in processes of its own, or one in this."""
    parser = option_parser(__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--candidates", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--here", action="store_true", help="in this process")
    arguments = parser.parse_args()
    if arguments.here:
        sys.stdout.write(json.dumps(cost(arguments.models[0], arguments)) + "\n")
        return
    for _ in range(2):
        for model in arguments.models:
            options = [f"--candidates={arguments.candidates}", f"--repeats={arguments.repeats}"]
            command = [sys.executable, "-m", "benchmarks.sizes", model, "--here", *options]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            sys.stdout.write(f"{Path(model).name}: {line}")


def cost(model: str, arguments: argparse.Namespace) -> dict[str, float]:
    """CPU seconds of reading the map and of an edit, MiB of the process."""
    torch.set_num_threads(1)
    editor = Editor.from_pretrained(model, "cpu")
    size = editor.size
    segment, edit = [], []
    for seed in range(arguments.repeats):
        noise = np.random.default_rng(seed).normal(size=(16, 16, 3))
        smooth = ndimage.zoom(noise, (size / 16, size / 16, 1), order=1)
        editor.set_image((128 + 50 * smooth).clip(0, 255).astype(np.uint8))
        began = time.process_time()
        source = editor.segment()
        segment.append(time.process_time() - began)
        target = source.copy()
        box = target.ids[int(0.4 * size) : int(0.6 * size), int(0.25 * size) : int(0.75 * size)]
        box[...] = (source.ids.max() + 1) % len(source.labels)
        began = time.process_time()
        editor.edit(
            target, source=source, num_images=arguments.candidates, seed=seed, rank="agreement",
            start_from="colours", start_timestep=300, num_inference_steps=11, guidance_scale=100.0,
        )  # fmt: skip
        edit.append(time.process_time() - began)
    return {
        "segment": round(float(np.median(segment[1:])), 3),
        "edit": round(float(np.median(edit[1:])), 3),
        "peak MiB": round(peak_memory() / 2**20),
    }


if __name__ == "__main__":
    main()
