"""Supervisely's projects: `meta.json`, and in each data set `ann/NAME.json` and `img/NAME`.

Bitmaps are PNGs, packed by zlib and base64, at an origin. Polygons have holes; their corners are
pixels, which belong to them, and their outlines may differ from OpenCV's by single pixels.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from pixelguide.annotations.class_names import label_set
from pixelguide.annotations.cvat_xml import placed
from pixelguide.annotations.finding import Pictures
from pixelguide.annotations.folders import flat_name
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_outlined, draw_rectangle
from pixelguide.annotations.source import Source, marked
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import converted, decode_image
from pixelguide.labels import LabelSet

_META = "meta.json"
_HINT = "Expected what Supervisely writes."
_MAX_BITMAP = 2**26


class _Class(BaseModel):
    title: str
    color: str = ""


class _Meta(BaseModel):
    classes: Items[_Class]


class _Size(BaseModel):
    height: int
    width: int


class _Bitmap(BaseModel):
    data: str
    origin: tuple[int, int]


class _Points(BaseModel):
    exterior: Items[tuple[Coordinate, Coordinate]]
    interior: Items[Items[tuple[Coordinate, Coordinate]]] = []


class _Object(BaseModel):
    classTitle: str  # noqa: N815
    geometryType: str | None = None  # noqa: N815
    bitmap: _Bitmap | None = None
    points: _Points | None = None


class _File(BaseModel):
    size: _Size
    objects: Items[_Object]


def fits(source: Source) -> bool:
    """Whether a `meta.json` of classes lies above annotations."""
    return _META in source.by_base_name and any("ann/" in n for n in source.ending(".json"))


def read(source: Source, reading: Reading) -> Annotations:
    """The pictures of all data sets with their maps."""
    found = marked(source, _META)
    if found is None:
        raise InputError(f"{_META} is missing", str(source.path), _HINT)
    classes = found.json(_META, _Meta, _HINT).classes
    names = [own.title for own in classes]
    colours = [_colour(own.color) for own in classes]
    own_labels = label_set(names, [c for c in colours if c is not None], found.where(_META))
    labels, class_id = named_classes(
        names, reading.own_labels or own_labels, reading, found.where(_META)
    )
    pictures, entries = Pictures(found, reading.how), []
    files = [n for n in found.ending(".json") if f"/{n}".rpartition("/")[0].endswith("/ann")]
    stems = [n.rpartition("/")[2] for n in files]
    for file in files:
        folder, text = file.rpartition("/")[0], file.rpartition("/")[2][: -len(".json")]
        path = text if stems.count(f"{text}.json") == 1 else f"{folder[:-4]}/{text}"
        where = found.where(file)
        picture = pictures.find(text, where, [f"{folder[:-3]}img/"])
        name = flat_name(path.rpartition(".")[0] or path, where)
        painted = partial(_painted, found, file, labels, class_id, reading.how)
        entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    entries.sort(key=lambda entry: entry.name)
    return Annotations(labels, tuple(entries), pictures.others())


def _colour(text: str) -> tuple[int, int, int] | None:
    try:
        r, g, b = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    return r, g, b


def _painted(
    source: Source,
    file: str,
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
) -> Painted:
    content, where = source.json(file, _File, _HINT), source.where(file)
    size = (content.size.height, content.size.width)
    shapes = []
    for number, own in enumerate(content.objects, 1):
        mask = partial(_mask, own, *size, f"{where}, object {number}")
        shapes.append(Shape(own.classTitle, f"object {number}", mask))
    return paint(shapes, size, labels, class_id, how, where)


def _mask(own: _Object, height: int, width: int, where: str) -> NDArray[np.bool_]:
    if own.bitmap is not None:
        return placed(_bitmap(own.bitmap.data, where), *own.bitmap.origin, height, width)
    if own.points is None or own.geometryType not in ("polygon", "rectangle"):
        raise InputError(f"an object of type '{own.geometryType}' without an area", where)
    if own.geometryType == "rectangle":
        return draw_rectangle(own.points.exterior, height, width, "labelme")
    if len(own.points.exterior) < 3:
        raise InputError(f"polygon of {len(own.points.exterior)} points", where, "Redraw it.")
    mask = draw_outlined(own.points.exterior, height, width)
    for hole in own.points.interior:
        if len(hole) > 2:
            mask &= ~draw_outlined(hole, height, width)
    return mask


def _bitmap(text: str, where: str) -> NDArray[np.bool_]:
    try:
        packed = base64.b64decode(text)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, _MAX_BITMAP)
    except (binascii.Error, ValueError):
        raise InputError("damaged base64", where, _HINT) from None
    except zlib.error:
        data = packed  # older ones are not packed
    else:
        if unpacker.unconsumed_tail:
            raise SafetyError("a bitmap unpacks to more than 64 MiB", where)
    image = decode_image(io.BytesIO(data), where, ("PNG",))
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        pixels = np.asarray(converted(image, "RGBA", where))[..., 3]
    else:
        pixels = np.asarray(converted(image, "RGB", where)).max(-1)
    mask: NDArray[np.bool_] = pixels > 0
    return mask
