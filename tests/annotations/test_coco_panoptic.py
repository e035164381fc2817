"""COCO panoptic: ids of segments are no ids of classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotations.scene import IDS, IMAGE, NAMES, assert_scene, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

SEGMENTS = np.array([0, 70_000, 3, 258])  # of each class; the background has none


def export(folder: Path, **changes: Any) -> Path:
    """The form of datumaro 1.13.12 (coco_panoptic) and of COCO itself."""
    numbers = SEGMENTS[IDS]
    content = {
        "images": [{"id": 1, "width": 12, "height": 10, "file_name": "x.png"}],
        "categories": [{"id": i, "name": n, "isthing": 0} for i, n in enumerate(NAMES[1:], 1)],
        "annotations": [
            {
                "image_id": 1,
                "file_name": "x.png",
                "segments_info": [
                    {"id": int(SEGMENTS[i]), "category_id": i, "area": 1, "iscrowd": 0}
                    for i in (1, 2, 3)
                ],
            }
        ],
    } | changes
    colours = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=-1)
    files = {
        "annotations/panoptic_train.json": json.dumps(content),
        "annotations/panoptic_train/x.png": colours.astype(np.uint8),
        "images/train/x.png": IMAGE,
    }
    return write(folder, files)


def test_segments_become_classes(tmp_path: Path) -> None:
    found = assert_scene(export(tmp_path), "coco-panoptic")
    assert found.labels.names == NAMES[1:], "0 is no label"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": []}, "unknown image 1"),
        ({"categories": [{"id": 1, "name": "skin"}]}, "unknown category [23]"),
        (
            {"annotations": [{"image_id": 1, "file_name": "x.png", "segments_info": []}]},
            r"segment \d+ is not in panoptic_train\.json, x\.png",
        ),
        (
            {"annotations": [{"image_id": 1, "file_name": "y.png", "segments_info": []}]},
            r"no such file, annotations/panoptic_train/y\.png",
        ),
    ],
)
def test_what_does_not_add_up(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_annotations(export(tmp_path, **changes)).pictures[0].label_map()
