"""Label Studio's JSON and JSON-MIN: brushes (run lengths), polygons and rectangles in percent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, RootModel

from pixelguide.annotations.brush import decode_brush
from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_names
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon, draw_rectangle
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items, Table
from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS, SUFFIXES
from pixelguide.labels import LabelSet

_HINT = "Expected Label Studio's JSON or JSON-MIN."
_LABELS = ("brushlabels", "polygonlabels", "rectanglelabels", "labels")


class _Value(BaseModel):
    rle: Items[int] | None = None
    points: Items[tuple[Coordinate, Coordinate]] | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    width: Coordinate | None = None
    height: Coordinate | None = None
    rotation: Coordinate = 0
    names: list[str] = []


class _Region(BaseModel):
    original_width: int
    original_height: int
    value: _Value


class _Tasks(RootModel[Items[Table[str, Any]]]):
    pass


def fits(source: Source) -> bool:
    """Whether there is such a file."""
    return bool(_fitting(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All tasks with their pictures. A task of several annotations is an InputError when its map
    is read."""
    files = _fitting(source)
    if len(files) != 1:
        raise InputError(f"{len(files)} such files", str(source.path), "Name the one to read.")
    where = source.where(files[0])
    tasks = source.json(files[0], _Tasks, _HINT).root
    results = [_results(task) for task in tasks]
    names = {
        name: None
        for result in results
        for regions in result
        for region in regions
        for name in _names(region)
    }
    labels, class_id = named_classes(
        names, reading.own_labels or read_labels(source), reading, where
    )
    pictures, entries, without = Pictures(source, reading.how), [], []
    texts = [_picture(task) for task in tasks]
    if None in texts:
        raise InputError(f"task {texts.index(None) + 1} names no picture", where, _HINT)
    called = [text for text in texts if text is not None]
    own_names = picture_names(called, where)
    for number, (name, text, result) in enumerate(zip(own_names, called, results, strict=True), 1):
        picture = pictures.find(text, where, ["images/"])
        if not any(result):
            without.append(name)
            continue
        painted = partial(
            _painted, result, labels, class_id, reading.how, f"{where}, task {number} ({name})"
        )
        entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    entries.sort(key=lambda entry: entry.name)
    return Annotations(labels, tuple(entries), tuple(sorted(without)))


def _fitting(source: Source) -> list[str]:
    found = []
    for name in source.ending(".json")[:40]:
        if not source.has_fields(name):
            continue
        try:
            tasks = source.json(name, _Tasks).root
        except InputError:
            continue
        if tasks and any(any(_results(task)) for task in tasks[:200]) and _picture(tasks[0]):
            found.append(name)
    return found


def _results(task: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The regions of each annotation of a task: of JSON under `annotations`, of JSON-MIN under the
    name of the control."""
    annotations = task.get("annotations")
    if isinstance(annotations, list):
        kept = [a for a in annotations if isinstance(a, dict) and not a.get("was_cancelled")]
        found = [a["result"] for a in kept if isinstance(a.get("result"), list)]
    else:
        lists = [value for value in task.values() if isinstance(value, list)]
        flat = [r for regions in lists for r in regions if isinstance(r, dict)]
        found = [[{"original_width": r.get("original_width"), "value": r} | r for r in flat]]
    return [[r for r in regions if isinstance(r, dict) and _names(r)] for regions in found]


def _names(region: dict[str, Any]) -> list[str]:
    value = region.get("value")
    if not isinstance(value, dict):
        return []
    for key in _LABELS:
        names = value.get(key)
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return names
    return []


def _picture(task: dict[str, Any]) -> str | None:
    """The first value of the task's data that names a picture."""
    data = task.get("data")
    values = [*(data.values() if isinstance(data, dict) else ()), *task.values()]
    for value in values:
        if isinstance(value, str) and value.lower().partition("&")[0].endswith(SUFFIXES):
            return value
    return None


def _painted(
    results: list[list[dict[str, Any]]],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    filled = [regions for regions in results if regions]
    if len(filled) > 1:
        what = f"{len(filled)} annotations of one picture"
        raise InputError(what, where, "Keep one of them (by the annotator you trust).")
    shapes, size = [], (0, 0)
    for number, content in enumerate(filled[0], 1):
        what, names = f"region {number}", _names(content)
        try:
            region = _Region.model_validate(content)
        except ValueError:
            raise InputError(f"{what} is not what Label Studio writes", where, _HINT) from None
        size = (region.original_height, region.original_width)
        if not 0 < size[0] * size[1] <= MAX_PIXELS or size[0] < 0:
            raise InputError(f"a picture of {size[1]}×{size[0]} pixels", where, "At most 40 MP.")
        if len(names) > 1:
            raise InputError(f"{what} has {len(names)} labels", where, "Give it one.")
        mask = partial(_mask, region.value, *size, how.rendering, f"{where}, {what}")
        shapes.append(Shape(names[0], what, mask))
    return paint(shapes, size, labels, class_id, how, where)


def _mask(value: _Value, height: int, width: int, rendering: str, where: str) -> NDArray[np.bool_]:
    if value.rle is not None:
        return decode_brush(value.rle, height, width, where)
    if value.points is not None:
        points = [(x * width / 100, y * height / 100) for x, y in value.points]
        if len(points) < 3:
            raise InputError(f"polygon of {len(points)} points", where, "Redraw it.")
        return draw_polygon(points, height, width, rendering)
    sides = (value.x, value.y, value.width, value.height)
    if None in sides or value.rotation:
        raise InputError("a region that is no brush, polygon or upright rectangle", where)
    x, y, across, down = (float(side or 0) / 100 for side in sides)
    corners = [(x * width, y * height), ((x + across) * width, (y + down) * height)]
    return draw_rectangle(corners, height, width, rendering)
