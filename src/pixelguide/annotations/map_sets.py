"""Data sets of one map file per picture, in folders: what the readers of such formats share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pixelguide.annotations.finding import Pictures
from pixelguide.annotations.folders import flat_name
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.naming import IGNORED, Reading
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES, converted, decode_image, is_deep
from pixelguide.label_colours import Colour, ids_of_colours
from pixelguide.label_files import LabelFile
from pixelguide.labels import IGNORE, LabelMap, LabelSet


def map_set(
    source: Source,
    reading: Reading,
    labels: LabelSet,
    maps: Mapping[str, str],
    images: Mapping[str, str],
    load: Callable[[str], LabelMap],
) -> Annotations:
    """Pictures with their maps, both files of `source` by a key that is common to the two: a path
    without suffix. load: reads a map from its file name. Pictures are called by the last part of
    their keys if that is unique. The classes are `labels`, and in the end those of `reading`."""
    stems = [
        key.rpartition("/")[2].lower() for key in (*maps, *(k for k in images if k not in maps))
    ]
    unique = len(set(stems)) == len(stems)

    def name(key: str) -> str:
        return flat_name(key.rpartition("/")[2] if unique else key, key)

    outside = Pictures(source, reading.how)
    pictures = []
    for key, map_name in sorted(maps.items()):
        image: PictureFile | None = source.picture(images[key]) if key in images else None
        if image is None and reading.how.images is not None:
            image = outside.of_stem(key.rpartition("/")[2], [])
        label_map = partial(load, map_name)
        pictures.append(enlarged(AnnotatedPicture(name(key), label_map, image)))
    without = tuple(name(key) for key in sorted(images) if key not in maps)
    return Annotations(labels, tuple(pictures), without).wanted_as(reading)


def by_key(
    source: Source, folder: str, ending: str = "", suffixes: tuple[str, ...] = SUFFIXES
) -> dict[str, str]:
    """The files below `folder` ("…/") whose names, without one of `suffixes`, end in `ending`: by
    that name without folder and ending."""
    found = {}
    for name in source.ending(*suffixes):
        stem = name.rpartition(".")[0]
        if name.startswith(folder) and stem.endswith(ending):
            found[stem[len(folder) : len(stem) - len(ending)]] = name
    return found


def enlarged(picture: AnnotatedPicture) -> AnnotatedPicture:
    """The same, whose map takes the size of the picture if that is larger by a whole factor:
    CelebAMask-HQ's maps of 512² belong to pictures of 1024²."""
    if not isinstance(picture.image, PictureFile):
        return picture
    image = picture.image

    def change(label_map: LabelMap) -> LabelMap:
        (height, width), (wanted_height, wanted_width, _) = label_map.ids.shape, image.header()
        factor = wanted_height // height
        if factor < 2 or (height * factor, width * factor) != (wanted_height, wanted_width):
            return label_map
        ids = label_map.ids.repeat(factor, axis=0).repeat(factor, axis=1)
        return LabelMap(ids, label_map.labels, origin=label_map.origin)

    return dataclasses.replace(picture, label_map=lambda: change(picture.label_map()))


def decode_map(source: Source, name: str) -> Image.Image:
    """A map's PNG, decoded. Other formats are refused, and so are 16 bits a value, but for grey
    ones: they may be ids."""

    def prepare(image: ImageFile.ImageFile, where: str) -> None:
        if is_deep(image) and not image.mode.startswith("I"):
            raise InputError("colour map with 16 bits a value", where, "Save it with 8.")

    with source.open(name) as file:
        return decode_image(file, source.where(name), ("PNG",), prepare)


def map_of_ids(
    source: Source, name: str, labels: LabelSet, snap: float = 0, zero_is_no_label: bool = False
) -> LabelMap:
    """A map whose grey values, of 8 or 16 bits, are ids; 255 is no label. zero_is_no_label: the
    numbers of the classes start at 1."""
    image, where = decode_map(source, name), source.where(name)
    if image.mode.startswith("I"):
        file = LabelFile(Image.fromarray(_shallow(np.asarray(image), where)), where)
    else:
        file = LabelFile.decode(source.read(name), where)
    if not zero_is_no_label:
        return LabelMap.from_file(file, labels, snap)
    numbered = LabelSet((IGNORED, *labels.names), distinct_palette(len(labels) + 1))
    ids = LabelMap.from_file(file, numbered, snap).ids
    return LabelMap(np.where(ids == 0, np.uint8(IGNORE), ids - (ids < IGNORE)), labels)


def _shallow(deep: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Ids of 16 bits or more as uint8."""
    if (bad := (deep < 0) | (deep > IGNORE)).any():
        y, x = np.argwhere(bad)[0]
        what = f"unknown class id {deep[y, x]} on {bad.sum()} pixels, first at ({x}, {y})"
        raise InputError(what, where, "Ids run to 255.")
    return deep.astype(np.uint8)


def map_of(
    source: Source, name: str, labels: LabelSet, snap: float = 0, void: Colour | None = None
) -> LabelMap:
    """A map of ids if it is grey, else one of the classes' colours; `void` is no label."""
    grey = decode_map(source, name).mode[0] in "LI1"
    if grey:
        return map_of_ids(source, name, labels, snap)
    ids = {colour: index for index, colour in enumerate(labels.palette)}
    if void is not None:
        ids.setdefault(void, IGNORE)
    return map_of_colours(source, name, labels, ids, snap)


def map_of_colours(
    source: Source, name: str, labels: LabelSet, ids: Mapping[Colour, int], snap: float = 0
) -> LabelMap:
    """A map whose colours say the class, also those of palette entries, and never their index."""
    image, where = decode_map(source, name), source.where(name)
    if image.mode not in ("P", "L", "RGB"):
        what = f"label map with pixels of type {image.mode}"
        raise InputError(what, where, "Export it again.")
    return LabelMap(
        ids_of_colours(np.asarray(converted(image, "RGB", where)), ids, where, snap), labels
    )
