"""Plain pairs of a picture and a label PNG, in two parallel folders or side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pixelguide.annotations.class_names import labels_in
from pixelguide.annotations.folders import LABELS_JSON, files
from pixelguide.annotations.naming import Reading
from pixelguide.annotations.native import paired
from pixelguide.annotations.types import Annotations, LoadedPicture
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelSet

IMAGE_FOLDERS = ("images", "image", "imgs", "img")
MAP_FOLDERS = ("labels", "label", "masks", "mask", "annotations")
MAP_SUFFIXES = ("_label", "_mask")


def fits(path: Path, images: Path | None = None) -> bool:
    """Whether `path` looks like this format (and is not pixelguide's own layout). images: where the
    pictures lie, if they are not there."""
    return bool(_layouts(path, images))


def read(path: Path, reading: Reading) -> Annotations:
    """All maps with their pictures. The classes are those of `labels.json` or of `reading`."""
    layouts = _layouts(path, reading.how.images)
    if len(layouts) != 1:
        found = ", ".join(f"{m.name}/*{s}.png" for _, m, s in layouts) or "none"
        raise InputError(
            f"not one kind of label maps but {len(layouts)} ({found})",
            str(path),
            "Expected images/ with labels/ or masks/, or NAME.png with NAME_mask.png.",
        )
    maps = layouts[0][1]
    return paired(*layouts[0], labels_for(path, reading, beside=(maps,)), reading)


def labels_for(
    path: Path, reading: Reading, guess: LabelSet | None = None, beside: tuple[Path, ...] = ()
) -> LabelSet:
    """The classes of maps whose format does not name them: those that a file beside them names, or
    in the folders `beside`; InputError if nothing tells."""
    labels = reading.own_labels or labels_in(path, *beside) or reading.labels or guess
    if labels is None:
        raise InputError(
            "the names of the classes are missing",
            str(path),
            "Name a label set (--labels ffhq_34, --labels FILE.json) or add labels.json.",
        )
    return labels


def write(folder: Path, labels: LabelSet, pictures: Iterable[LoadedPicture]) -> None:
    """Write `images/NAME.png` and `labels/NAME.png`, then `labels.json`."""
    for picture in pictures:
        if picture.image is not None:
            save_png(folder / "images" / f"{picture.name}.png", picture.image)
        picture.label_map.save(folder / "labels" / f"{picture.name}.png")
    write_atomically(folder / LABELS_JSON, labels.to_json().encode())


def _layouts(path: Path, elsewhere: Path | None = None) -> list[tuple[Path, Path, str]]:
    """(images, maps, suffix of the maps' stems) of every layout that is there."""
    images = [path / name for name in IMAGE_FOLDERS if (path / name).is_dir()]
    if elsewhere is not None:
        images = [elsewhere]
    maps = [path / name for name in MAP_FOLDERS if files(path / name, ".png")]
    found = []
    for map_folder in maps if images else []:
        stems = [map_path.stem for map_path in files(map_folder, ".png")]
        suffix = next((s for s in MAP_SUFFIXES if all(m.endswith(s) for m in stems)), "")
        found.append((images[0], map_folder, suffix))
    stems = [map_path.stem for map_path in files(path, ".png")]
    if elsewhere is not None and not found and not any(s.endswith(MAP_SUFFIXES) for s in stems):
        return [(elsewhere, path, "")] if stems else []
    for suffix in MAP_SUFFIXES:
        own_layout = suffix == "_label" and (path / LABELS_JSON).is_file()
        if not own_layout and any(stem.endswith(suffix) for stem in stems):
            found.append((path, path, suffix))
    return found
