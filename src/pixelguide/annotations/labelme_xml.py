"""LabelMe's XML (Russell et al. 2008), as datumaro writes it: polygons, or masks in `Masks/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.class_names import labels_beside
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.map_sets import decode_map
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.annotations.xml_files import Element, number_of, read_xml, text_of
from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS, converted
from pixelguide.labels import LabelSet


def fits(source: Source) -> bool:
    """Whether there is such a file, with objects that have an outline."""
    return any(_is_one(source, name) for name in source.ending(".xml")[:20])


def read(source: Source, reading: Reading) -> Annotations:
    """All files with their pictures."""
    found = []
    names: dict[str, None] = {}
    for file in _files(source) or source.ending(".xml"):
        root, where = read_xml(source, file), source.where(file)
        objects = [o for o in root.iter("object") if (o.findtext("deleted") or "0").strip() != "1"]
        names.update((text_of(o, "name", where), None) for o in objects)
        found.append((file, root, objects))
    labels, class_id = named_classes(
        names, reading.own_labels or labels_beside(source), reading, str(source.path)
    )
    pictures, entries, without = Pictures(source, reading.how), [], []
    for file, root, objects in found:
        where = source.where(file)
        text = text_of(root, "filename", where)
        folder, _, _ = file.rpartition("/")
        image = folder.replace("Annotations", "Images", 1)
        name, picture = picture_name(text, where), pictures.find(text, where, [f"{image}/"])
        if not objects:
            without.append(name)
            continue
        masks = [f"{folder.replace('Annotations', 'Masks', 1)}/"]
        top = file.partition("Annotations")[0]
        masks.append(f"{top}Masks/{(root.findtext('folder') or '').strip()}/")
        painted = partial(
            _painted, source, root, objects, masks, labels, class_id, reading.how, where
        )
        entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    entries.sort(key=lambda entry: entry.name)
    return Annotations(labels, tuple(entries), tuple(sorted(without)))


def _files(source: Source) -> list[str]:
    return [name for name in source.ending(".xml") if _is_one(source, name)]


def _is_one(source: Source, name: str) -> bool:
    content = source.read(name)
    return b"<annotation>" in content and (b"<polygon>" in content or b"<segm>" in content)


def _painted(
    source: Source,
    root: Element,
    objects: list[Element],
    masks: list[str],
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    height, width = (
        int(number_of(text_of(root, f"imagesize/{k}", where), k, where)) for k in ("nrows", "ncols")
    )
    if not 0 < height * width <= MAX_PIXELS or height < 0:
        raise InputError(f"a picture of {width}×{height} pixels", where, "The limit is 40 MP.")
    shapes = []
    for number, element in enumerate(objects, 1):
        mask = partial(_mask, source, element, masks, height, width, how.rendering, where)
        shapes.append(Shape(text_of(element, "name", where), f"object {number}", mask))
    return paint(shapes, (height, width), labels, class_id, how, where)


def _mask(
    source: Source,
    element: Element,
    masks: list[str],
    height: int,
    width: int,
    rendering: str,
    where: str,
) -> NDArray[np.bool_]:
    if element.find("segm") is None:
        points = [
            (number_of(pt.findtext("x"), "x", where), number_of(pt.findtext("y"), "y", where))
            for pt in element.findall("polygon/pt")
        ]
        if len(points) < 3:
            raise InputError(f"an object of {len(points)} points", where, "Redraw it.")
        return draw_polygon(points, height, width, rendering)
    file = text_of(element, "segm/mask", where)
    name = next((folder + file for folder in masks if folder + file in source), masks[0] + file)
    image = decode_map(source, name)
    pixels = np.asarray(converted(image, "RGBA", where) if image.mode == "P" else image)
    alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    # transparent, or black, is what does not belong to it
    values = pixels[..., 3] if alpha else pixels.reshape(*pixels.shape[:2], -1).max(-1)
    mask: NDArray[np.bool_] = values > 0
    if mask.shape != (height, width):
        raise InputError(f"a mask of {mask.shape[1]}×{mask.shape[0]} pixels", source.where(name))
    return mask
