"""CelebAMask-HQ (Lee et al. 2020): a mask a part, `00000_hair.png`, for the picture `0.jpg`.

Parts are painted in the data set's own order of classes; what no part covers is background. Masks
of 512² take the size of their pictures of 1024² by nearest neighbour.
"""

from __future__ import annotations

import re
from functools import partial

import numpy as np
from PIL import Image

from pixelguide.annotations.label_sets import built_in_label_sets
from pixelguide.annotations.map_sets import decode_map
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES, converted
from pixelguide.labels import LabelMap

_LABELS = built_in_label_sets()["celebamask-hq_19"]
_PART = re.compile(rf"(?:^|.*/)(\d+)_({'|'.join(_LABELS.names[1:])})\.png$", re.IGNORECASE)

_OTHER = re.compile(r"(?:^|.*/)\d{5}_([A-Za-z_]+)\.png$")


def fits(source: Source) -> bool:
    """Whether there are masks of parts."""
    return any(_PART.match(name) for name in source.ending(".png"))


def read(source: Source, reading: Reading) -> Annotations:
    """All pictures that there are parts of."""
    parts: dict[int, dict[int, str]] = {}
    for name in source.ending(".png"):
        other = _OTHER.match(name)
        if other and not _PART.match(name):
            known = ", ".join(_LABELS.names[1:])
            raise InputError(f"a part '{other[1]}' that is none", name, f"Known parts: {known}.")
    for name in source.ending(".png"):
        if match := _PART.match(name):
            own = parts.setdefault(int(match[1]), {})
            index = _LABELS.id(match[2].lower())
            if index in own:
                raise InputError(f"two masks of this part ({own[index]})", name, "Keep one.")
            own[index] = name
    images: dict[int, PictureFile] = {}
    for name in source.ending(*SUFFIXES):
        stem = name.rpartition("/")[2].rpartition(".")[0]
        if stem.isdecimal():
            images.setdefault(int(stem), source.picture(name))
    pictures = tuple(
        AnnotatedPicture(
            f"{number:05}", partial(_label_map, source, own, images.get(number)), images.get(number)
        )
        for number, own in sorted(parts.items())
    )
    without = tuple(f"{number:05}" for number in sorted(images) if number not in parts)
    return Annotations(_LABELS, pictures, without).wanted_as(reading)


def _label_map(source: Source, parts: dict[int, str], image: PictureFile | None) -> LabelMap:
    ids: np.ndarray[tuple[int, int], np.dtype[np.uint8]] | None = None
    for index, name in sorted(parts.items()):
        image_of_part = converted(decode_map(source, name), "RGB", source.where(name))
        part = np.asarray(image_of_part)[..., 0] != 0
        if ids is None:
            ids = np.zeros(part.shape, np.uint8)
        if part.shape != ids.shape:
            raise InputError("masks of one picture differ in size", source.where(name))
        ids[part] = index
    if ids is None:
        raise InputError("no masks", str(source.path))
    height, width, _ = image.header() if image else (0, 0, 1)
    if height and (height, width) != ids.shape and height * ids.shape[1] == width * ids.shape[0]:
        resized = Image.fromarray(ids).resize((width, height), Image.Resampling.NEAREST)
        ids = np.array(resized)
    return LabelMap(ids, _LABELS)
