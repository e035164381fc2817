"""DatasetDDPM (Baranchuk et al. 2022): `NAME.png` with `NAME.npy`, class ids of H×W.

255 means no label, and 0 in bedroom_28, whose background is not learnt: there 0 is read as
`IGNORE`, and `IGNORE` written as 0.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pixelguide.annotations.folders import LABELS_JSON, files, flat_name, pictures_by_stem
from pixelguide.annotations.label_sets import built_in_label_sets
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.pairs import labels_for
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import InputError, PixelguideError, SafetyError
from pixelguide.files import write_atomically
from pixelguide.images import MAX_PIXELS, save_png
from pixelguide.labels import IGNORE, LabelMap, LabelSet


def fits(path: Path) -> bool:
    """Whether `path` looks like this format."""
    return bool(files(path, ".npy"))


def read(path: Path, reading: Reading) -> Annotations:
    """All maps with their pictures.

    The classes are those of `reading`, of `labels.json`, or the built-in set after which the folder
    or one above it is named, as in `datasets/ffhq_34/real/train`.
    """
    known = built_in_label_sets()
    named = next((known[p] for p in reversed(path.absolute().parts) if p in known), None)
    labels = labels_for(path, reading, named)
    pictures, maps = pictures_by_stem(path), files(path, ".npy")
    entries = [
        AnnotatedPicture(
            flat_name(map_path.stem, map_path.name),
            partial(_label_map, map_path, labels),
            PictureFile.at(pictures[map_path.stem]) if map_path.stem in pictures else None,
        )
        for map_path in maps
    ]
    stems = {map_path.stem for map_path in maps}
    without = tuple(stem for stem in pictures if stem not in stems)
    return Annotations(labels, tuple(entries), without).wanted_as(reading)


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write every picture and its map (uint8), then `labels.json`."""
    for picture in pictures:
        if picture.image is not None:
            save_png(folder / f"{picture.name}.png", picture.image)
        ids = picture.label_map.ids
        if _zero_is_no_label(labels):
            ids = np.where(ids == IGNORE, np.uint8(0), ids)
        buffer = io.BytesIO()
        np.save(buffer, ids, allow_pickle=False)
        write_atomically(folder / f"{picture.name}.npy", buffer.getvalue())
    write_atomically(folder / LABELS_JSON, labels.to_json().encode())


def _zero_is_no_label(labels: LabelSet) -> bool:
    return labels.names == built_in_label_sets()["bedroom_28"].names


def _label_map(path: Path, labels: LabelSet) -> LabelMap:
    ids = read_ids(path)
    if _zero_is_no_label(labels):
        ids = np.where(ids == 0, np.uint8(IGNORE), ids)
    try:
        return LabelMap(ids, labels)
    except InputError as error:
        raise InputError(error.what, path.name, error.hint) from None


def read_ids(path: Path) -> NDArray[np.uint8]:
    """H×W class ids from a `.npy` file of any integer type; a pickle is a SafetyError."""
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
            shape, dtype = _header(file, path.name)
            if dtype.kind not in "iu" or len(shape) != 2 or min(shape) < 1:
                raise InputError(
                    f"array of shape {shape} and type {dtype}", path.name, "Give H×W class ids."
                )
            if shape[0] * shape[1] > MAX_PIXELS:
                raise InputError(f"{shape[1]}×{shape[0]} pixels is too large", path.name)
            file.seek(0)
            ids: NDArray[Any] = np.load(file, allow_pickle=False)
    except PixelguideError:
        raise
    except Exception as error:  # the header is a Python literal: what may come of one is no list
        reason = " ".join(str(error).split())[:120] or "truncated"
        raise InputError(f"damaged array ({reason})", path.name, "Save it again.") from None
    bad = (ids < 0) | (ids > IGNORE)
    if bad.any():
        y, x = np.argwhere(bad)[0]
        raise InputError(
            f"unknown class id {ids[y, x]} on {bad.sum()} pixels, first at ({x}, {y})", path.name
        )
    return ids.astype(np.uint8)


def _header(file: Any, where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    first = file.read(1)
    file.seek(0)
    if first == b"\x80":
        raise SafetyError("a pickle under the name of an array", where, "Do not trust its source.")
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if dtype.hasobject:
        raise SafetyError("an array of Python objects", where, "Do not trust its source.")
    return shape, dtype
