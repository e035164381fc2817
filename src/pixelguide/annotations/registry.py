"""The formats by name: which of them a folder or file has, reading it, writing another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pixelguide.annotations import (
    ade20k,
    authors,
    camvid,
    celebamask,
    cityscapes,
    coco,
    coco_panoptic,
    cvat,
    cvat_xml,
    datasetddpm,
    datumaro,
    isat,
    label_studio,
    labelme,
    labelme_xml,
    native,
    pairs,
    supervisely,
    voc,
)
from pixelguide.annotations.doubts import Doubts
from pixelguide.annotations.folders import LABELS_JSON, flat_name, new_file, new_folder
from pixelguide.annotations.interpretation import AS_IN_FILES, Interpretation
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.near_misses import what_nearly_fits
from pixelguide.annotations.source import Source, open_source
from pixelguide.annotations.types import Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet

_Write = Callable[[Path, LabelSet, Iterable[LoadedPicture]], None]


@dataclass(frozen=True)
class Format:
    """How one format is recognized, read and written (None: it can only be read).

    with_images: a map without its picture is of no use in it.
    """

    fits: Callable[[Source], bool]
    read: Callable[[Source, Reading], Annotations]
    write: _Write | None
    with_images: bool


def _folder_format(module: Any, write: _Write | None) -> Format:
    """A format whose files lie in folders that must not be zipped."""
    return Format(
        lambda source: source.chosen is None and module.fits(source.path),
        lambda source, reading: module.read(source.path, reading),
        write,
        with_images=True,
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "pixelguide": _folder_format(native, native.write),
        "pairs": _folder_format(pairs, pairs.write),
        "datasetddpm": _folder_format(datasetddpm, datasetddpm.write),
        "labelme": Format(labelme.fits, labelme.read, labelme.write, with_images=True),
        "cvat": Format(cvat.fits, cvat.read, cvat.write, with_images=False),
        "coco": Format(coco.fits, coco.read, coco.write, with_images=False),
        "authors": _folder_format(authors, None),
        **{
            name: Format(module.fits, module.read, None, with_images=False)
            for name, module in {
                "voc": voc,
                "celebamask-hq": celebamask,
                "label-studio": label_studio,
                "cvat-xml": cvat_xml,
                "cityscapes": cityscapes,
                "ade20k": ade20k,
                "coco-panoptic": coco_panoptic,
                "supervisely": supervisely,
                "datumaro": datumaro,
                "camvid": camvid,
                "labelme-xml": labelme_xml,
                "isat": isat,
            }.items()
        },
        "kitti": Format(cityscapes.fits_kitti, cityscapes.read_kitti, None, with_images=False),
    }
)


def detect_format(path: str | Path, images: Path | None = None) -> str:
    """The name of the one format that the folder or file at `path` has, judged by its content.

    images: a folder of pictures that may belong to maps at `path`. Raises InputError if there is
    nothing, or if none or several of the formats fit.
    """
    return _detected(open_source(_existing(path)), images)


def _detected(source: Source, images: Path | None = None) -> str:
    fitting = [name for name, known in FORMATS.items() if known.fits(source)]
    if not fitting and images is not None and pairs.fits(source.path, images):
        return "pairs"
    if len(fitting) == 1:
        return fitting[0]
    where = str(source.path)
    if fitting:
        raise InputError(
            f"more than one format fits ({', '.join(fitting)})", where, "Say which (--from)."
        )
    hint = what_nearly_fits(source) or f"Known: {', '.join(FORMATS)}."
    raise InputError("no annotations of a known format", where, hint)


def read_annotations(
    path: str | Path,
    format: str = "auto",
    labels: LabelSet | None = None,
    *,
    renames: Mapping[str, str] | None = None,
    own_labels: LabelSet | None = None,
    snap: float = 0,
    how: Interpretation = AS_IN_FILES,
) -> Annotations:
    """The annotated pictures at `path`; their maps and pictures are read when asked for.

    format: a key of `FORMATS`, or "auto" to tell by the content.
    labels, renames, own_labels, snap, how: see `Reading` and `Interpretation`. With neither
        `labels` nor `renames` the classes are those of the data set.
    Raises InputError if the whole cannot be read. What is wrong with one picture is raised when its
    map is read, but for paths that lead out of the data set: they are a SafetyError at once.
    """
    source = open_source(_existing(path))
    name = _detected(source, how.images) if format == "auto" else format
    known = _format(name)
    reading = Reading(labels, renames or {}, own_labels, snap, how)
    annotations = known.read(source, reading).understood(how)
    if not annotations.pictures and not annotations.without_map:
        raise InputError("no annotated pictures", str(path), f"Expected format {name}.")
    return annotations


def write_annotations(
    path: str | Path,
    format: str,
    annotations: Annotations,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> None:
    """Write all pictures one by one; `path` appears when all are written, or not at all.

    path: a new or empty folder; for "cvat" a new zip file.
    on_progress: called after each picture with the dict that `terminal.progress_bar` shows.
    on_note: told in a sentence what may be wrong with the maps, when all are written.
    Raises InputError for pictures that cannot be read or have no place in the format.
    """
    known = _format(format)
    if known.write is None:
        raise InputError(f"format {format} can only be read", hint="Choose another (--to).")
    place = new_file if known is FORMATS["cvat"] else new_folder
    with place(Path(path)) as partial:
        doubts = Doubts(annotations)
        loaded = _loaded(annotations, known.with_images, on_progress)
        known.write(partial, annotations.labels, map(doubts.seen, loaded))
    if on_note:
        for note in doubts.notes():
            on_note(note)


def _loaded(
    annotations: Annotations,
    with_images: bool,
    on_progress: Callable[[dict[str, Any]], None] | None,
) -> Iterator[LoadedPicture]:
    """The pictures, each loaded when its turn comes, with names that can be file names."""
    seen = {Path(LABELS_JSON).stem, "annotations"}
    for done, picture in enumerate(annotations, 1):
        if flat_name(picture.name, "pictures") != picture.name or picture.name.lower() in seen:
            raise InputError(
                f"cannot call a picture '{picture.name}' (taken, or no file name)",
                hint="Rename it.",
            )
        seen.add(picture.name.lower())
        loaded = picture.load()
        if with_images and loaded.image is None:
            raise InputError("label map without its picture", picture.name, "Put it beside.")
        if loaded.label_map.labels != annotations.labels:
            raise InputError("label map of other classes", picture.name)
        yield loaded
        if on_progress:
            on_progress({"stage": "converting", "done": done, "total": len(annotations)})


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise InputError(f"unknown format '{name}'", hint=f"Known: {', '.join(FORMATS)}.")
    return FORMATS[name]


def _existing(path: str | Path) -> Path:
    if not os.path.exists(path):  # unlike Path.exists, False for names that are too long
        raise InputError("no such file or folder", str(path), "Check the path.")
    return Path(path)
