"""What is wrong with, or odd about, a set of annotated pictures: all of it, not only the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pixelguide.annotations.palettes import Palettes
from pixelguide.annotations.regions import regions
from pixelguide.annotations.types import AnnotatedPicture, Annotations
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


@dataclass
class Report:
    """What `check_annotations` found.

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
    report = Report(len(annotations), pictures_without_maps=list(annotations.without_map))
    pixels = np.zeros(256, np.int64)
    pictures = np.zeros(256, np.int64)
    names: set[str] = set()
    palettes = Palettes()
    for done, picture in enumerate(annotations, 1):
        if picture.name in names:
            report.errors.append((picture.name, "several pictures have this name"))
        names.add(picture.name)
        label_map = _read(picture, report)
        if picture.image is None:
            report.maps_without_pictures.append(picture.name)
            if with_images:
                report.errors.append((picture.name, "label map without its picture"))
        if label_map is not None:
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
    return report


def _read(picture: AnnotatedPicture, report: Report) -> LabelMap | None:
    """The map, if it can be read; what is wrong with it or the picture goes to the report."""
    label_map = None
    try:
        label_map = picture.label_map()
    except PixelguideError as error:
        report.errors.append((picture.name, str(error)))
    try:
        image = picture.image() if picture.image else None
    except PixelguideError as error:
        report.errors.append((picture.name, str(error)))
        return label_map
    if label_map is not None and image is not None and image.shape[:2] != label_map.ids.shape:
        (height, width), (own_height, own_width) = image.shape[:2], label_map.ids.shape
        what = f"the map has {own_width}×{own_height} pixels, the picture {width}×{height}"
        report.errors.append((picture.name, what))
    return label_map


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
