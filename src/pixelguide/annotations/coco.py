"""COCO: one JSON file with run lengths or polygons; annotations are painted in their order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pixelguide.annotations import rle
from pixelguide.annotations.folders import (
    LABELS_JSON,
    files,
    flat_name,
    inside,
    read_labels,
    relative_path,
)
from pixelguide.annotations.json_files import Coordinate, invalid, read_json
from pixelguide.annotations.layers import blank, layers
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.shapes import polygon_mask
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import MAX_PIXELS, load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet

_HINT = "Expected COCO's images, categories and annotations."

Side = Annotated[int, Field(ge=1, le=MAX_PIXELS)]
_Run = Annotated[int, Field(ge=0, le=MAX_PIXELS)]


class _Image(BaseModel):
    id: int
    file_name: str
    height: Side
    width: Side


class _Category(BaseModel):
    id: int
    name: str


class _Annotation(BaseModel):
    image_id: int
    category_id: int
    segmentation: Any = None  # checked when its map is read, so that one bad one spoils no other


class _File(BaseModel):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation]


class _Rle(BaseModel):
    size: tuple[Side, Side]
    counts: list[_Run] | str


_Polygon = Annotated[list[Coordinate], Field(min_length=6)]
_POLYGONS: TypeAdapter[list[list[float]]] = TypeAdapter(list[_Polygon])


def fits(path: Path) -> bool:
    """Whether `path` is such a file, or a folder with one (or `annotations/` with one) in it."""
    return any(_is_coco(file) for file in _candidates(path)[:20])


def read(path: Path, reading: Reading) -> Annotations:
    """All pictures with their maps.

    Pictures are looked for beside the file, in `images/` there, or, for `annotations/FILE.json`, in
    the folder above. The classes are those of `reading`, of `labels.json` beside the file, or the
    categories in their order. A picture path that leads outside is a SafetyError.
    """
    candidates = _candidates(path)
    fitting = candidates if len(candidates) == 1 else [c for c in candidates if _is_coco(c)]
    if len(fitting) != 1:
        raise InputError(f"{len(fitting)} COCO files", str(path), "Name the one to read.")
    file = fitting[0]
    content = read_json(file, _File, _HINT)
    root = file.parent.parent if file.parent.name == "annotations" else file.parent
    names = {category.id: category.name for category in content.categories}
    labels, class_id = named_classes(
        names.values(), reading.own_labels or read_labels(root), reading, file.name
    )
    by_image: defaultdict[int, list[_Annotation]] = defaultdict(list)
    for annotation in content.annotations:
        by_image[annotation.image_id].append(annotation)
    pictures, without = [], []
    for image in sorted(content.images, key=lambda image: image.file_name):
        name = _name(image, file)
        if not by_image[image.id]:
            without.append(name)
            continue
        label_map = partial(
            _label_map, image, by_image[image.id], names, labels, class_id, f"{file.name}, {name}"
        )
        picture = _find(root, image.file_name, file.name)
        pictures.append(
            AnnotatedPicture(name, label_map, partial(load_rgb, picture) if picture else None)
        )
    unknown = set(by_image) - {image.id for image in content.images}
    if unknown or len(names) < len(content.categories):
        what = f"annotations of unknown image {min(unknown)}" if unknown else "repeated category id"
        raise InputError(what, file.name, _HINT)
    return Annotations(labels, tuple(pictures), tuple(without))


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write `images/NAME.png`, then `labels.json` and `annotations.json`.

    It holds one mask (run lengths) per class and picture. Category ids start at 1.
    """
    categories = {name: index for index, name in enumerate(labels.names, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for picture in pictures:
        if picture.image is not None:
            save_png(folder / "images" / f"{picture.name}.png", picture.image)
        height, width = picture.label_map.ids.shape
        images.append(
            {
                "id": len(images) + 1,
                "file_name": f"{picture.name}.png",
                "height": height,
                "width": width,
            }
        )
        for name, mask in layers(picture.label_map):
            category = categories.setdefault(name, len(categories) + 1)
            annotations.append(_annotation(len(annotations) + 1, len(images), category, mask))
    content = {
        "images": images,
        "categories": [{"id": index, "name": name} for name, index in categories.items()],
        "annotations": annotations,
    }
    write_atomically(folder / LABELS_JSON, labels.to_json().encode())
    write_atomically(folder / "annotations.json", json.dumps(content).encode())


def _candidates(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() == ".json" else []
    found = files(path, ".json") + files(path / "annotations", ".json")
    return [file for file in found if file.name != LABELS_JSON]


def _is_coco(file: Path) -> bool:
    try:
        read_json(file, _File)
    except InputError:
        return False
    return True


def _name(image: _Image, file: Path) -> str:
    return flat_name(str(relative_path(image.file_name, file.name).with_suffix("")), file.name)


def _find(root: Path, file_name: str, where: str) -> Path | None:
    for folder in (root, root / "images"):
        picture = inside(folder, file_name, where)
        if picture.is_file():
            return picture
    return None


def _label_map(
    image: _Image,
    annotations: list[_Annotation],
    names: dict[int, str],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    where: str,
) -> LabelMap:
    ids = blank(labels, image.height, image.width, where)
    for annotation in annotations:
        if annotation.category_id not in names:
            raise InputError(f"unknown category {annotation.category_id}", where, _HINT)
        mask = _mask(annotation.segmentation, image.height, image.width, where)
        ids[mask] = class_id(names[annotation.category_id], where)
    return LabelMap(ids, labels)


def _mask(segmentation: Any, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """bool height×width from what COCO allows as `segmentation`."""
    try:
        if isinstance(segmentation, dict):
            return _runs(_Rle.model_validate(segmentation), height, width, where)
        polygons = _POLYGONS.validate_python(segmentation)
    except ValidationError as error:
        raise invalid(error, where, "Expected polygons or run lengths.") from None
    mask = np.zeros((height, width), bool)
    for flat in polygons:
        if len(flat) % 2:
            raise InputError("polygon with an odd number of coordinates", where)
        mask |= polygon_mask(list(zip(flat[::2], flat[1::2], strict=True)), height, width)
    return mask


def _runs(runs: _Rle, height: int, width: int, where: str) -> NDArray[np.bool_]:
    if runs.size != (height, width):
        raise InputError(
            f"run lengths for {runs.size[1]}×{runs.size[0]} of {width}×{height} pixels", where
        )
    counts = runs.counts
    if isinstance(counts, str):
        counts = rle.decompress(counts, where)
    return rle.decode(counts, height, width, where)


def _annotation(index: int, image: int, category: int, mask: NDArray[np.bool_]) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": index,
        "image_id": image,
        "category_id": category,
        "segmentation": {"size": list(mask.shape), "counts": rle.encode(mask)},
        "area": int(mask.sum()),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "iscrowd": 0,
    }
