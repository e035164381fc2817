"""The edits of `pixelguide evaluate` as files, made by the baseline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.editgan.editing import EditGan
from pixelguide.edit.region import region_of_interest
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap
from pixelguide.seeds import generator


def edit_tasks(
    gan: EditGan,
    folder: Path,
    out: Path,
    seed: int,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Make every edit of `folder`/edits.json; write `out`/NAME.png and `out`/seconds.json.

    The folder is one that `pixelguide evaluate` wrote (tasks/), with maps, classes and dilation of
    every edit. Edits that are there already are kept. Raises InputError for anything missing.
    """
    path = folder / "edits.json"
    try:
        entries = json.loads(path.read_text("utf-8"))["edits"]
        tasks = [
            (str(e["name"]), e["image"], e["source"], e["target"], e["classes"], e["dilation"])
            for e in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"no edits ({error})", str(path), "Write them with evaluate.") from None
    seconds: dict[str, float] = {}
    if (out / "seconds.json").exists():
        seconds = json.loads((out / "seconds.json").read_text("utf-8"))
    for done, (name, image, source, target, classes, dilation) in enumerate(tasks, 1):
        if not (out / f"{name}.png").exists() or name not in seconds:
            before, after = (LabelMap.load(folder / each, gan.labels) for each in (source, target))
            roi = region_of_interest(before, after, classes, dilation=dilation)
            began = time.monotonic()
            draws = generator(seed, "candidate", 0)
            edited = gan.edit(load_rgb(folder / image), after.ids, roi, draws)
            seconds[name] = time.monotonic() - began
            save_png(out / f"{name}.png", edited)
            text = json.dumps(seconds, indent=1) + "\n"
            write_atomically(out / "seconds.json", text.encode())
        if on_progress:
            on_progress({"stage": "edit", "done": done, "total": len(tasks)})
