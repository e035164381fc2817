"""labelme: a JSON file per picture, whose shapes are painted one over the other in their order.

Also what X-AnyLabeling and ISAT write in its form: rectangles of four corners, shapes of four
points, and layers.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field

from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_names
from pixelguide.annotations.folders import LABELS_JSON
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate
from pixelguide.annotations.layers import layers
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.renderings import draw_circle, draw_polygon, draw_rectangle
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import decode_image, save_png
from pixelguide.labels import LabelSet

_HINT = "Expected what labelme writes."

_POLYGONS = ("polygon", "oriented_rectangle", "rotation", "quadrilateral")
"""labelme's `oriented_rectangle`, X-AnyLabeling's `rotation` and `quadrilateral`: four corners."""
_FLAT = ("point", "points", "line", "linestrip")


class _Shape(BaseModel):
    label: str
    points: Items[tuple[Coordinate, Coordinate]]
    shape_type: str | None = "polygon"
    mask: str | None = None
    layer: float | None = None


class _File(BaseModel):
    shapes: Items[_Shape]
    image_path: str | None = Field(None, alias="imagePath")
    image_data: str | None = Field(None, alias="imageData")
    height: int | None = Field(None, alias="imageHeight")
    width: int | None = Field(None, alias="imageWidth")


def fits(source: Source) -> bool:
    """Whether there is a labelme file: one of the first JSON files is."""
    return bool(_json_files(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All files with their pictures.

    The classes are those of `reading`, of `labels.json` (which labelme does not know), or the names
    on the shapes in the order in which they first occur. Files that cannot be read are told of when
    their map is asked for; one whose picture lies outside, and that is not found inside by its
    name, is a SafetyError at once.
    """
    names: dict[str, None] = {}
    found: list[tuple[str, PictureFile | None]] = []
    pictures = Pictures(source, reading.how)
    files = _json_files(source) or source.ending(".json")
    for file in files:
        image = None
        try:
            content = source.json(file, _File, _HINT)
        except InputError:
            pass  # its map will raise the same
        else:
            names.update((shape.label, None) for shape in content.shapes)
            folder = file[: len(file) - len(file.rpartition("/")[2])]
            if content.image_data is not None:
                image = PictureFile(partial(_embedded, source, file), source.where(file))
            elif content.image_path is not None:
                image = pictures.find(content.image_path, source.where(file), [folder])
        found.append((file, image))
    if not found:
        raise InputError("no JSON files", str(source.path), _HINT)
    labels, class_id = named_classes(
        names, reading.own_labels or read_labels(source), reading, str(source.path)
    )
    entries = tuple(
        AnnotatedPicture.of_shapes(
            name, partial(_painted, source, file, labels, class_id, image, reading.how), image
        )
        for name, (file, image) in zip(picture_names(files, str(source.path)), found, strict=True)
    )
    stems = {Path(file).stem for file in files}
    without = () if source.chosen else tuple(n for n in pictures.others() if n not in stems)
    return Annotations(labels, entries, without)


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write every picture with its JSON file of mask shapes, then `labels.json`."""
    for picture in pictures:
        if picture.image is not None:
            save_png(folder / f"{picture.name}.png", picture.image)
        height, width = picture.label_map.ids.shape
        content = {
            "version": "5.5.0",
            "flags": {},
            "shapes": [_mask_shape(name, mask) for name, mask in layers(picture.label_map)],
            "imagePath": f"{picture.name}.png",
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
        write_atomically(folder / f"{picture.name}.json", json.dumps(content, indent=2).encode())
    write_atomically(folder / LABELS_JSON, labels.to_json().encode())


def _json_files(source: Source) -> tuple[str, ...]:
    """The files of this format: those at the top if there are any there, else those of all folders.
    Of those at the top the ones that are not labelme's stay, to be told of."""
    found = tuple(n for n in source.ending(".json") if n.rpartition("/")[2] != LABELS_JSON)
    top = tuple(name for name in found if "/" not in name)
    if source.chosen:
        return found if any(_is_labelme(source, name) for name in found) else ()
    if any(_is_labelme(source, name) for name in top[:20]):
        return top
    deep = found if any(_is_labelme(source, name) for name in found[:20]) else ()
    return tuple(name for name in deep if _is_labelme(source, name))


def _is_labelme(source: Source, file: str) -> bool:
    if not source.has_fields(file, "shapes"):
        return False
    try:
        source.json(file, _File)
    except InputError:
        return False
    return True


