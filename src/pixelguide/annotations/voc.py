"""PASCAL VOC's segmentation: `SegmentationClass/NAME.png` in VOC's colours, `JPEGImages/`.

Also labelme's own export in that form (`labelme2voc.py`, with `class_names.txt`) and datumaro's
with `dataset_meta.json`; with a `labelmap.txt` it is read as CVAT's.
"""

from __future__ import annotations

from pixelguide.annotations.class_names import labels_beside
from pixelguide.annotations.cvat import LABELMAP, MAPS, voc_set
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.map_sets import by_key, map_of
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.source import Source
from pixelguide.annotations.types import Annotations
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet

_OLDER_MAPS = "SegmentationClassPNG/"
"""labelme's until 5.5, when `SegmentationClass/` held arrays."""
_NAMES = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse "
    "motorbike person pottedplant sheep sofa train tvmonitor"
)
VOID = (224, 224, 192)
"""VOC's outlines of objects: no label."""


def fits(source: Source) -> bool:
    """Whether there are maps in VOC's folder, and no `labelmap.txt`."""
    return LABELMAP not in source.by_base_name and _top(source) is not None


def read(source: Source, reading: Reading) -> Annotations:
    """All maps with their pictures. The classes are those of a file beside the folders, else VOC's
    own 21."""
    top = _top(source)
    if top is None:
        raise InputError(f"no maps in {MAPS}", str(source.path), "Expected PASCAL VOC's folders.")
    found = source.below(top)
    names = tuple(_NAMES.split())
    labels = (
        reading.own_labels or labels_beside(found) or LabelSet(names, distinct_palette(len(names)))
    )

    def load(name: str) -> LabelMap:
        return map_of(found, name, labels, reading.snap, void=VOID)

    maps = MAPS if by_key(found, MAPS, suffixes=(".png",)) else _OLDER_MAPS
    return voc_set(found, reading, labels, load, maps)


def _top(source: Source) -> str | None:
    """The folder that holds VOC's folders, "" or "…/"."""
    for name in source.ending(".png"):
        for folder in (MAPS, _OLDER_MAPS):
            if name.startswith(folder) or f"/{folder}" in name:
                return name[: f"/{name}".index(f"/{folder}")]
    return None
