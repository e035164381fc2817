"""Writing numbered portraits to a folder, alone or with their label maps."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.files import from_os_error, write_atomically
from pixelguide.labels import LabelMap
from pixelguide.portraits.palette import LABELS
from pixelguide.portraits.portrait import Portrait
from pixelguide.portraits.render import render
from pixelguide.portraits.sampling import random_portrait

_CHUNK = 64


def portrait_at(seed: int, index: int) -> Portrait:
    """Portrait number `index` of the data set `seed`; it depends on nothing else."""
    return random_portrait(np.random.default_rng([seed, index]))


def write_portraits(
    folder: Path,
    count: int,
    seed: int,
    *,
    size: int = 64,
    with_labels: bool = False,
    workers: int = 1,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Write portraits 0..count-1 as `000000.png` (RGB, size x size) and so on.

    `with_labels` adds `000000_label.png`, a palette PNG of the exact label map, and a
    `labels.json` that names the classes. With several
    `workers` the files are the same. `on_progress` gets {"stage", "done", "total"} now and then.
    """
    if count < 0 or seed < 0:
        raise InputError(
            f"count {count}, seed {seed}", "write_portraits", "Give numbers that are not negative."
        )
    if not 8 <= size <= 1024:
        raise InputError(f"size {size}", "write_portraits", "Give 8 to 1024 pixels.")
    if workers < 1:
        raise InputError(f"{workers} workers", "write_portraits", "Give at least one.")
    write = partial(_write_one, folder, seed, size, with_labels)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, _ in enumerate(_mapped(write, count, workers), start=1):
            if on_progress is not None and (done % _CHUNK == 0 or done == count):
                on_progress({"stage": "render", "done": done, "total": count})
    except OSError as error:
        raise from_os_error(error, folder) from None
    if with_labels:
        write_atomically(folder / "labels.json", LABELS.to_json().encode())


def _mapped(write: Callable[[int], None], count: int, workers: int) -> Iterator[None]:
    if workers == 1:
        yield from map(write, range(count))
        return
    # A fresh interpreter per worker: forking a process that runs threads can hang.
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(write, range(count), chunksize=_CHUNK)


def _write_one(folder: Path, seed: int, size: int, with_labels: bool, index: int) -> None:
    rendering = render(portrait_at(seed, index), size)
    # Renamed into place, so that an interrupted run leaves no half-written picture behind.
    unfinished = folder / f".{index:06d}.tmp"
    Image.fromarray(rendering.image).save(unfinished, "PNG")
    unfinished.replace(folder / f"{index:06d}.png")
    if with_labels:
        LabelMap(rendering.label_ids, LABELS).save(folder / f"{index:06d}_label.png")
