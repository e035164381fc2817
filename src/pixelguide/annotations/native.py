"""pixelguide's own layout: `labels.json`, `NAME.png` (or another picture) and `NAME_label.png`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from pixelguide.annotations.class_names import read_labels
from pixelguide.annotations.finding import Pictures
from pixelguide.annotations.folders import LABELS_JSON, files, flat_name, pictures_by_stem
from pixelguide.annotations.map_sets import enlarged
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.source import open_source
from pixelguide.annotations.types import AnnotatedPicture, Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet

_LABEL = "_label"


def fits(path: Path) -> bool:
    """Whether `path` looks like this format."""
    return (path / LABELS_JSON).is_file() and any(
        map_path.stem.endswith(_LABEL) for map_path in files(path, ".png")
    )


def read(path: Path, reading: Reading) -> Annotations:
    """All maps with their pictures."""
    labels = read_labels(open_source(path))
    if labels is None:
        raise InputError(f"{LABELS_JSON} is missing", str(path), "It names the classes.")
    return paired(path, path, _LABEL, labels, reading)


def paired(
    images: Path, maps: Path, suffix: str, labels: LabelSet, reading: Reading
) -> Annotations:
    """Label PNGs NAME + `suffix` in `maps` with the pictures of that NAME in `images`."""
    pictures = pictures_by_stem(images)
    outside = Pictures(open_source(images), reading.how)
    map_paths = {
        p.stem.removesuffix(suffix): p for p in files(maps, ".png") if p.stem.endswith(suffix)
    }
    entries = [
        enlarged(
            AnnotatedPicture(
                flat_name(stem, map_path.name),
                partial(LabelMap.load, map_path, labels, reading.snap),
                PictureFile.at(pictures[stem])
                if stem in pictures
                else outside.of_stem(stem, [])
                if reading.how.images
                else None,
            )
        )
        for stem, map_path in sorted(map_paths.items())
    ]
    used = set(map_paths) | ({p.stem for p in map_paths.values()} if images == maps else set())
    without = tuple(stem for stem in pictures if stem not in used)
    return Annotations(labels, tuple(entries), without).wanted_as(reading)


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write all pictures and maps, then `labels.json`."""
    for picture in pictures:
        if picture.name.endswith(_LABEL):
            raise InputError(f"a name that ends in {_LABEL}", picture.name, "Rename the picture.")
        if picture.image is not None:
            save_png(folder / f"{picture.name}.png", picture.image)
        picture.label_map.save(folder / f"{picture.name}{_LABEL}.png")
    write_atomically(folder / LABELS_JSON, labels.to_json().encode())
