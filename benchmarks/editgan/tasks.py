"""The edits of `pixelguide evaluate` as files, made by the baseline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.editgan.editing import EditGan
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.guidance.region import region_of_interest
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap
from pixelguide.seeds import generator


def edit_tasks(
    gan: EditGan,
    folder: Path,
    out: Path,
    seed: int,
    together: int = 1,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Make every edit of `folder`/edits.json; write `out`/NAME.png.

    The folder is one that `pixelguide evaluate` wrote (tasks/), with maps, classes and dilation of
    every edit. Edits that are there already are kept. together: edits that a GPU makes at once;
    one by one, `out`/seconds.json has how long each took. Raises InputError for anything missing.
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
    left = [task for task in tasks if not (out / f"{task[0]}.png").exists()]
    for first in range(0, len(left), together):
        group = left[first : first + together]
        inputs = []
        for _, image, source, target, classes, dilation in group:
            before, after = (LabelMap.load(folder / each, gan.labels) for each in (source, target))
            roi = region_of_interest(before, after, classes, dilation=dilation)
            inputs.append((load_rgb(folder / image), after.ids, roi))
        began = time.monotonic()
        made = gan.edits(inputs, [generator(seed, "candidate", 0) for _ in group])
        if together == 1:
            seconds[group[0][0]] = time.monotonic() - began
            text = json.dumps(seconds, indent=1) + "\n"
            write_atomically(out / "seconds.json", text.encode())
        for (name, *_), edited in zip(group, made, strict=True):
            save_png(out / f"{name}.png", edited)
        if on_progress:
            done = len(tasks) - len(left) + first + len(group)
            on_progress({"stage": "edit", "done": done, "total": len(tasks)})
