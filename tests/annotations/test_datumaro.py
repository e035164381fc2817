"""datumaro's own JSON, version 1.13.12."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotations.scene import IMAGE, NAMES, assert_scene, masks, runs, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError


def compressed(counts: list[int]) -> str:
    """COCO's text form of run lengths, for the test's own bytes."""
    text = ""
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            piece, value = value & 31, value >> 5
            more = value != (-1 if piece & 16 else 0)
            text += chr(48 + (piece | (32 if more else 0)))
            if not more:
                break
    return text


def mask_annotations() -> list[dict[str, Any]]:
    return [
        {
            "id": index,
            "type": "mask",
            "attributes": {},
            "group": index,
            "label_id": NAMES.index(name),
            "rle": {"counts": compressed(runs(mask, "F")), "size": [10, 12]},
            "z_order": 0,
        }
        for index, (name, mask) in enumerate(masks().items(), 1)
    ]


def export(folder: Path, annotations: list[Any], **changes: Any) -> Path:
    labels = [{"name": name, "parent": "", "attributes": []} for name in NAMES]
    item = {
        "id": "x",
        "annotations": annotations,
        "image": {"path": "x.png", "size": [10, 12]},
    } | changes
    content = {
        "dm_format_version": "1.0",
        "media_type": 2,
        "infos": {},
        "categories": {"label": {"labels": labels, "label_groups": [], "attributes": []}},
        "items": [item],
    }
    files = {"annotations/train.json": json.dumps(content), "images/train/x.png": IMAGE}
    return write(folder, files)


def test_masks(tmp_path: Path) -> None:
    assert_scene(export(tmp_path, mask_annotations()), "datumaro")


def test_polygons_by_z_order(tmp_path: Path) -> None:
    corners = {
        1: [2, 2, 10, 2, 10, 9, 2, 9],
        2: [2, 1, 10, 1, 10, 4, 2, 4],
        3: [4, 6, 8, 6, 8, 8, 4, 8],
    }
    polygons = [
        {"type": "polygon", "label_id": label, "points": points, "z_order": label, "group": label}
        for label, points in reversed(corners.items())
    ]
    box = {"type": "bbox", "label_id": 3, "bbox": [0, 0, 12, 10], "z_order": 9, "group": 3}
    assert_scene(export(tmp_path, [*polygons, box]), "datumaro")


def test_two_subsets_are_one_set(tmp_path: Path) -> None:
    folder = export(tmp_path, mask_annotations())
    text = (folder / "annotations" / "train.json").read_text()
    (folder / "annotations" / "val.json").write_text(text.replace('"id": "x"', '"id": "y"'))
    assert [picture.name for picture in read_annotations(folder)] == ["x", "y"]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"type": "bbox", "label_id": 1, "bbox": [0, 0, 4, 4]}, "annotation 1 is a bbox without"),
        ({"type": "mask", "label_id": 9, "rle": {"counts": "0", "size": [10, 12]}}, "known label"),
        ({"type": "mask", "label_id": 1, "rle": {"counts": "0", "size": [10, 12]}}, "sum up to 0"),
        ({"type": "mask", "label_id": 1, "rle": {"counts": "0", "size": [1, 1]}}, "a mask of"),
        ({"type": "polygon", "label_id": 1, "points": [1, 1, 2, 2]}, "polygon of 4 coordinates"),
    ],
)
def test_annotations_that_are_none(tmp_path: Path, annotation: Any, message: str) -> None:
    (found,) = read_annotations(export(tmp_path, [annotation]))
    with pytest.raises(InputError, match=message):
        found.label_map()


def test_without_annotations_or_size(tmp_path: Path) -> None:
    assert read_annotations(export(tmp_path, [])).without_map == ("x",)
    polygon = {"type": "polygon", "label_id": 1, "points": [1, 1, 2, 2, 3, 1]}
    (found,) = read_annotations(export(tmp_path, [polygon], image=None))
    with pytest.raises(InputError, match="no size of the picture"):
        found.label_map()
    assert np.array_equal(IMAGE, found.image()) if found.image else False
