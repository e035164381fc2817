"""CamVid: pictures in `train/`, maps in `trainannot/`, as SegNet's tutorial and datumaro have it.

Maps are RGB in the colours of `label_colors.txt` (datumaro), or grey ids.
"""

from __future__ import annotations

from pixelguide.annotations.class_names import LABEL_COLORS, background_first, labels_beside
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.map_sets import by_key, decode_map, map_of, map_set
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import Annotations
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES
from pixelguide.labels import LabelMap, LabelSet

_MAPS = "annot"


def fits(source: Source) -> bool:
    """Whether there is a folder of maps beside a folder of pictures."""
    return bool(_maps(source))


def read(source: Source, reading: Reading) -> Annotations:
    """All maps of all parts with their pictures."""
    maps = _maps(source)
    tops = {folder[: -len(folder.rpartition("/")[2])] for folder in _folders(source)}
    labels = reading.own_labels
    for top in sorted(tops) if labels is None else ():
        labels = labels or _classes(source.below(top))
    labels = labels or reading.labels
    if labels is None:
        raise InputError(
            f"{LABEL_COLORS} is missing", str(source.path), "Name the classes (--labels)."
        )
    known = labels

    def load(name: str) -> LabelMap:
        return map_of(source, name, known, reading.snap)

    folders = tuple(f"{folder}/" for folder in _folders(source))
    images = {
        name.rpartition(".")[0]: name
        for name in source.ending(*SUFFIXES)
        if name.startswith(folders)
    }
    return map_set(source, reading, known, maps, images, load)


def _classes(source: Source) -> LabelSet | None:
    """The classes that lie beside the folders. Of RGB maps the colours decide, and black means
    background where no class has it, as datumaro has it."""
    labels = labels_beside(source)
    if labels is None or _is_grey(source):
        return labels
    named = labels.palette != distinct_palette(len(labels))
    if named and ((0, 0, 0) in labels.palette or "background" in labels.names):
        return labels
    return background_first(labels)


def _is_grey(source: Source) -> bool:
    maps = _maps(source)
    return bool(maps) and decode_map(source, next(iter(maps.values()))).mode[0] in "LI1"


def _folders(source: Source) -> list[str]:
    """Each folder `train` that has a sibling `trainannot`."""
    folders: set[str] = set()
    for name in source.names:
        parts = name.split("/")[:-1]
        folders.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))
    return sorted(folder for folder in folders if f"{folder}{_MAPS}" in folders)


def _maps(source: Source) -> dict[str, str]:
    """`train/NAME` → `trainannot/NAME.png`."""
    return {
        f"{folder}/{key}": name
        for folder in _folders(source)
        for key, name in by_key(source, f"{folder}{_MAPS}/", suffixes=(".png",)).items()
    }
