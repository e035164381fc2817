"""ISAT's own JSON (isat-sam 1.5.2): layers, not the order in the file, say what lies above."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotations.scene import IMAGE, assert_scene, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

SHAPES = {
    "mouth": ([[4, 6], [8, 6], [8, 8], [4, 8]], 3.0),
    "hair": ([[2, 1], [10, 1], [10, 4], [2, 4]], 2.0),
    "skin": ([[2, 2], [10, 2], [10, 9], [2, 9]], 1.0),
}


def export(folder: Path) -> Path:
    info = {"description": "ISAT", "folder": "", "name": "x.png", "width": 12, "height": 10}
    objects = [
        {
            "category": name,
            "group": 1,
            "segmentation": points,
            "area": 1.0,
            "layer": layer,
            "bbox": [0, 0, 1, 1],
            "iscrowd": False,
            "note": "",
        }
        for name, (points, layer) in SHAPES.items()
    ]
    content = {"info": info, "objects": objects}
    return write(folder, {"x.json": json.dumps(content), "x.png": IMAGE})


def test_layers(tmp_path: Path) -> None:
    assert_scene(export(tmp_path), "isat")


def test_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file of ISAT's"):
        read_annotations(tmp_path, "isat")
    folder = export(tmp_path)
    text = (folder / "x.json").read_text()
    (folder / "x.json").write_text(text.replace("[[4, 6], [8, 6], [8, 8], [4, 8]]", "[[4, 6]]"))
    with pytest.raises(InputError, match=r"object 1 of 1 points, x\.json"):
        read_annotations(folder).pictures[0].label_map()
