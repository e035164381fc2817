"""CVAT's "Segmentation mask" export, zipped or unpacked: colour maps with `labelmap.txt`.

It is PASCAL VOC's layout, which datumaro writes too, with its own ways to name the classes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.annotations.class_names import label_set
from pixelguide.annotations.folders import flat_name
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.map_sets import by_key, map_of_colours, map_set
from pixelguide.annotations.naming import IGNORED, Reading
from pixelguide.annotations.source import Source, marked
from pixelguide.annotations.types import Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.label_colours import Colour
from pixelguide.labels import IGNORE, LabelMap, LabelSet

LABELMAP = "labelmap.txt"
MAPS, LISTS, IMAGES = "SegmentationClass/", "ImageSets/Segmentation/", "JPEGImages/"
_HEADER = "# label:color_rgb:parts:actions"


def fits(source: Source) -> bool:
    """Whether there is a `labelmap.txt` beside maps."""
    return bool(source.by_base_name.get(LABELMAP)) and any(MAPS in n for n in source.names)


def read(source: Source, reading: Reading) -> Annotations:
    """All maps, with their pictures if these are in `JPEGImages/`. Nothing is unpacked to disk."""
    found = marked(source, LABELMAP)
    if found is None:
        raise InputError(
            f"{LABELMAP} is missing", source.path.name, "Export as 'Segmentation mask'."
        )
    classes = _classes(found.text(LABELMAP), found.where(LABELMAP))
    names = [name for name in classes if name != IGNORED]
    labels = label_set(names, [classes[name] for name in names], found.where(LABELMAP))
    ids = {colour: labels.id(n) if n != IGNORED else IGNORE for n, colour in classes.items()}
    return voc_set(
        found, reading, labels, lambda name: map_of_colours(found, name, labels, ids, reading.snap)
    )


def voc_set(
    source: Source,
    reading: Reading,
    labels: LabelSet,
    load: Callable[[str], LabelMap],
    folder: str = MAPS,
) -> Annotations:
    """The pictures of PASCAL VOC's folders, with those that its lists name and that have no map.
    folder: that of the maps."""
    maps, images = by_key(source, folder, suffixes=(".png",)), by_key(source, IMAGES)
    listed = {
        line.split()[0]
        for name in source.ending(".txt")
        if name.startswith(LISTS)
        for line in source.text(name).splitlines()
        if line.strip()
    }
    found = map_set(source, reading, labels, maps, images, load)
    missing = [flat_name(name, source.path.name) for name in listed - set(maps) - set(images)]
    return replace(found, without_map=tuple(sorted((*found.without_map, *missing))))


def write(path: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write the zip with RGB maps, pictures as PNG, and `labelmap.txt` last.

    Pixels without a label have a colour of their own, as the class `IGNORED`.
    """
    for name in labels.names:
        if ":" in name or not name.isprintable() or name != name.strip() or name.startswith("#"):
            raise InputError(f"{LABELMAP} cannot hold class {name!r}", hint="Rename it (--map).")
    unlabelled = next(
        (v, v, v) for v in range(255, -1, -1) if (v, v, v) not in labels.palette
    )  # 255 classes cannot claim all 256 greys
    colours = labels.colours()
    colours[IGNORE] = unlabelled
    names = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:  # PNGs are deflated already
        for picture in pictures:
            names.append(picture.name)
            file.writestr(f"{MAPS}{picture.name}.png", _png(colours[picture.label_map.ids]))
            if picture.image is not None:
                file.writestr(f"{IMAGES}{picture.name}.png", _png(picture.image))
        file.writestr(f"{LISTS}default.txt", "".join(f"{name}\n" for name in names))
        rows = [*zip(labels.names, labels.palette, strict=True), (IGNORED, unlabelled)]
        lines = [_HEADER, *(f"{name}:{r},{g},{b}::" for name, (r, g, b) in rows)]
        file.writestr(LABELMAP, "".join(f"{line}\n" for line in lines))


def _classes(text: str, where: str) -> dict[str, Colour]:
    """Name and colour of every line `name:R,G,B:parts:actions`; without a colour (datumaro), it is
    that of PASCAL VOC for the number of the line."""
    classes: dict[str, Colour] = {}
    defaults = distinct_palette(256)
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, *rest = line.split(":")
        try:
            values = rest[0].split(",") if rest[0].strip() else defaults[len(classes)]
            r, g, b = (int(value) for value in values)
        except (ValueError, IndexError):
            raise InputError(f"bad line {line[:80]!r}", where, "Expected name:R,G,B::") from None
        if name in classes or (r, g, b) in classes.values():
            raise InputError(f"repeated name or colour {line[:80]!r}", where, "Export it again.")
        classes[name] = (r, g, b)
    return classes


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
