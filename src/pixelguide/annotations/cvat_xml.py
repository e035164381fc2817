"""CVAT's "CVAT for images" (XML 1.1): polygons, masks and boxes, a higher `z_order` above.

Boxes are filled, as in CVAT's own "Segmentation mask". datumaro writes it too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.interpretation import Interpretation
from pixelguide.annotations.naming import Reading, named_classes
from pixelguide.annotations.painting import Painted, Shape, paint
from pixelguide.annotations.renderings import draw_polygon, draw_rectangle
from pixelguide.annotations.shapes import Point
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.annotations.xml_files import Element, number_of, read_xml
from pixelguide.errors import InputError
from pixelguide.images import MAX_PIXELS
from pixelguide.labels import LabelSet

_OTHER = "Export as 'Segmentation mask' instead."
_IGNORED = ("tag", "attribute")


def fits(source: Source) -> bool:
    """Whether there is such a file, with shapes on pictures."""
    return bool(_files(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All pictures of all its files with their maps. Videos' tracks are an InputError."""
    found = []
    names: dict[str, None] = {}
    for file in _files(source) or source.ending(".xml"):
        root, where = read_xml(source, file), source.where(file)
        if root.find("track") is not None:
            raise InputError("tracks of a video", where, _OTHER)
        found += [(image, where) for image in root.iter("image")]
        for label in root.findall("./meta//labels/label/name"):
            names[(label.text or "").strip()] = None
    names.update(
        (shape.get("label", ""), None)
        for image, _ in found
        for shape in image
        if shape.get("label")
    )
    names.pop("", None)
    labels, class_id = named_classes(
        names, reading.own_labels or read_labels(source), reading, str(source.path)
    )
    pictures, entries, without = Pictures(source, reading.how), [], []
    for image, where in found:
        text = image.get("name") or ""
        name = picture_name(text, where)
        picture = pictures.find(text, where, ["images/", "data/", "images/default/"])
        if not any(shape.tag not in _IGNORED for shape in image):
            without.append(name)
            continue
        painted = partial(_painted, image, labels, class_id, reading.how, f"{where}, {name}")
        entries.append(AnnotatedPicture.of_shapes(name, painted, picture))
    entries.sort(key=lambda entry: entry.name)
    return Annotations(labels, tuple(entries), tuple(sorted(without)))


def _files(source: Source) -> list[str]:
    found = []
    for name in source.ending(".xml")[:40]:
        start = source.read(name)[: 1 << 16]
        if b"<annotations" in start and (b"<image " in start or b"<track " in start):
            found.append(name)
    return found


def _painted(
    image: Element,
    labels: LabelSet,
    class_id: Callable[[str, str], int],
    how: Interpretation,
    where: str,
) -> Painted:
    height, width = (int(number_of(image.get(k), k, where)) for k in ("height", "width"))
    if not 0 < height * width <= MAX_PIXELS or height < 0:
        raise InputError(f"a picture of {width}×{height} pixels", where, "The limit is 40 MP.")
    shapes = []
    drawn = {_group(e) for e in image if e.tag in ("polygon", "mask") and _group(e)[0] != "0"}
    for number, element in enumerate((e for e in image if e.tag not in _IGNORED), 1):
        what = f"shape {number}"
        if element.tag == "box" and _group(element) in drawn:
            continue  # the box of a shape, which datumaro keeps beside it
        mask = _drawing(element, height, width, how.rendering, f"{where}, {what}")
        layer = number_of(element.get("z_order", "0"), "z_order", where)
        shapes.append(Shape(element.get("label", ""), what, mask, layer))
    return paint(shapes, (height, width), labels, class_id, how, where)


def _group(element: Element) -> tuple[str, str]:
    return element.get("group_id", "0"), element.get("label", "")


def _drawing(
    element: Element, height: int, width: int, rendering: str, where: str
) -> Callable[[], NDArray[np.bool_]]:
    size = (height, width)
    if element.tag == "polygon":
        points = _points(element.get("points", ""), where)
        if len(points) < 3:
            raise InputError(f"polygon of {len(points)} points", where, "Redraw it.")
        return lambda: draw_polygon(points, *size, rendering)
    if element.tag == "box" and number_of(element.get("rotation", "0"), "rotation", where) == 0:
        x0, y0, x1, y1 = (number_of(element.get(k), k, where) for k in ("xtl", "ytl", "xbr", "ybr"))
        return lambda: draw_rectangle([(x0, y0), (x1, y1)], *size, rendering)
    if element.tag == "mask":
        return partial(_run_lengths, element, *size, where)
    raise InputError(f"a shape of type '{element.tag}' that is not read", where, _OTHER)


def _points(text: str, where: str) -> list[Point]:
    pairs = [pair.split(",") for pair in text.split(";") if pair.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"bad points {text[:40]!r}", where, "Expected x,y;x,y;…")
    return [(number_of(x, "x", where), number_of(y, "y", where)) for x, y in pairs]


def _run_lengths(element: Element, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """A mask in its box: runs row by row, of zeros first; it may reach beyond the picture."""
    left, top, across, down = (
        int(number_of(element.get(k), k, where)) for k in ("left", "top", "width", "height")
    )
    try:
        runs = np.array([int(run) for run in element.get("rle", "").split(",")], np.int64)
    except (ValueError, OverflowError):
        raise InputError("run lengths that are no numbers", where, "Export it again.") from None
    good = across > 0 and down > 0 and across * down <= MAX_PIXELS and (runs >= 0).all()
    if not good or runs.max() > MAX_PIXELS or runs.sum() != across * down:
        what = f"run lengths that do not fill {across}×{down} pixels"
        raise InputError(what, where, "Export it again.")
    patch = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(down, across)
    return placed(patch, left, top, height, width)


def placed(
    patch: NDArray[np.bool_], left: int, top: int, height: int, width: int
) -> NDArray[np.bool_]:
    """bool height×width with `patch` at (left, top), cut at the picture's edges."""
    mask = np.zeros((height, width), bool)
    target = mask[max(top, 0) : max(top + patch.shape[0], 0), max(left, 0) :]
    part = patch[max(-top, 0) :, max(-left, 0) :][: target.shape[0], : target.shape[1]]
    target[: part.shape[0], : part.shape[1]] = part
    return mask