def _embedded(source: Source, file: str) -> io.BytesIO:
    data = source.json(file, _File, _HINT).image_data or ""
    return io.BytesIO(_base64(data, source.where(file)))


def _base64(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise InputError("damaged base64", where, _HINT) from None


def _painted(
    source: Source,
    file: str,
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    image: PictureFile | None,
    how: Interpretation,
) -> Painted:
    content, where = source.json(file, _File, _HINT), source.where(file)
    height, width = content.height, content.width
    if (height is None or width is None) and image is not None:
        height, width = image().shape[:2]
    if height is None or width is None:
        raise InputError("neither imageHeight and imageWidth nor a picture", where, _HINT)
    shapes = []
    for number, shape in enumerate(content.shapes, 1):
        _check(shape, f"shape {number}", where)
        mask = partial(_mask, shape, height, width, how.rendering, where)
        shapes.append(Shape(shape.label, f"shape {number}", mask, shape.layer or 0))
    return paint(shapes, (height, width), labels, class_id, how, where)


def _check(shape: _Shape, what: str, where: str) -> None:
    """InputError for shapes without an area, and of kinds that are not known."""
    kind = shape.shape_type or "polygon"
    if kind in _FLAT:
        raise InputError(
            f"{what} '{shape.label}' of type '{kind}' has no area", where, "Delete or redraw it."
        )
    needed = {"rectangle": 2, "circle": 2, "mask": 1, **dict.fromkeys(_POLYGONS, 3)}.get(kind)
    if needed is None:
        raise InputError(
            f"{what} '{shape.label}' is of type '{kind}', which is not known",
            where,
            "Redraw it as a polygon or mask.",
        )
    if len(shape.points) < needed:
        many = f"{len(shape.points)} points, {needed} are needed"
        raise InputError(f"{what} '{shape.label}' ({kind}) of {many}", where, "Redraw it.")


def _mask(shape: _Shape, height: int, width: int, rendering: str, where: str) -> NDArray[np.bool_]:
    """bool height×width of one shape that `_check` let pass."""
    points = shape.points
    if shape.shape_type == "rectangle":  # X-AnyLabeling writes all four corners
        return draw_rectangle(points, height, width, rendering)
    if shape.shape_type == "circle":
        (x0, y0), (x1, y1) = points[:2]
        radius = float(np.hypot(x1 - x0, y1 - y0))
        return draw_circle(points[0], radius, height, width, rendering)
    if shape.shape_type == "mask":
        return _placed(shape, height, width, where)
    return draw_polygon(points, height, width, rendering)


def _placed(shape: _Shape, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """A mask shape: a PNG whose corner lies at the first point, cut at the second if there is one
    (the last pixel, as labelme has it), and at the picture's edges."""
    if shape.mask is None:
        raise InputError(f"mask '{shape.label}' without a mask", where, _HINT)
    image = decode_image(io.BytesIO(_base64(shape.mask, where)), where, ("PNG",))
    if image.mode not in ("1", "L", "P"):
        raise InputError(f"mask '{shape.label}' with pixels of type {image.mode}", where, _HINT)
    patch = np.asarray(image).astype(bool)
    left, top = (round(value) for value in shape.points[0])
    if len(shape.points) > 1:
        right, bottom = (round(value) for value in shape.points[1])
        patch = patch[: max(bottom - top + 1, 0), : max(right - left + 1, 0)]
    mask = np.zeros((height, width), bool)
    target = mask[max(top, 0) : max(top + patch.shape[0], 0), max(left, 0) :]
    patch = patch[max(-top, 0) :, max(-left, 0) :][: target.shape[0], : target.shape[1]]
    target[: patch.shape[0], : patch.shape[1]] = patch
    return mask


def _mask_shape(name: str, mask: NDArray[np.bool_]) -> dict[str, object]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom, left, right = (int(v) for v in (rows[0], rows[-1], columns[0], columns[-1]))
    buffer = io.BytesIO()
    Image.fromarray(mask[top : bottom + 1, left : right + 1]).save(buffer, "PNG")
    return {
        "label": name,
        "points": [[left, top], [right, bottom]],
        "group_id": None,
        "description": "",
        "shape_type": "mask",
        "flags": {},
        "mask": base64.b64encode(buffer.getvalue()).decode(),
    }
