"""COCO panoptic (Kirillov et al. 2019): PNGs of segment ids, R + 256 G + 65536 B, and a JSON file
that says which class each segment has. Segment ids are no class ids; 0 is no label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from pydantic import BaseModel

from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.map_sets import decode_map
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items
from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap, LabelSet

_HINT = "Expected COCO panoptic's images, categories and annotations."


class _Image(BaseModel):
    id: int
    file_name: str


class _Category(BaseModel):
    id: int
    name: str


class _Segment(BaseModel):
    id: int
    category_id: int


class _Annotation(BaseModel):
    image_id: int
    file_name: str
    segments_info: Items[_Segment]


class _File(BaseModel):
    images: Items[_Image]
    categories: Items[_Category]
    annotations: Items[_Annotation]


def fits(source: Source) -> bool:
    """Whether there is such a JSON file."""
    return bool(_fitting(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All pictures with their maps. PNGs lie in the folder that is called as the JSON file."""
    files = _fitting(source)
    if len(files) != 1:
        raise InputError(f"{len(files)} panoptic files", str(source.path), "Name the one to read.")
    file, where = files[0], source.where(files[0])
    content = source.json(file, _File, _HINT)
    names = {category.id: category.name for category in content.categories}
    images = {image.id: image for image in content.images}
    labels, class_id = named_classes(
        names.values(), reading.own_labels or read_labels(source), reading, where
    )
    folder, stem = file.rpartition("/")[0], file.rpartition("/")[2].rpartition(".")[0]
    top = f"{folder}/" if folder else ""
    root = top.removesuffix("annotations/")
    subset = stem.rpartition("_")[2]
    near = [f"{root}images/{subset}/", f"{root}{subset}/", f"{root}images/", root]
    pictures, entries, used = Pictures(source, reading.how), [], set()
    for annotation in sorted(content.annotations, key=lambda annotation: annotation.file_name):
        image = images.get(annotation.image_id)
        if image is None:
            raise InputError(f"annotations of unknown image {annotation.image_id}", where, _HINT)
        used.add(image.id)
        name = picture_name(image.file_name, where)
        segments = {segment.id: segment.category_id for segment in annotation.segments_info}
        picture = pictures.find(image.file_name, where, near)
        png = _png(source, annotation.file_name, [f"{top}{stem}/", f"{root}{stem}/", top])
        label_map = partial(_label_map, source, png, segments, names, labels, class_id, where)
        entries.append(AnnotatedPicture(name, label_map, picture))
    without = [picture_name(i.file_name, where) for i in content.images if i.id not in used]
    return Annotations(labels, tuple(entries), tuple(sorted(without)))


def _fitting(source: Source) -> list[str]:
    found = []
    for name in source.ending(".json")[:40]:
        if not source.has_fields(name, "images", "categories", "annotations"):
            continue
        try:
            content = source.json(name, _File)
        except InputError:
            continue
        if content.annotations:
            found.append(name)
    return found


def _png(source: Source, name: str, folders: list[str]) -> str:
    for folder in folders:
        if folder + name in source:
            return folder + name
    fitting = [n for n in source.by_base_name.get(name.rpartition("/")[2], []) if "panoptic" in n]
    return fitting[0] if len(fitting) == 1 else folders[0] + name


def _label_map(
    source: Source,
    png: str,
    segments: Mapping[int, int],
    names: Mapping[int, str],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    file: str,
) -> LabelMap:
    where = source.where(png)
    image = decode_map(source, png)
    if image.mode not in ("RGB", "RGBA"):
        raise InputError(f"segments with pixels of type {image.mode}", where, "Expected RGB.")
    pixels = np.asarray(image).astype(np.int64)
    found, inverse = np.unique(pixels[..., :3] @ (1, 256, 65536), return_inverse=True)
    table = np.full(len(found), IGNORE, np.uint8)
    for i, segment in enumerate(found.tolist()):
        if segment in segments:
            category = segments[segment]
            if category not in names:
                raise InputError(f"unknown category {category}", file, _HINT)
            table[i] = class_id(names[category], file)
        elif segment != 0:
            raise InputError(f"segment {segment} is not in {file}", where, "Export it again.")
    return LabelMap(table[inverse].reshape(pixels.shape[:2]), labels)
