"""The files of pixel-wise guidance's authors (Matsunaga et al. 2022): maps before and after edits.

`<img>_img.png`, `<img>_raw.png` and `<img>_<part>_edited.png` in one folder with a JSON file
`{"<img>_<part>_edited": [class ids]}`. The maps are RGB or RGBA with red and blue swapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import RootModel, StrictInt

from pixelguide.annotations.folders import LABELS_JSON, files, flat_name
from pixelguide.annotations.json_files import read_json
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.pairs import labels_for
from pixelguide.annotations.picture_files import PictureFile
from pixelguide.annotations.types import AnnotatedPicture, Annotations
from pixelguide.bounded_json import Items, Table
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet

_HINT = 'Expected {"<img>_<part>_edited": [class ids], …}.'


class _Edits(RootModel[Table[str, Items[StrictInt]]]):
    pass


@dataclass(frozen=True)
class EditJob:
    """An edit to make: `source` is the map of the picture at `image`, `target` what it shall be.

    edit_classes: names of the classes whose pixels may change.
    """

    name: str
    image: Path
    source: LabelMap
    target: LabelMap
    edit_classes: tuple[str, ...]


def read_edit_jobs(folder: str | Path, labels: LabelSet, snap: float = 0) -> list[EditJob]:
    """All edits that the folder's JSON file names, in their order there.

    `snap` is as in `LabelMap.load`. Raises InputError naming what is missing, is not in `labels`,
    or differs in size.
    """
    folder = Path(folder)
    json_files = [file for file in files(folder, ".json") if file.name != LABELS_JSON]
    if len(json_files) != 1:
        raise InputError(f"{len(json_files)} JSON files", str(folder), _HINT)
    edits = read_json(json_files[0], _Edits, _HINT).root
    by_stem = {file.stem: file for file in files(folder, ".png")}
    jobs = []
    for key, class_ids in edits.items():
        image = key.partition("_")[0]
        for stem in (f"{image}_img", f"{image}_raw", key):  # names of ours, never a path of theirs
            if stem not in by_stem:
                raise InputError(f"no file '{stem[:80]}.png'", str(folder), _HINT)
        source, target = (
            LabelMap.load(by_stem[stem], labels, snap) for stem in (f"{image}_raw", key)
        )
        if source.ids.shape != target.ids.shape:
            raise InputError("the maps before and after differ in size", by_stem[key].name)
        for index in class_ids:
            if not 0 <= index < len(labels):
                raise InputError(f"unknown class id {index} of '{key[:80]}'", json_files[0].name)
        names = tuple(labels.names[index] for index in class_ids)
        jobs.append(EditJob(key, by_stem[f"{image}_img"], source, target, names))
    return jobs


def fits(path: Path) -> bool:
    """Whether `path` looks like this format."""
    stems = [file.stem for file in files(path, ".png")]
    return any(s.endswith("_raw") for s in stems) and any(s.endswith("_edited") for s in stems)


def read(path: Path, reading: Reading) -> Annotations:
    """The pictures with their maps before any edit."""
    labels = labels_for(path, reading)
    by_stem = {file.stem: file for file in files(path, ".png")}
    pictures = []
    for stem, map_path in by_stem.items():
        if stem.endswith("_raw"):
            name = stem.removesuffix("_raw")
            image = by_stem.get(f"{name}_img")
            pictures.append(
                AnnotatedPicture(
                    flat_name(name, map_path.name),
                    partial(LabelMap.load, map_path, labels, reading.snap),
                    PictureFile.at(image) if image else None,
                )
            )
    names = [picture.name for picture in pictures]
    without = [s.removesuffix("_img") for s in by_stem if s.endswith("_img")]
    return Annotations(
        labels, tuple(pictures), tuple(name for name in without if name not in names)
    ).wanted_as(reading)
