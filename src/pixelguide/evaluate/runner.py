"""Runs methods over tasks: resumable, shareable, one small file for each edit made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.result import versions
from pixelguide.errors import InputError, ResourceError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.judge import Judge
from pixelguide.evaluate.methods import Method, Outcome
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.seeds import generator
from pixelguide.workers.result_store import check_run, read_object
from pixelguide.workers.task import Pool, Task

Progress = Callable[[dict[str, Any]], None]
Row = dict[str, Any]
"""One measured picture: task, kind, method, pick ("best" or "random"), candidates, and measures."""
SETTINGS = "run.json"


@dataclass(frozen=True)
class Measured:
    """Rows of one task by one method, and the picture of each, uint8 S×S×3."""

    rows: list[Row]
    images: list[NDArray[np.uint8]]


def run_methods(
    tasks: Sequence[EditTask],
    methods: Iterable[Method],
    judge: Judge,
    out: Path,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    on_progress: Progress | None = None,
    pool: Pool | None = None,
) -> list[Row]:
    """Run every method on every task and measure what it makes.

    Of several candidates two are measured: the best by the method's own score, and one picked at
    random. Pictures and measures go to `out`/edits/METHOD/TASK; what is there already, from a run
    that was stopped or from other processes on other tasks, is not made again, unless its task has
    changed. settings: kept in `out`/run.json; everything that all runs into one folder share.
    pool: of `Evaluator`s that make what is missing; without, this process does.

    Raises InputError when `out` holds a run with other settings, and what methods raise.
    """
    check_run(out / SETTINGS, {**(settings or {}), "seed": seed, "versions": versions()})
    rows: list[Row] = []
    methods = list(methods)
    names = [own.name for own in methods]
    if len(set(map(_slug, names))) < len(names):
        raise InputError("a method repeats", "methods", "Give each its own name.")
    if pool:
        _spread(tasks, [own for own in methods if not own.outside], out, pool, on_progress)
    total = len(tasks) * len(methods)
    for done, (task, method) in enumerate((task, method) for task in tasks for method in methods):
        if on_progress and not pool:
            note = f"{task.name}, {method.name}"
            on_progress({"stage": "evaluate", "done": done, "total": total, "note": note})
        rows += _rows(task, method, judge, out, seed)
    if on_progress:
        on_progress({"stage": "evaluate", "done": total, "total": total})
    return rows


def picture_path(out: Path, method: str, task: str, pick: str) -> Path:
    """Where the picture of a row lies."""
    return out / "edits" / _slug(method) / f"{task}-{pick}.png"


def _spread(
    tasks: Sequence[EditTask],
    methods: Sequence[Method],
    out: Path,
    pool: Pool,
    on_progress: Progress | None,
) -> None:
    """Have the workers of `pool` make what is missing. Raises ResourceError for what fails."""
    both = [(task, method.name) for task in tasks for method in methods]
    missing = {
        f"{task.name}, {name}": (task, name)
        for task, name in both
        if _known(task, name, out) is None
    }
    done = len(both) - len(missing)
    waiting = (Task(key, payload) for key, payload in missing.items())
    with closing(pool.run(waiting)) as outcomes:
        for outcome in outcomes if missing else ():
            if outcome.failure:
                raise ResourceError(outcome.failure.error.rstrip("."), outcome.key)
            task, name = missing[outcome.key]
            _keep(task, name, outcome.value, out)
            done += 1
            if on_progress:
                state = {"stage": "evaluate", "done": done, "total": len(both)}
                on_progress({**state, "note": outcome.key})


def _rows(task: EditTask, method: Method, judge: Judge, out: Path, seed: int) -> list[Row]:
    known = None if method.outside else _known(task, method.name, out)
    return known or _keep(task, method.name, measure(task, method, judge, seed), out)


def _known(task: EditTask, method: str, out: Path) -> list[Row] | None:
    """The rows of an edit that is made already."""
    path = out / "edits" / _slug(method) / f"{task.name}.json"
    if not path.exists():
        return None
    known = read_object(path)
    return list(known["rows"]) if known.get("task") == _fingerprint(task) else None


def _keep(task: EditTask, method: str, measured: Measured, out: Path) -> list[Row]:
    for row, image in zip(measured.rows, measured.images, strict=True):
        save_png(picture_path(out, method, task.name, row["pick"]), image)
    # written last: an edit without this file is made again
    path = out / "edits" / _slug(method) / f"{task.name}.json"
    content = {"task": _fingerprint(task), "rows": measured.rows}
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
    return measured.rows


def measure(task: EditTask, method: Method, judge: Judge, seed: int) -> Measured:
    """Run a method on a task, and measure what it makes."""
    outcome = method.run(task, seed)
    rows, images = [], []
    for pick, index in _picks(outcome, task, seed).items():
        image = outcome.images[index]
        images.append(image)
        rows.append(
            {
                "task": task.name,
                "kind": task.kind,
                "method": method.name,
                "pick": pick,
                "candidates": len(outcome.images),
                **judge(task, image),
                "seconds": outcome.seconds,
                "cpu_seconds": outcome.cpu_seconds,
                "evaluations": outcome.evaluations,
            }
        )
    return Measured(rows, images)


def _picks(outcome: Outcome, task: EditTask, seed: int) -> dict[str, int]:
    picks = {"best": outcome.picked}
    if len(outcome.images) > 1:
        draws = generator(seed, "random pick", task.name)
        picks["random"] = int(torch.randint(len(outcome.images), (), generator=draws))
    return picks


def _fingerprint(task: EditTask) -> str:
    digest = hashlib.sha256(repr((task.kind, task.classes, task.roi.shape)).encode())
    truth = task.image[:0] if task.truth is None else task.truth
    for array in (task.image, task.source.ids, task.target.ids, task.roi, truth):
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _slug(name: str) -> str:
    """A method's name as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "_", name)
