"""ADE20K's scene parsing challenge (Zhou et al. 2017): grey maps in `annotations/training/`.

A pixel's value is the class's number in `objectInfo150.txt`, from 1; 0 is no label.
"""

from __future__ import annotations

from pixelguide.annotations.class_names import label_set
from pixelguide.annotations.map_sets import by_key, map_of_ids, map_set
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.source import Source, marked
from pixelguide.annotations.types import Annotations
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet

_TABLE = "objectInfo150.txt"
_MAPS, _IMAGES = "annotations/", "images/"


def fits(source: Source) -> bool:
    """Whether the table of classes lies beside maps."""
    return _TABLE in source.by_base_name


def read(source: Source, reading: Reading) -> Annotations:
    """All maps of all parts with their pictures."""
    found = marked(source, _TABLE)
    if found is None:
        raise InputError(f"{_TABLE} is missing", str(source.path), "It names the classes.")
    labels = _classes(found)

    def load(name: str) -> LabelMap:
        return map_of_ids(found, name, labels, reading.snap, zero_is_no_label=True)

    maps = by_key(found, _MAPS, suffixes=(".png",))
    return map_set(found, reading, labels, maps, by_key(found, _IMAGES), load)


def _classes(source: Source) -> LabelSet:
    """The last column of the table, by the number in its first."""
    names, where = {}, source.where(_TABLE)
    for line in source.text(_TABLE).splitlines():
        columns = [column.strip() for column in line.split("\t")]
        if columns[0].isdecimal():
            names[int(columns[0])] = columns[-1]
    if not names or sorted(names) != list(range(1, len(names) + 1)):
        raise InputError("not a table of classes", where, "Expected Idx, Ratio, …, Name.")
    return label_set([names[number] for number in sorted(names)], None, where)
