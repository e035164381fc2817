"""ISAT's own JSON: a file per picture, polygons with a `layer`, of which higher ones lie above."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import BaseModel

from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet

_HINT = "Expected what ISAT writes."


class _Info(BaseModel):
    name: str
    width: int
    height: int


class _Object(BaseModel):
    category: str
    segmentation: Items[tuple[Coordinate, Coordinate]]
    layer: float = 0


class _File(BaseModel):
    info: _Info
    objects: Items[_Object]


def fits(source: Source) -> bool:
    """Whether there is such a file."""
    return bool(_files(source)[:1])


def read(source: Source, reading: Reading) -> Annotations:
    """All files with their pictures."""
    files = _files(source)
    if not files:
        raise InputError("no file of ISAT's", str(source.path), _HINT)
    contents = [(file, source.json(file, _File, _HINT)) for file in files]
    names = [own.category for _, content in contents for own in content.objects]
    labels, class_id = named_classes(
        names, reading.own_labels or read_labels(source), reading, str(source.path)
    )
    pictures, entries = Pictures(source, reading.how), []
    for file, content in contents:
        where, folder = source.where(file), file[: len(file) - len(file.rpartition("/")[2])]
        name = picture_name(content.info.name, where)
        picture = pictures.find(content.info.name, where, [folder])
        painted = partial(_painted, content, labels, class_id, reading.how, where)
        entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    return Annotations(labels, tuple(entries), pictures.others())


def _files(source: Source) -> list[str]:
    found: list[str] = []
    for number, name in enumerate(source.ending(".json")):
        if not source.has_fields(name, "info", "objects"):
            if number >= 20 and not found:
                break
            continue
        try:
            source.json(name, _File)
        except InputError:
            continue
        found.append(name)
    return found


def _painted(
    content: _File,
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    size, shapes = (content.info.height, content.info.width), []
    for number, own in enumerate(content.objects, 1):
        what = f"object {number}"
        if len(own.segmentation) < 3:
            raise InputError(f"{what} of {len(own.segmentation)} points", where, "Redraw it.")
        mask = partial(draw_polygon, own.segmentation, *size, how.rendering)
        shapes.append(Shape(own.category, what, mask, own.layer))
    return paint(shapes, size, labels, class_id, how, where)
