"""Runs methods over tasks: resumable, shareable, one small file for each edit made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from pixelguide.bounded_json import load_json
from pixelguide.edit.result import versions
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.judge import Judge
from pixelguide.evaluate.methods import Method, Outcome
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.seeds import generator

Progress = Callable[[dict[str, Any]], None]
Row = dict[str, Any]
"""One measured picture: task, kind, method, pick ("best" or "random"), candidates, and measures."""
SETTINGS = "run.json"


def run_methods(
    tasks: Sequence[EditTask],
    methods: Iterable[Method],
    judge: Judge,
    out: Path,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    on_progress: Progress | None = None,
) -> list[Row]:
    """Run every method on every task and measure what it makes.

    Of several candidates two are measured: the best by the method's own score, and one picked at
    random. Pictures and measures go to `out`/edits/METHOD/TASK; what is there already, from a run
    that was stopped or from other processes on other tasks, is not made again, unless its task has
    changed. settings: kept in `out`/run.json; everything that all runs into one folder share.

    Raises InputError when `out` holds a run with other settings, and what methods raise.
    """
    _check_settings(out, {**(settings or {}), "seed": seed, "versions": versions()})
    rows: list[Row] = []
    methods = list(methods)
    names = [own.name for own in methods]
    if len(set(map(_slug, names))) < len(names):
        raise InputError("a method repeats", "methods", "Give each its own name.")
    total = len(tasks) * len(methods)
    for done, (task, method) in enumerate((task, method) for task in tasks for method in methods):
        if on_progress:
            note = f"{task.name}, {method.name}"
            on_progress({"stage": "evaluate", "done": done, "total": total, "note": note})
        rows += _rows(task, method, judge, out, seed)
    if on_progress:
        on_progress({"stage": "evaluate", "done": total, "total": total})
    return rows


def picture_path(out: Path, method: str, task: str, pick: str) -> Path:
    """Where the picture of a row lies."""
    return out / "edits" / _slug(method) / f"{task}-{pick}.png"


def _rows(task: EditTask, method: Method, judge: Judge, out: Path, seed: int) -> list[Row]:
    path = out / "edits" / _slug(method.name) / f"{task.name}.json"
    fingerprint = _fingerprint(task)
    if path.exists() and not method.outside:
        known = _read(path)
        if known.get("task") == fingerprint:
            return list(known["rows"])
    outcome = method.run(task, seed)
    rows = []
    for pick, index in _picks(outcome, task, seed).items():
        image = outcome.images[index]
        save_png(picture_path(out, method.name, task.name, pick), image)
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
    # written last: an edit without this file is made again
    _write(path, {"task": fingerprint, "rows": rows})
    return rows


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


def _check_settings(out: Path, settings: dict[str, Any]) -> None:
    path = out / SETTINGS
    if not path.exists():
        _write(path, settings)
        return
    known = _read(path)
    wanted = json.loads(json.dumps(settings))
    for name in sorted({*known, *wanted}):
        if known.get(name) != wanted.get(name):
            raise InputError(
                f"the folder holds a run with {name} {known.get(name)}, not {wanted.get(name)}",
                str(path),
                "Choose another folder, or repeat the settings.",
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = load_json(path.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not readable ({error})", str(path), "Delete it to go on.") from None
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def _slug(name: str) -> str:
    """A method's name as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "_", name)
