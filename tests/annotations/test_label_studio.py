"""Label Studio's JSON and JSON-MIN, brushes by the packing of label-studio-sdk 2.1.2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotations.scene import IMAGE, NAMES, assert_scene, masks, write
from annotations.test_brush import packed
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError


def region(kind: str, name: str, **value: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "type": kind,
        "from_name": "tag",
        "to_name": "image",
        "original_width": 12,
        "original_height": 10,
        "image_rotation": 0,
        "value": {**value, kind: [name]},
    }


def brushes() -> list[dict[str, Any]]:
    return [
        region("brushlabels", name, format="rle", rle=packed(mask))
        for name, mask in masks().items()
    ]


def export(folder: Path, *results: Any, image: str = "/data/upload/1/1f2e3d4c-x.png") -> Path:
    task = {
        "id": 1,
        "annotations": [
            {"id": i, "was_cancelled": False, "result": r} for i, r in enumerate(results)
        ],
        "data": {"image": image},
    }
    return write(folder, {"project.json": json.dumps([task]), "images/x.png": IMAGE})


def test_brushes(tmp_path: Path) -> None:
    folder = export(tmp_path, brushes(), image="/data/local-files/?d=images/x.png")
    assert_scene(folder, "label-studio")


def test_brushes_of_an_upload(tmp_path: Path) -> None:
    folder = export(tmp_path, brushes())
    (found,) = read_annotations(folder)
    assert found.name == "1f2e3d4c-x"
    assert found.image is not None


def test_polygons_and_rectangles_are_in_percent(tmp_path: Path) -> None:
    def percent(*corners: tuple[float, float]) -> list[list[float]]:
        return [[x * 100 / 12, y * 10] for x, y in corners]

    regions = [
        region("polygonlabels", "skin", points=percent((2, 2), (10, 2), (10, 9), (2, 9))),
        region(
            *("rectanglelabels", "hair"),
            **{"x": 200 / 12, "y": 10, "width": 800 / 12, "height": 30, "rotation": 0},
        ),
        region("polygonlabels", "mouth", points=percent((4, 6), (8, 6), (8, 8), (4, 8))),
    ]
    assert_scene(export(tmp_path, regions, image="images/x.png"), "label-studio")


def test_json_min(tmp_path: Path) -> None:
    flat = [{**own["value"], "original_width": 12, "original_height": 10} for own in brushes()]
    task = {"image": "images/x.png", "id": 1, "tag": flat, "annotator": 1}
    assert_scene(
        write(tmp_path, {"min.json": json.dumps([task]), "images/x.png": IMAGE}), "label-studio"
    )


def test_cancelled_annotations_do_not_count_and_two_are_refused(tmp_path: Path) -> None:
    folder = export(tmp_path, brushes(), brushes()[:1])
    with pytest.raises(InputError, match=r"2 annotations of one picture, project\.json, task 1"):
        read_annotations(folder).pictures[0].label_map()
    content = json.loads((folder / "project.json").read_text())
    content[0]["annotations"][1]["was_cancelled"] = True
    (folder / "project.json").write_text(json.dumps(content))
    assert read_annotations(folder).pictures[0].label_map().present() == NAMES[1:]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (region("brushlabels", "skin", rle=[1, 2, 3]), "brush strokes that are not 12×10 pixels"),
        (region("brushlabels", "skin", rle=[300]), "region 1 is not what|brush strokes"),
        (region("polygonlabels", "skin", points=[[1, 1], [2, 2]]), "polygon of 2 points"),
        (region("rectanglelabels", "skin", x=1, y=1, width=5, height=5, rotation=9), "upright"),
        (region("rectanglelabels", "skin", x=1), "no brush, polygon"),
        (region("brushlabels", "skin") | {"original_width": 10**9}, "40 MP"),
        (region("brushlabels", "skin") | {"original_width": None}, "region 1 is not what"),
    ],
)
def test_regions_that_are_none(tmp_path: Path, own: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_annotations(export(tmp_path, [own])).pictures[0].label_map()


def test_a_region_of_two_labels_is_refused(tmp_path: Path) -> None:
    own = region("brushlabels", "skin", rle=packed(np.ones((10, 12), bool)))
    own["value"]["brushlabels"].append("hair")
    with pytest.raises(InputError, match="region 1 has 2 labels"):
        read_annotations(export(tmp_path, [own])).pictures[0].label_map()
