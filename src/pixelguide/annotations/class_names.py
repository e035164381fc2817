"""The names of the classes that lie beside maps: our `labels.json`, and what other tools write."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from pixelguide.annotations.folders import LABELS_JSON
from pixelguide.annotations.json_files import MAX_VALUES
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.source import Source, open_source
from pixelguide.bounded_json import Items, Table, load_json
from pixelguide.errors import InputError
from pixelguide.label_colours import Colour
from pixelguide.labels import LabelSet

CLASSES_CSV = "_classes.csv"
"""Roboflow's, beside its semantic masks: `Pixel Value, Class`."""
DATASET_META = "dataset_meta.json"
"""datumaro's, beside each of its exports: all names, and colours if it knows them."""
LABEL_COLORS = "label_colors.txt"
"""CamVid's, and datumaro's for CamVid, KITTI and Cityscapes: `R G B NAME`, or without colours."""
CLASS_NAMES = "class_names.txt"
"""labelme's VOC export: a name a line."""


def read_labels(source: Source) -> LabelSet | None:
    """The label set in `labels.json`, None if there is no such file, or FiftyOne's COCO of that
    name."""
    if LABELS_JSON not in source:
        return None
    text, where = source.text(LABELS_JSON), source.where(LABELS_JSON)
    try:
        content = load_json(text, MAX_VALUES)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict) and "annotations" in content and "id2label" not in content:
        return None
    return LabelSet.from_json(text, where)


def labels_beside(source: Source) -> LabelSet | None:
    """The classes that a file beside the maps names: `labels.json`, or that of another tool. None
    if there is none."""
    if (labels := read_labels(source)) is not None:
        return labels
    for name, read in (
        (CLASSES_CSV, _from_csv),
        (DATASET_META, from_meta),
        (LABEL_COLORS, _from_colours),
        (CLASS_NAMES, _from_lines),
    ):
        if name in source:
            return read(source, name)
    return None


def labels_in(*folders: Path) -> LabelSet | None:
    """`labels_beside` in the first of several folders that has such a file."""
    found = (labels_beside(open_source(folder)) for folder in folders if folder.is_dir())
    return next((labels for labels in found if labels is not None), None)


def background_first(labels: LabelSet) -> LabelSet:
    """The classes of datumaro's masks of Cityscapes and CamVid: `background` is the first, black,
    wherever it stands in the list that lies beside them, and also if it is not in it."""
    names = ("background", *(name for name in labels.names if name != "background"))
    if labels.palette == distinct_palette(len(labels)):  # no colours were named
        return label_set(names, None, "classes")
    colours = dict(zip(labels.names, labels.palette, strict=True))
    return label_set(names, [colours.get(name, (0, 0, 0)) for name in names], "classes")


def label_set(names: Sequence[str], colours: Sequence[Colour] | None, where: str) -> LabelSet:
    """Classes with the colours that are given if each has one of its own, else distinct ones."""
    if colours is None or len(set(colours)) < len(names) or len(colours) != len(names):
        colours = distinct_palette(min(len(names), 256))
    try:
        return LabelSet(tuple(names), tuple(colours))
    except InputError as error:
        raise InputError(error.what, where, error.hint) from None


def _from_csv(source: Source, name: str) -> LabelSet:
    rows = [[cell.strip() for cell in row] for row in csv.reader(source.text(name).splitlines())]
    where, names = source.where(name), {}
    try:
        for value, title, *_ in rows[1:]:
            names[int(value)] = title
    except ValueError:
        raise InputError("not a table of classes", where, "Expected Pixel Value, Class.") from None
    return _numbered(names, None, where)


class _Meta(BaseModel):
    labels: Items[str] = []
    label_map: Table[int, str] = {}
    segmentation_colors: Items[tuple[int, int, int]] = []


def from_meta(source: Source, name: str = DATASET_META) -> LabelSet:
    """The classes of datumaro's `dataset_meta.json`; ids are those of its `label_map`."""
    meta, where = source.json(name, _Meta, "Expected what datumaro writes."), source.where(name)
    names = meta.label_map or dict(enumerate(meta.labels))
    return _numbered(names, meta.segmentation_colors or None, where)


def _from_colours(source: Source, name: str) -> LabelSet:
    """The class of each line; colours only if all lines have one."""
    found = [_COLOURED.match(line) for line in source.text(name).splitlines() if line.strip()]
    rows = [match.groups() for match in found if match]
    colours = [(int(r), int(g), int(b)) for r, g, b, _ in rows if r is not None]
    given = colours if len(colours) == len(rows) else None
    return label_set([row[3] for row in rows], given, source.where(name))


_COLOURED = re.compile(r"\s*(?:(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+)?(.*?)\s*$")


def _from_lines(source: Source, name: str) -> LabelSet:
    names = [line.strip() for line in source.text(name).splitlines() if line.strip()]
    kept = [name for name in names if name != "__ignore__"]
    return label_set(kept, None, source.where(name))


def _numbered(names: dict[int, str], colours: Sequence[Colour] | None, where: str) -> LabelSet:
    """Classes by their ids, which may leave gaps, but for 255, no label."""
    names = {index: name for index, name in names.items() if index != 255}
    if not names or min(names) < 0 or max(names) > 254:
        raise InputError("ids that are not 0 to 254", where, "Export the masks again.")
    filled = [names.get(index, f"(id {index})") for index in range(max(names) + 1)]
    return label_set(filled, colours, where)
