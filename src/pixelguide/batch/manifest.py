"""Lists of edits: CSV with a header, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.errors import InputError

_FILES = ("image", "map", "source_map")
_HINT = "Columns: image, map or edit, source_map, classes, crop, name, and settings of edits."


def read_manifest(path: Path) -> list[BatchEdit]:
    """The edits that a file lists: .csv, or .jsonl with an object a line.

    Fields are those of `BatchEdit`; files are relative to the list's folder; `classes` are names by
    commas or semicolons, or a JSON list; all other columns are settings. What is empty is not
    given. Raises InputError naming the line for anything that cannot be used.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", str(path), "Check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"not readable ({error})", str(path), "Give CSV or JSON lines.") from None
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".jsonl", ".ndjson"):
        raise InputError("no list of edits", str(path), "Give a folder, a .csv or a .jsonl.")
    rows = _csv_rows(text, path) if suffix == ".csv" else _json_rows(text, path)
    edits = [_edit(row, path.parent, f"{path}, line {line}") for line, row in rows]
    if not edits:
        raise InputError("no edit", str(path), _HINT)
    return edits


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row:
                raise InputError("more cells than columns", where, _HINT)
            yield reader.line_num, {name: cell for name, cell in row.items() if cell}
    except csv.Error as error:
        raise InputError(f"no CSV ({error})", f"{path}, line {reader.line_num}", _HINT) from None


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InputError("no JSON object", f"{path}, line {number}", _HINT)
        yield number, {name: value for name, value in row.items() if value is not None}


def _edit(row: dict[str, Any], folder: Path, where: str) -> BatchEdit:
    from pixelguide.edit.settings import EditSettings

    values: dict[str, Any] = {"settings": row.get("settings", {})}
    if isinstance(values["settings"], str):
        try:
            values["settings"] = json.loads(values["settings"])
        except (ValueError, RecursionError):
            raise InputError("settings that are no JSON", where, 'Write {"seed": 1}.') from None
    if not isinstance(values["settings"], dict):
        raise InputError("settings that are no object", where, 'Write {"seed": 1}.')
    for name, value in row.items():
        if name in EditSettings.model_fields:
            values["settings"] = {**values["settings"], name: value}
        elif name != "settings":
            values[name] = value
    if isinstance(values.get("classes"), str):
        names = values["classes"].replace(";", ",").split(",")
        values["classes"] = [name.strip() for name in names if name.strip()]
    EditSettings.check(where, values["settings"])
    edit: BatchEdit = BatchEdit.check(where, values)
    if (edit.map is None) == (edit.edit is None):
        raise InputError("a map or a scripted edit is needed, one of them", where, _HINT)
    placed = {
        name: folder / getattr(edit, name)
        for name in _FILES
        if getattr(edit, name) is not None
    }  # fmt: skip
    return edit.model_copy(update=placed)
