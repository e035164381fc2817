"""Edits that the names of files in a folder tell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.errors import InputError
from pixelguide.files import is_hidden
from pixelguide.images import SUFFIXES
from pixelguide.label_set import LabelSet

EDITED = "_edited"
"""Ending of maps that were repainted: NAME_edited.png, NAME_PART_edited.png."""
BEFORE = ("_raw", "_label", "_mask")
"""Endings of maps before painting."""
_IMAGE = "_img"  # of pictures, as the authors name them
_MAP_FOLDERS = ("maps", "edited", "labels", "masks")
_HINT = "Expected NAME.png with NAME_edited.png, or images/NAME.png with maps/NAME.png."


def read_pairs(folder: Path, labels: LabelSet) -> list[BatchEdit]:
    """The edits of a folder: pictures with repainted maps.

    Beside each other: NAME.* and NAME_edited.png or NAME_PART_edited.png, as many as there are; a
    map before painting is NAME_label.png, NAME_mask.png or NAME_raw.png. As the authors of the
    method have it, pictures are NAME_img.png and a JSON file names each map's classes by ids. Or in
    folders: images/ with maps/ (or edited/, labels/, masks/), by stem or with `_edited`.
    Raises InputError where nothing of that is there, or a map is without its picture.
    """
    if (folder / "images").is_dir():
        return _parallel(folder)
    by_stem = {path.stem: path for path in _pictures(folder)}
    maps = {stem: path for stem, path in by_stem.items() if stem.endswith(EDITED)}
    classes = _authors_classes(folder, labels) if maps else {}
    edits = []
    for stem, path in maps.items():
        name = _picture_of(stem, by_stem)
        if name is None:
            raise InputError("a map without its picture", str(path), _HINT)
        before = next((by_stem[name + end] for end in BEFORE if name + end in by_stem), None)
        edits.append(
            BatchEdit(
                image=by_stem.get(name + _IMAGE) or by_stem[name],
                map=path,
                source_map=before,
                classes=classes.get(stem),
                name=stem.removesuffix(EDITED),
            )
        )
    if not edits:
        raise InputError("no pictures with maps", str(folder), f"{_HINT} Or give --edit.")
    return edits


def scripted_pairs(folder: Path, edits: Sequence[str]) -> list[BatchEdit]:
    """Each picture of a folder with each of the scripted `edits`. Maps among them (by the endings
    of `read_pairs`) are left out. Raises InputError for a folder without pictures."""
    ours = (EDITED, *BEFORE)
    pictures = [path for path in _pictures(folder) if not path.stem.endswith(ours)]
    if not pictures:
        raise InputError("no pictures", str(folder), "Give a folder of pictures.")
    return [BatchEdit(image=path, edit=edit) for path in pictures for edit in edits]


def _parallel(folder: Path) -> list[BatchEdit]:
    found = [folder / name for name in _MAP_FOLDERS if (folder / name).is_dir()]
    if len(found) != 1:
        raise InputError(f"{len(found)} folders of maps beside images/", str(folder), _HINT)
    pictures = {path.stem: path for path in _pictures(folder / "images")}
    edits = []
    for path in _pictures(found[0]):
        image = pictures.get(path.stem) or pictures.get(path.stem.removesuffix(EDITED))
        if image is None:
            raise InputError("a map without its picture", str(path), _HINT)
        edits.append(BatchEdit(image=image, map=path, name=path.stem))
    if not edits:
        raise InputError("no maps", str(found[0]), _HINT)
    return edits


def _pictures(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot read ({error.strerror})", str(folder), "Check it.") from None
    return [p for p in paths if p.suffix.lower() in (*SUFFIXES, ".ora") and not is_hidden(p.name)]


def _picture_of(stem: str, by_stem: dict[str, Path]) -> str | None:
    """The longest beginning of a map's name that a picture has."""
    name = stem.removesuffix(EDITED)
    while name:
        if name in by_stem or name + _IMAGE in by_stem:
            return name
        name = name.rpartition("_")[0]
    return None


def _authors_classes(folder: Path, labels: LabelSet) -> dict[str, tuple[str, ...]]:
    """Names of the edited classes by the map's stem, if a JSON file of the folder has their ids."""
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            continue
        if not isinstance(content, dict) or not all(key.endswith(EDITED) for key in content):
            continue
        named = {}
        for key, ids in content.items():
            if not isinstance(ids, list) or not all(
                isinstance(i, int) and 0 <= i < len(labels) for i in ids
            ):
                hint = f"Ids run from 0 to {len(labels) - 1}."
                raise InputError(f"no class ids of '{key[:80]}'", str(path), hint)
            named[key] = tuple(labels.names[i] for i in ids)
        return named
    return {}
