"""Edits to evaluate as files: pictures, label maps, and `edits.json` which names them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from pixelguide.bounded_json import load_json
from pixelguide.checked import Checked
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.files import write_atomically
from pixelguide.guidance.region import RoiMode, edited_classes
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap

INDEX = "edits.json"


class _Entry(Checked):
    """One edit of `edits.json`; file names are relative to its folder."""

    image: str
    target: str
    source: str | None = None  # by default what the model reads in the picture
    classes: tuple[str, ...] | None = None  # by default those that lost or gained pixels
    truth: str | None = None
    name: str | None = None  # by default the target map's file name without its suffix
    kind: str = "edit"
    roi: RoiMode = "classes"
    dilation: int | None = Field(None, ge=0, le=64)


class _Index(Checked):
    edits: tuple[_Entry, ...] = Field(min_length=1)


def load_tasks(folder: Path, editor: Editor) -> list[EditTask]:
    """The edits that `folder`/edits.json lists.

        {"edits": [{"image": "a.png", "source": "a-map.png", "target": "a-open.png",
                    "classes": ["lips", "teeth"], "truth": "a-true.png", "kind": "open mouth"}]}

    Only image and target must be there: `editor` reads source maps that are not, and its own
    dilation is taken where an edit names none. Raises InputError that names the file, and the
    edit and field, for anything missing, unknown or unfit.
    """
    path = folder / INDEX
    try:
        content = load_json(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise InputError("no such file", str(path), "List the edits there.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"not readable as JSON ({error})", str(path)) from None
    if not isinstance(content, dict):
        raise InputError("not a JSON object", str(path), 'Expected {"edits": [...]}.')
    entries = _Index.check(str(path), content).edits
    tasks = []
    names: set[str] = set()
    for number, entry in enumerate(entries):
        where = f"{path}, edits.{number}"
        try:
            task = _task(folder, entry, editor)
        except InputError as error:
            place = f"{where}, {error.where}" if error.where else where
            raise InputError(error.what, place, error.hint) from None
        if task.name in names:
            raise InputError(f"name '{task.name}' repeats", where, "Give each edit its own.")
        names.add(task.name)
        tasks.append(task)
    return tasks


def _task(folder: Path, entry: _Entry, editor: Editor) -> EditTask:
    image = load_rgb(folder / entry.image)
    editor.set_image(image)  # refuses what the model cannot edit
    target = LabelMap.load(folder / entry.target, editor.labels)
    if entry.source:
        source = LabelMap.load(folder / entry.source, editor.labels)
    else:
        source = editor.segment()
    task = EditTask(
        name=entry.name or Path(entry.target).stem,
        kind=entry.kind,
        image=image,
        source=source,
        target=target,
        classes=entry.classes or (),
        truth=load_rgb(folder / entry.truth) if entry.truth else None,
        roi_mode=entry.roi,
        dilation=editor.defaults.dilation if entry.dilation is None else entry.dilation,
    )
    if not task.classes:
        task = replace(task, classes=edited_classes(source, target))
    _ = task.roi  # raises for a task with nothing to edit, while the file is read
    return task


def write_tasks(folder: Path, tasks: Iterable[EditTask]) -> None:
    """Write `tasks` so that `load_tasks` and other programs can read them; edits.json last."""
    entries: list[dict[str, Any]] = []
    for task in tasks:
        entry: dict[str, Any] = {"name": task.name, "kind": task.kind}
        entry |= {what: f"{task.name}-{what}.png" for what in ("image", "source", "target")}
        save_png(folder / entry["image"], task.image)
        task.source.save(folder / entry["source"])
        task.target.save(folder / entry["target"])
        if task.truth is not None:
            entry["truth"] = f"{task.name}-truth.png"
            save_png(folder / entry["truth"], task.truth)
        entry |= {
            "classes": list(task.classes),
            "roi": task.roi_mode,
            "dilation": task.dilation,
        }
        entries.append(entry)
    text = json.dumps({"edits": entries}, indent=1) + "\n"
    write_atomically(folder / INDEX, text.encode())
