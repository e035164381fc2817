"""datumaro's own format: `annotations/SUBSET.json` with masks and polygons, `images/SUBSET/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from pixelguide.annotations import rle
from pixelguide.annotations.class_names import label_set
from pixelguide.annotations.finding import Pictures
from pixelguide.annotations.folders import flat_name
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS
from pixelguide.labels import LabelSet

_HINT = "Expected what datumaro writes."
_Side = Annotated[int, Field(ge=1, le=MAX_PIXELS)]


class _Label(BaseModel):
    name: str


class _Labels(BaseModel):
    labels: Items[_Label]


class _Colour(BaseModel):
    label_id: int
    r: int
    g: int
    b: int


class _Colours(BaseModel):
    colormap: Items[_Colour] = []


class _Categories(BaseModel):
    label: _Labels
    mask: _Colours = _Colours()


class _Rle(BaseModel):
    counts: str
    size: tuple[_Side, _Side]


class _Annotation(BaseModel):
    type: str
    label_id: int | None = None
    z_order: int = 0
    group: int = 0
    rle: _Rle | None = None
    points: Items[Coordinate] = []


class _Image(BaseModel):
    path: str
    size: tuple[_Side, _Side] | None = None


class _Item(BaseModel):
    id: str
    annotations: Items[_Annotation]
    image: _Image | None = None


class _File(BaseModel):
    dm_format_version: Any
    categories: _Categories
    items: Items[_Item]


def fits(source: Source) -> bool:
    """Whether there is such a file."""
    return bool(_files(source))


def read(source: Source, reading: Reading) -> Annotations:
    """The pictures of all subsets with their maps."""
    files = _files(source)
    if not files:
        raise InputError("no file of datumaro's", str(source.path), _HINT)
    contents = [(file, source.json(file, _File, _HINT)) for file in files]
    own = _classes(contents[0][1].categories, source.where(files[0]))
    names = [label.name for _, file in contents for label in file.categories.label.labels]
    if any(name not in own.names for name in names):
        raise InputError("subsets of different classes", str(source.path), "Read one at a time.")
    labels, class_id = named_classes(names, reading.own_labels or own, reading, str(source.path))
    pictures, entries, without = Pictures(source, reading.how), [], []
    for file, content in contents:
        subset = file.rpartition("/")[2].rpartition(".")[0]
        root = file[: len(file) - len(file.rpartition("/")[2])].removesuffix("annotations/")
        known = [label.name for label in content.categories.label.labels]
        for item in content.items:
            name = flat_name(item.id, source.where(file))
            if not item.annotations:
                without.append(name)
                continue
            where = f"{source.where(file)}, {name}"
            near = [f"{root}images/{subset}/", f"{root}images/"]
            text = item.image.path if item.image else f"{item.id}.png"
            picture = pictures.find(text, where, near)
            painted = partial(_painted, item, known, labels, class_id, reading.how, where)
            entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    entries.sort(key=lambda entry: entry.name)
    return Annotations(labels, tuple(entries), tuple(sorted(without)))


def _files(source: Source) -> list[str]:
    found = []
    for name in source.ending(".json")[:40]:
        if not source.has_fields(name, "categories", "items"):
            continue
        try:
            source.json(name, _File)
        except InputError:
            continue
        found.append(name)
    return found


def _classes(categories: _Categories, where: str) -> LabelSet:
    names = [label.name for label in categories.label.labels]
    colours = {c.label_id: (c.r, c.g, c.b) for c in categories.mask.colormap}
    given = [colours[i] for i in range(len(names)) if i in colours]
    return label_set(names, given, where)


def _painted(
    item: _Item,
    names: list[str],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    size = item.image.size if item.image and item.image.size else None
    size = size or next((a.rle.size for a in item.annotations if a.rle), None)
    if size is None:
        raise InputError("no size of the picture", where, "Export it again.")
    shapes = []
    drawn = {(a.group, a.label_id) for a in item.annotations if a.group and _has_outline(a)}
    for number, annotation in enumerate(item.annotations, 1):
        what = f"annotation {number}"
        if annotation.type == "bbox" and (annotation.group, annotation.label_id) in drawn:
            continue  # the box of a shape, which datumaro keeps beside it
        if annotation.label_id is None or not 0 <= annotation.label_id < len(names):
            raise InputError(f"{what} has no known label", where, _HINT)
        if not _has_outline(annotation):
            hint = "Only masks and polygons say which pixels are meant."
            raise InputError(f"{what} is a {annotation.type} without an outline", where, hint)
        mask = partial(_mask, annotation, *size, how.rendering, f"{where}, {what}")
        shapes.append(Shape(names[annotation.label_id], what, mask, annotation.z_order))
    return paint(shapes, size, labels, class_id, how, where)


def _has_outline(annotation: _Annotation) -> bool:
    return annotation.rle is not None or annotation.type == "polygon"


def _mask(
    annotation: _Annotation, height: int, width: int, rendering: str, where: str
) -> NDArray[np.bool_]:
    if annotation.rle is not None:
        if annotation.rle.size != (height, width):
            raise InputError(f"a mask of {annotation.rle.size} pixels", where, "Export it again.")
        return rle.decode(rle.decompress(annotation.rle.counts, where), height, width, where)
    flat = annotation.points
    if len(flat) < 6 or len(flat) % 2:
        raise InputError(f"polygon of {len(flat)} coordinates", where, "Redraw it.")
    points = list(zip(flat[::2], flat[1::2], strict=True))
    return draw_polygon(points, height, width, rendering)
