"""COCO: one JSON file with run lengths or polygons; annotations are painted in their order.

Also what FiftyOne (`labels.json` with `data/`), Label Studio, CVAT, Roboflow and datumaro make of
it, who put the pictures in places of their own, see `finding`.
"""

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
from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.folders import LABELS_JSON
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.json_files import Coordinate, invalid
from pixelguide.annotations.layers import layers
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.outlines import polygons
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import MAX_PIXELS, save_png
from pixelguide.labels import LabelSet

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
    images: Items[_Image]
    categories: Items[_Category]
    annotations: Items[_Annotation]


class _Rle(BaseModel):
    size: tuple[Side, Side]
    counts: Items[_Run] | str


_POLYGONS: TypeAdapter[list[list[float]]] = TypeAdapter(Items[Items[Coordinate]])


def fits(source: Source) -> bool:
    """Whether there is such a file, in the folder itself or in `annotations/` in it."""
    return bool(_fitting(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All pictures with their maps.

    The classes are those of `reading`, of `labels.json` beside the file, or the categories in their
    order. A picture path that leads outside, to nothing that is known here, is a SafetyError.
    """
    candidates = _candidates(source)
    fitting = candidates if len(candidates) == 1 else _fitting(source)
    if len(fitting) != 1:
        raise InputError(
            f"{len(fitting)} COCO files ({', '.join(fitting[:4])})" if fitting else "0 COCO files",
            str(source.path),
            "Name the one to read.",
        )
    content = source.json(fitting[0], _File, _HINT)
    file, where = fitting[0], source.where(fitting[0])
    if not content.images:
        hint = "Label Studio's COCO leaves brush strokes out: export its JSON."
        raise InputError("no images", where, hint)
    root = _root(file)
    names = {category.id: category.name for category in content.categories}
    labels, class_id = named_classes(
        names.values(), reading.own_labels or read_labels(source.below(root)), reading, where
    )
    by_image: defaultdict[int, list[tuple[int, _Annotation]]] = defaultdict(list)
    for number, annotation in enumerate(content.annotations, 1):
        by_image[annotation.image_id].append((number, annotation))
    found, pictures, without = Pictures(source, reading.how), [], []
    for image in sorted(content.images, key=lambda image: image.file_name):
        name = picture_name(image.file_name, where)
        if not by_image[image.id]:
            without.append(name)
            continue
        painted = partial(
            _painted,
            *(image, by_image[image.id], names, labels, class_id, reading.how, f"{where}, {name}"),
        )
        picture = found.find(image.file_name, where, _near(root, file))
        pictures.append(AnnotatedPicture.of_shapes(name, painted, picture))
    unknown = set(by_image) - {image.id for image in content.images}
    if unknown or len(names) < len(content.categories):
        what = f"annotations of unknown image {min(unknown)}" if unknown else "repeated category id"
        raise InputError(what, where, _HINT)
    return Annotations(labels, tuple(pictures), tuple(without))


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write `images/NAME.png`, then `labels.json` and `annotations/instances_default.json`.

    That is where datumaro and CVAT look. The file holds one annotation per class and picture,
    as polygons: Label Studio reads no run lengths. Category ids start at 1.
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
    write_atomically(
        folder / "annotations" / "instances_default.json", json.dumps(content).encode()
    )


def _candidates(source: Source) -> list[str]:
    if source.chosen is not None:
        return [source.chosen] if source.chosen.lower().endswith(".json") else []
    return [
        name
        for name in source.ending(".json")
        if name.count("/") == 0 or name.split("/")[-2].lower() == "annotations"
    ][:40]


def _fitting(source: Source) -> list[str]:
    return [name for name in _candidates(source) if _is_coco(source, name)]


def _is_coco(source: Source, name: str) -> bool:
    if not source.has_fields(name, "images", "categories", "annotations"):
        return False
    try:
        source.json(name, _File)
    except InputError:
        return False
    return True


def _root(file: str) -> str:
    """The folder that pictures lie in or below: the file's, or that above `annotations/`."""
    folder = file.rpartition("/")[0]
    if folder.rpartition("/")[2].lower() == "annotations":
        folder = folder.rpartition("/")[0]
    return f"{folder}/" if folder else ""


def _near(root: str, file: str) -> list[str]:
    """Where pictures are looked for first: `images/train/`, `train/` for `instances_train.json`."""
    subset = file.rpartition("/")[2].rpartition(".")[0].rpartition("_")[2]
    folders = ("images/", "data/", f"images/{subset}/", f"{subset}/", f"data/{subset}/")
    return [root, *(root + folder for folder in folders)]


def _painted(
    image: _Image,
    annotations: list[tuple[int, _Annotation]],
    names: dict[int, str],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    shapes, boxes = [], []
    for number, annotation in annotations:
        if annotation.category_id not in names:
            raise InputError(f"unknown category {annotation.category_id}", where, _HINT)
        name, what = names[annotation.category_id], f"annotation {number}"
        if not _has_outline(annotation.segmentation):
            boxes.append(f"{what} ({name})")
            continue
        size, place = (image.height, image.width), f"{where}, {what}"
        mask = partial(_mask, annotation.segmentation, *size, how.rendering, place)
        shapes.append(Shape(name, what, mask))
    if boxes:  # what lies in them is not known, and background at least is wrong
        one = "is a box" if len(boxes) == 1 else "are boxes"
        raise InputError(
            f"{', '.join(boxes[:3])}{' …' if len(boxes) > 3 else ''} {one} without an outline: "
            f"{len(boxes)} of {len(annotations)}",
            where,
            "Draw outlines or masks; boxes do not say which pixels are meant.",
        )
    return paint(shapes, (image.height, image.width), labels, class_id, how, where)


def _has_outline(segmentation: Any) -> bool:
    if isinstance(segmentation, dict):
        return bool(segmentation)
    return not (segmentation is None or segmentation in ([], [[]], ""))


def _mask(
    segmentation: Any, height: int, width: int, rendering: str, where: str
) -> NDArray[np.bool_]:
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
        if len(flat) < 6:
            raise InputError(
                f"polygon of {len(flat) // 2} points", where, "It needs three at least: redraw it."
            )
        points = list(zip(flat[::2], flat[1::2], strict=True))
        mask |= draw_polygon(points, height, width, rendering)
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
        "segmentation": polygons(mask),
        "area": int(mask.sum()),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "iscrowd": 0,
    }
