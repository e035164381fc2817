"""CVAT's "Segmentation mask" export: a zip of colour maps, with the classes in `labelmap.txt`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.annotations.archive import Archive
from pixelguide.annotations.folders import flat_name
from pixelguide.annotations.naming import IGNORED, Reading
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES, decode_image, to_rgb
from pixelguide.label_colours import Colour, ids_of_colours
from pixelguide.labels import IGNORE, LabelMap, LabelSet

_LABELMAP = "labelmap.txt"
_MAPS, _LISTS, _IMAGES = "SegmentationClass/", "ImageSets/Segmentation/", "JPEGImages/"
_HEADER = "# label:color_rgb:parts:actions"


def fits(path: Path) -> bool:
    """Whether `path` is a zip file with a `labelmap.txt`."""
    return path.is_file() and zipfile.is_zipfile(path) and _LABELMAP in Archive(path).names


def read(path: Path, reading: Reading) -> Annotations:
    """All maps, with their pictures if these are in `JPEGImages/`. Nothing is unpacked to disk."""
    archive = Archive(path)
    if _LABELMAP not in archive.names:
        raise InputError(f"{_LABELMAP} is missing", path.name, "Export as 'Segmentation mask'.")
    classes = _classes(archive.text(_LABELMAP), f"{path.name}/{_LABELMAP}")
    names = [name for name in classes if name != IGNORED]
    labels = LabelSet(tuple(names), tuple(classes[name] for name in names))
    ids = {colour: labels.id(n) if n != IGNORED else IGNORE for n, colour in classes.items()}

    maps = {n.removeprefix(_MAPS)[:-4]: n for n in archive.names if _is_map(n)}
    images = {
        stem: name
        for name in archive.names
        if name.startswith(_IMAGES) and name.lower().endswith(SUFFIXES)
        for stem in [name.removeprefix(_IMAGES).rpartition(".")[0]]
    }
    listed = {
        line.strip()
        for name in archive.names
        if name.startswith(_LISTS) and name.endswith(".txt")
        for line in archive.text(name).splitlines()
        if line.strip()
    }
    pictures = tuple(
        AnnotatedPicture(
            flat_name(stem, path.name),
            partial(_label_map, archive, member, labels, ids, reading.snap),
            partial(_image, archive, images[stem]) if stem in images else None,
        )
        for stem, member in sorted(maps.items())
    )
    without = sorted((listed | set(images)) - set(maps))
    return Annotations(
        labels, pictures, tuple(flat_name(stem, path.name) for stem in without)
    ).wanted_as(reading)


def write(path: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write the zip with RGB maps, pictures as PNG, and `labelmap.txt` last.

    Pixels without a label have a colour of their own, as the class `IGNORED`.
    """
    for name in labels.names:
        if ":" in name or not name.isprintable() or name != name.strip() or name.startswith("#"):
            raise InputError(f"{_LABELMAP} cannot hold class {name!r}", hint="Rename it (--map).")
    unlabelled = next(
        (v, v, v) for v in range(255, -1, -1) if (v, v, v) not in labels.palette
    )  # 255 classes cannot claim all 256 greys
    colours = labels.colours()
    colours[IGNORE] = unlabelled
    names = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:  # PNGs are deflated already
        for picture in pictures:
            names.append(picture.name)
            file.writestr(f"{_MAPS}{picture.name}.png", _png(colours[picture.label_map.ids]))
            if picture.image is not None:
                file.writestr(f"{_IMAGES}{picture.name}.png", _png(picture.image))
        file.writestr(f"{_LISTS}default.txt", "".join(f"{name}\n" for name in names))
        rows = [*zip(labels.names, labels.palette, strict=True), (IGNORED, unlabelled)]
        lines = [_HEADER, *(f"{name}:{r},{g},{b}::" for name, (r, g, b) in rows)]
        file.writestr(_LABELMAP, "".join(f"{line}\n" for line in lines))


def _classes(text: str, where: str) -> dict[str, Colour]:
    """Name and colour of every line `name:R,G,B:parts:actions`."""
    classes: dict[str, Colour] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, *rest = line.split(":")
        try:
            r, g, b = (int(value) for value in rest[0].split(","))
        except (ValueError, IndexError):
            raise InputError(f"bad line {line[:80]!r}", where, "Expected name:R,G,B::") from None
        if name in classes or (r, g, b) in classes.values():
            raise InputError(f"repeated name or colour {line[:80]!r}", where, "Export it again.")
        classes[name] = (r, g, b)
    return classes


def _is_map(name: str) -> bool:
    return name.startswith(_MAPS) and name.lower().endswith(".png")


def _label_map(
    archive: Archive, member: str, labels: LabelSet, ids: Mapping[Colour, int], snap: float
) -> LabelMap:
    where = f"{archive.path.name}/{member}"
    image = decode_image(io.BytesIO(archive.read(member)), where, ("PNG",))
    if image.mode not in ("P", "L", "RGB"):
        raise InputError(f"label map with pixels of type {image.mode}", where, "Export it again.")
    # Here the colour says the class, also that of a palette entry, and never its index.
    return LabelMap(ids_of_colours(np.asarray(image.convert("RGB")), ids, where, snap), labels)


def _image(archive: Archive, member: str) -> NDArray[np.uint8]:
    where = f"{archive.path.name}/{member}"
    return to_rgb(decode_image(io.BytesIO(archive.read(member)), where), where)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
