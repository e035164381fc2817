"""Cityscapes and what has its form: id maps `NAME_gtFine_labelIds.png`, and KITTI's `semantic/`.

Cityscapes (Cordts et al. 2016) has pictures in `leftImg8bit/`; KITTI's semantics (Alhaija et al.
2018) use the same classes, in `image_2/` and `semantic/`, which datumaro writes with 16 bits.
"""

from __future__ import annotations

import numpy as np

from pixelguide.annotations.class_names import background_first, labels_beside
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.map_sets import decode_map, map_of_ids, map_set
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import Annotations
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES
from pixelguide.labels import IGNORE, LabelMap, LabelSet

_NAMES = (
    "unlabeled,ego vehicle,rectification border,out of roi,static,dynamic,ground,road,sidewalk,"
    "parking,rail track,building,wall,fence,guard rail,bridge,tunnel,pole,polegroup,traffic light,"
    "traffic sign,vegetation,terrain,sky,person,rider,car,truck,bus,caravan,trailer,train,"
    "motorcycle,bicycle"
)
"""By id, from 0; the licence plate has −1, in 8 bits 255."""
_ENDINGS = ("_gtFine_labelIds", "_gtCoarse_labelIds")
_PICTURES = "_leftImg8bit"
_NO_CLASS = ("background", "_background_", "unlabeled", "unlabelled", "void")


def fits(source: Source) -> bool:
    """Whether there are maps of Cityscapes' names."""
    return bool(_maps(source))


def fits_kitti(source: Source) -> bool:
    """Whether there are maps in KITTI's folders."""
    return bool(_kitti(source)[0])


def read(source: Source, reading: Reading) -> Annotations:
    """All maps with their pictures, by names: their folders differ."""
    images = {
        _part(name, _PICTURES): name
        for name in source.ending(*SUFFIXES)
        if name.rpartition(".")[0].endswith(_PICTURES)
    }
    beside = labels_beside(source.below(_common_folder(source)))
    labels = reading.own_labels or (background_first(beside) if beside else _cityscapes())

    def load(name: str) -> LabelMap:
        return map_of_ids(source, name, labels, reading.snap)

    return map_set(source, reading, labels, _maps(source), images, load)


def read_kitti(source: Source, reading: Reading) -> Annotations:
    """All maps of all parts with their pictures.

    datumaro writes 0 for the first class and for no label. Where `instance/` tells them apart its
    zeros are no label; where nothing does, the map is an InputError.
    """
    maps, images = _kitti(source)
    beside = labels_beside(source.below(_common_folder(source)))
    labels = reading.own_labels or beside or _cityscapes()
    doubtful = labels.names[0] not in _NO_CLASS

    def load(name: str) -> LabelMap:
        label_map = map_of_ids(source, name, labels, reading.snap)
        if not doubtful or not (label_map.ids == 0).any():
            return label_map
        return _told_apart(source, name, label_map)

    return map_set(source, reading, labels, maps, images, load)


def _told_apart(source: Source, name: str, label_map: LabelMap) -> LabelMap:
    ids, where = label_map.ids.copy(), source.where(name)
    instances = name.replace("semantic/", "instance/")
    if instances in source:
        own = np.asarray(decode_map(source, instances))
        if own.shape == ids.shape and (own[ids == 0] > 0).any():
            ids[(ids == 0) & (own == 0)] = IGNORE
            return LabelMap(ids, label_map.labels)
    raise InputError(
        f"0 may be '{label_map.labels.names[0]}' or no label",
        where,
        "Export in another format, or with a first class called background.",
    )


def _cityscapes() -> LabelSet:
    names = tuple(_NAMES.split(","))
    return LabelSet(names, distinct_palette(len(names)))


def _maps(source: Source) -> dict[str, str]:
    return {
        _part(name, ending): name
        for ending in reversed(_ENDINGS)
        for name in source.ending(f"{ending.lower()}.png")
    }


def _part(name: str, ending: str) -> str:
    """`train/city/NAME` of `…/train/city/NAME_gtFine_labelIds.png`, of its picture too."""
    stem = name.rpartition(".")[0][: -len(ending)]
    parts = stem.split("/")
    for top in ("gtFine", "gtCoarse", "leftImg8bit"):
        if top in parts:
            return "/".join(parts[parts.index(top) + 1 :])
    return parts[-1]


def _kitti(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    def of(folder: str, suffixes: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for name in source.ending(*suffixes):
            top, middle, rest = f"/{name}".partition(f"/{folder}/")
            if middle:
                found[f"{top[1:]}/{rest.rpartition('.')[0]}".lstrip("/")] = name
        return found

    images = of("image_2", SUFFIXES)
    return (of("semantic", (".png",)), images) if images else ({}, images)


def _common_folder(source: Source) -> str:
    """The folder that all names share, "" or "…/": an export put into one folder too much."""
    tops = {name.partition("/")[0] for name in source.names}
    nested = len(tops) == 1 and all("/" in name for name in source.names)
    return f"{tops.pop()}/" if nested else ""
