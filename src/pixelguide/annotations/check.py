"""What is wrong with, or odd about, a set of annotated pictures: all of it, not only the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pixelguide.annotations.doubts import Doubts
from pixelguide.annotations.painting import Painted
from pixelguide.annotations.palettes import Palettes
from pixelguide.annotations.regions import regions
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import PixelguideError
from pixelguide.labels import IGNORE, LabelMap

TINY_AT_256 = 20
"""Pixels of 256²: so few are more often slips than parts (DatasetDDPM ignores them)."""


@dataclass(frozen=True)
class ClassCount:
    """How often a class occurs: in how many pixels, in how many pictures."""

    name: str
    pixels: int
    pictures: int


@dataclass(frozen=True)
class TinyRegion:
    """A connected region smaller than 20 pixels at 256², by its first pixel (x, y).

    whole_class: the class has no more than so few pixels in this picture at all.
    """

    picture: str
    name: str
    pixels: int
    x: int
    y: int
    whole_class: bool


@dataclass(frozen=True)
class Hidden:
    """A shape of which no pixel is in the map of its picture: others cover all of its `pixels`, or
    it covers no centre of a pixel (0). shape: such as "shape 2"."""

    picture: str
    name: str
    shape: str
    pixels: int


@dataclass
class Report:
    """What `check_annotations` found.

    hidden_shapes: shapes of which nothing is seen. hidden_classes: those of which nothing is seen
    in any picture, though there are shapes of them. turned_pictures: those that EXIF turns, whose
    maps may lie in the stored frame. notes: what is odd about the whole, in sentences.
    errors: (picture, what is wrong) of each map or picture that cannot be read or used.
    warnings: (picture, what is odd) of maps that were read, but perhaps not as they were meant.
    """

    pictures: int
    classes: list[ClassCount] = field(default_factory=list)
    unlabelled_pixels: int = 0
    never_occur: list[str] = field(default_factory=list)
    tiny_regions: list[TinyRegion] = field(default_factory=list)
    pictures_without_maps: list[str] = field(default_factory=list)
    maps_without_pictures: list[str] = field(default_factory=list)
    hidden_shapes: list[Hidden] = field(default_factory=list)
    hidden_classes: list[str] = field(default_factory=list)
    turned_pictures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts."""
        lists = {
            key: [{"picture": name, "problem": problem} for name, problem in found]
            for key, found in (("errors", self.errors), ("warnings", self.warnings))
        }
        return asdict(self) | lists


def check_annotations(
    annotations: Annotations,
    *,
    with_images: bool = True,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> Report:
    """Read every map and picture once and count.

    with_images: a map without its picture is an error. Never raises for what is in the data.
    """
    labels = annotations.labels
    doubts = Doubts(annotations)
    report = Report(len(annotations), pictures_without_maps=list(annotations.without_map))
    pixels = np.zeros(256, np.int64)
    pictures = np.zeros(256, np.int64)
    names: set[str] = set()
    palettes = Palettes()
    for done, picture in enumerate(annotations, 1):
        if picture.name in names:
            report.errors.append((picture.name, "several pictures have this name"))
        names.add(picture.name)
        painted = _read(picture, report)
        if not annotations.stored_frame and picture.orientation != 1:
            report.turned_pictures.append(picture.name)
        if picture.image is None:
            report.maps_without_pictures.append(picture.name)
            if with_images:
                report.errors.append((picture.name, "label map without its picture"))
        if painted is not None:
            label_map = painted.label_map
            doubts.seen(
                LoadedPicture(
                    *(picture.name, label_map, None, painted.hidden, picture.orientation),
                    drawn=picture.painted is not None,
                )
            )
            report.hidden_shapes += [
                Hidden(picture.name, hidden.name, hidden.what, hidden.pixels)
                for hidden in painted.hidden
            ]
            counts = np.bincount(label_map.ids.reshape(-1), minlength=256)
            pixels += counts
            pictures += counts > 0
            report.tiny_regions += _tiny(picture.name, label_map)
            if label_map.origin:
                name, origin = picture.name, label_map.origin
                report.errors += [(name, problem) for problem in palettes.errors(name, origin)]
                odd = [*origin.notes, *palettes.warnings(name, origin)]
                report.warnings += [(name, note) for note in odd]
        if on_progress:
            on_progress({"stage": "checking", "done": done, "total": len(annotations)})
    if not annotations.pictures:
        report.errors.append(("", "no label maps"))
    report.classes = [
        ClassCount(name, int(pixels[i]), int(pictures[i])) for i, name in enumerate(labels.names)
    ]
    report.never_occur = [count.name for count in report.classes if not count.pixels]
    report.unlabelled_pixels = int(pixels[IGNORE])
    report.hidden_classes, report.notes = doubts.hidden_classes, doubts.notes()
    return report


def _read(picture: AnnotatedPicture, report: Report) -> Painted | None:
    """The map, if it can be read; what is wrong with it or the picture goes to the report."""
    painted = image = None
    try:
        painted = picture.read_map()
    except PixelguideError as error:
        report.errors.append((picture.name, str(error)))
    try:
        image = picture.image() if picture.image else None
    except PixelguideError as error:
        report.errors.append((picture.name, str(error)))
    if painted is not None and image is not None:
        what = picture.mismatch(painted.label_map, image)
        if what:
            report.errors.append((picture.name, what))
    return painted


def _tiny(name: str, label_map: LabelMap) -> list[TinyRegion]:
    ids = label_map.ids
    limit = TINY_AT_256 * ids.size / 256**2
    totals = np.bincount(ids.reshape(-1), minlength=256)
    found = []
    for (y, x), count in zip(*regions(ids), strict=True):
        index = ids[y, x]
        if count < limit and index != IGNORE:
            whole = bool(totals[index] < limit)
            found.append(
                TinyRegion(name, label_map.labels.names[index], int(count), int(x), int(y), whole)
            )
    return found
