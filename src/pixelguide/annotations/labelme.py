"""labelme: a JSON file per picture, whose shapes are painted one over the other in their order."""

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

from pixelguide.annotations.folders import (
    LABELS_JSON,
    files,
    flat_name,
    inside,
    pictures_by_stem,
    read_labels,
)
from pixelguide.annotations.json_files import Coordinate, read_json
from pixelguide.annotations.layers import blank, layers
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.shapes import circle_mask, polygon_mask, rectangle_mask
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import decode_image, load_rgb, save_png, to_rgb
from pixelguide.labels import LabelMap, LabelSet

_HINT = "Expected what labelme writes."


class _Shape(BaseModel):
    label: str
    points: list[tuple[Coordinate, Coordinate]]
    shape_type: str = "polygon"
    mask: str | None = None


class _File(BaseModel):
    shapes: list[_Shape]
    image_path: str | None = Field(None, alias="imagePath")
    image_data: str | None = Field(None, alias="imageData")
    height: int | None = Field(None, alias="imageHeight")
    width: int | None = Field(None, alias="imageWidth")


def fits(path: Path) -> bool:
    """Whether `path` looks like this format: one of its first JSON files does."""
    return any(_is_labelme(file) for file in _json_files(path)[:20])


def read(path: Path, reading: Reading) -> Annotations:
    """All files with their pictures.

    The classes are those of `reading`, of `labels.json` (which labelme does not know), or the names
    on the shapes in the order in which they first occur. Files that cannot be read are told of when
    their map is asked for; one whose picture lies outside `path` is a SafetyError at once.
    """
    names: dict[str, None] = {}
    found: list[tuple[Path, Callable[[], NDArray[np.uint8]] | None]] = []
    used = set()
    for file in _json_files(path):
        image = None
        try:
            content = read_json(file, _File, _HINT)
        except InputError:
            pass  # its map will raise the same
        else:
            names.update((shape.label, None) for shape in content.shapes)
            if content.image_data is not None:
                image = partial(_embedded, file)
            elif content.image_path is not None:
                picture = inside(path, content.image_path, file.name)
                used.add(picture.stem)
                image = partial(load_rgb, picture) if picture.is_file() else None
        found.append((file, image))
    if not found:
        raise InputError("no JSON files", str(path), _HINT)
    labels, class_id = named_classes(
        names, reading.own_labels or read_labels(path), reading, str(path)
    )
    pictures = tuple(
        AnnotatedPicture(
            flat_name(file.stem, file.name),
            partial(_label_map, file, labels, class_id, image),
            image,
        )
        for file, image in found
    )
    used |= {file.stem for file, _ in found}
    without = tuple(stem for stem in pictures_by_stem(path) if stem not in used)
    return Annotations(labels, pictures, without)


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


def _json_files(path: Path) -> list[Path]:
    return [file for file in files(path, ".json") if file.name != LABELS_JSON]


def _is_labelme(file: Path) -> bool:
    try:
        read_json(file, _File)
    except InputError:
        return False
    return True


def _embedded(file: Path) -> NDArray[np.uint8]:
    data = read_json(file, _File, _HINT).image_data or ""
    return to_rgb(decode_image(io.BytesIO(_base64(data, file.name)), file.name), file.name)


def _base64(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise InputError("damaged base64", where, _HINT) from None


def _label_map(
    file: Path,
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    image: Callable[[], NDArray[np.uint8]] | None,
) -> LabelMap:
    content = read_json(file, _File, _HINT)
    height, width = content.height, content.width
    if (height is None or width is None) and image is not None:
        height, width = image().shape[:2]
    if height is None or width is None:
        raise InputError("neither imageHeight and imageWidth nor a picture", file.name, _HINT)
    ids = blank(labels, height, width, file.name)
    for shape in content.shapes:
        ids[_mask(shape, height, width, file.name)] = class_id(shape.label, file.name)
    return LabelMap(ids, labels)


def _mask(shape: _Shape, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """bool height×width of one shape. InputError for shapes without an area."""
    points, kind = shape.points, shape.shape_type
    needed = {"polygon": 3, "rectangle": 2, "circle": 2, "mask": 1}.get(kind)
    if needed is None:
        raise InputError(
            f"shape '{shape.label}' of type '{kind}' has no area", where, "Delete or redraw it."
        )
    if len(points) < needed:
        raise InputError(f"{kind} '{shape.label}' of {len(points)} points", where, "Redraw it.")
    if kind == "polygon":
        return polygon_mask(points, height, width)
    if kind == "rectangle":
        return rectangle_mask(points[0], points[1], height, width)
    if kind == "circle":
        (x0, y0), (x1, y1) = points[:2]
        return circle_mask(points[0], float(np.hypot(x1 - x0, y1 - y0)), height, width)
    return _placed(shape, height, width, where)


def _placed(shape: _Shape, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """A mask shape: a PNG whose corner lies at the first point, cut at the picture's edges."""
    if shape.mask is None:
        raise InputError(f"mask '{shape.label}' without a mask", where, _HINT)
    image = decode_image(io.BytesIO(_base64(shape.mask, where)), where, ("PNG",))
    if image.mode not in ("1", "L", "P"):
        raise InputError(f"mask '{shape.label}' with pixels of type {image.mode}", where, _HINT)
    patch = np.asarray(image).astype(bool)
    left, top = (round(value) for value in shape.points[0])
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
