"""One small picture with its map, to be written by tests in the form of each tool."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelguide.annotations import Annotations, detect_format, read_annotations
from pixelguide.annotations.label_sets import distinct_palette

NAMES = ("background", "skin", "hair", "mouth")
IDS = np.zeros((10, 12), np.uint8)
IDS[2:9, 2:10] = 1
IDS[1:4, 2:10] = 2
IDS[6:8, 4:8] = 3
IMAGE = np.random.default_rng(7).integers(0, 256, (10, 12, 3), np.uint8)
COLOURS = np.array(distinct_palette(4), np.uint8)
"""PASCAL VOC's, which tools use where nobody chose any."""

Content = bytes | str | np.ndarray[Any, Any]


def png(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def write(folder: Path, files: dict[str, Content]) -> Path:
    """Files by their names: arrays as PNG."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            content = png(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    """The files of `folder` as a zip, in one folder more if `top` is one."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, top + file.relative_to(folder).as_posix())
    return path


def assert_scene(
    path: Path, format: str, ids: np.ndarray[Any, Any] = IDS, *, image: bool = True
) -> Annotations:
    """Whether the format is told, and `x` has the map `ids`, by the names of the classes; pixels
    whose class `path` does not name are without a label."""
    assert detect_format(path) == format
    found = read_annotations(path)
    (own,) = (picture for picture in found if picture.name == "x")
    loaded = own.load()
    wanted = np.full(ids.shape, 255, np.uint8)
    for index, name in enumerate(NAMES):
        if name in found.labels.names:
            wanted[ids == index] = found.labels.id(name)
    assert loaded.label_map.ids.tolist() == wanted.tolist()
    assert not image or (loaded.image is not None and np.array_equal(loaded.image, IMAGE))
    return found


def masks() -> dict[str, np.ndarray[Any, Any]]:
    """bool H×W of each class but the background."""
    return {name: index == IDS for index, name in enumerate(NAMES) if index}


def runs(mask: np.ndarray[Any, Any], order: str) -> list[int]:
    """Run lengths of zeros first; order: "F" by columns (COCO), "C" by rows (CVAT)."""
    flat = mask.reshape(-1, order=order)  # type: ignore[call-overload]
    ends = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    return ([0] if flat[0] else []) + np.diff(ends).tolist()
