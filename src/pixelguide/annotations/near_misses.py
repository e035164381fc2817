"""What a folder or file nearly was, where no format fits: so that the error can say what to do."""

from __future__ import annotations

from collections.abc import Callable

from pixelguide.annotations.json_files import MAX_VALUES
from pixelguide.annotations.source import Source
from pixelguide.bounded_json import load_json
from pixelguide.errors import PixelguideError
from pixelguide.images import SUFFIXES

_LOSSY = (".jpg", ".jpeg", ".webp")
_OTHERS = (".bmp", ".tif", ".tiff", ".gif")
_MAP_FOLDERS = ("labels/", "label/", "masks/", "mask/", "annotations/")
_MANY = 20


def what_nearly_fits(source: Source) -> str:
    """Advice for the first thing that is recognized but cannot be read; "" if nothing is."""
    for look in (_json, _zips, _voc, _maps, _sibling, _one_file):
        if advice := look(source):
            return advice
    return ""


def _json(source: Source) -> str:
    for name in source.ending(".json")[:_MANY]:
        where = source.where(name)
        try:
            content = load_json(source.text(name), MAX_VALUES)
        except PixelguideError as error:
            return f"{where}: {error.what}. {error.hint}"
        except (ValueError, RecursionError):
            return f"{where} is no JSON: it may be cut off, save it again."
        if isinstance(content, dict):
            for kind, fields, check in _KINDS:
                if fields <= set(content) and (problem := check(content)):
                    return f"{where} looks like {kind}, but {problem}."
            if "annotations" in content and "images" in content:
                return f"{where} looks like COCO, but names no categories: export them too."
            if "predicted_iou" in str(content.get("annotations"))[:4000]:
                return f"{where} is Segment Anything's: its masks have no classes; name them first."
    return ""


def _coco_problem(content: dict[str, object]) -> str:
    for group, keys in (
        ("images", ("id", "height", "width")),
        ("categories", ("id",)),
        ("annotations", ("image_id", "category_id")),
    ):
        entries = content[group]
        if not isinstance(entries, list):
            return f"its {group} are no list"
        for number, entry in enumerate(entries, 1):
            for key in keys if isinstance(entry, dict) else ():
                if key not in entry:
                    return f"{group[:-1]} {number} has no {key}"
                if not str(entry[key]).lstrip("-").isdecimal():
                    return (
                        f"{key} of {group[:-1]} {number} is {entry[key]!r:.40}: "
                        "ids and sizes must be numbers"
                    )
    return "a field is not what COCO says"


def _labelme_problem(content: dict[str, object]) -> str:
    shapes = content["shapes"]
    for number, shape in enumerate(shapes if isinstance(shapes, list) else [], 1):
        for key in ("label", "points"):
            if not isinstance(shape, dict) or key not in shape:
                return f"shape {number} has no {key}"
        if not isinstance(shape["label"], str):
            return f"the label of shape {number} is no text"
    return "a field is not what labelme writes"


_KINDS: tuple[tuple[str, set[str], Callable[[dict[str, object]], str]], ...] = (
    ("COCO", {"images", "categories", "annotations"}, _coco_problem),
    ("labelme", {"shapes"}, _labelme_problem),
)


def _zips(source: Source) -> str:
    xml = [n for n in source.ending(".xml") if b"<annotations" in source.read(n)[:4000]]
    if xml:
        return (
            f"{source.where(xml[0])} is CVAT's XML of boxes or tracks: export 'Segmentation mask'."
        )
    found = [name for name in source.names if name.lower().endswith(".zip")]
    return f"There is a zip file, {found[0]}: name it." if found else ""


def _voc(source: Source) -> str:
    """Lists and pictures of PASCAL VOC without maps: datumaro exports masks there, no polygons."""
    if "labelmap.txt" in source.by_base_name:
        return "There is a labelmap.txt, but no SegmentationClass/: export masks, not polygons."
    return ""


def _maps(source: Source) -> str:
    """Maps that are no PNG, in the folders of pairs or as NAME_mask beside NAME."""
    for name in source.names:
        lower = name.lower()
        stem = lower.rpartition(".")[0]
        if lower.endswith((*_LOSSY, *_OTHERS)) and (
            lower.startswith(_MAP_FOLDERS) or stem.endswith(("_mask", "_label"))
        ):
            why = "JPEG and WebP change labels" if lower.endswith(_LOSSY) else "others are not read"
            return f"{name} is no PNG: maps must be PNG ({why})."
    pictures = source.ending(*SUFFIXES)
    if pictures and any(name.startswith(_MAP_FOLDERS) for name in pictures):
        return "There are maps, but no folder of pictures beside them: call it images/."
    return ""


def _sibling(source: Source) -> str:
    """A folder that holds what is looked for one level deeper."""
    inner = sorted({name.partition("/")[0] for name in source.names if "/" in name})
    return f"Name the folder with the annotations: {', '.join(inner[:4])}." if inner else ""


def _one_file(source: Source) -> str:
    """A file that was named where its folder is the data set."""
    if source.chosen is not None:
        return "Name the folder that it lies in."
    return ""
