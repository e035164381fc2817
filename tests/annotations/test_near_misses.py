"""What nearly fits is told, with what to do about it."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 6}],
    "categories": [{"id": 1, "name": "a"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": []}],
}


def message(path: Path) -> str:
    with pytest.raises(InputError, match="no annotations of a known format") as error:
        read_annotations(path)
    assert len(str(error.value).splitlines()) == 1
    return error.value.hint


def test_json_that_is_not_utf8(tmp_path: Path) -> None:
    text = json.dumps(COCO | {"info": "é"}, ensure_ascii=False)
    (tmp_path / "a.json").write_bytes(text.encode("latin-1"))
    assert message(tmp_path) == "a.json: not UTF-8 text. Save it as UTF-8."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"images": [COCO["images"][0] | {"id": "a1"}]}, "id of image 1 is 'a1': ids .* numbers"),
        (
            {"annotations": [{"image_id": "one", "category_id": 1}]},
            "image_id of annotation 1 is 'one'",
        ),
        ({"images": [{"id": 1, "file_name": "a.jpg"}]}, "image 1 has no height"),
        ({"categories": {}}, "its categories are no list"),
    ],
)
def test_coco_that_is_nearly_right(tmp_path: Path, changes: Any, told: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(COCO | changes))
    hint = message(tmp_path)
    assert "looks like COCO, but" in hint
    assert re.search(told, hint), hint


def test_labelme_that_is_nearly_right(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"shapes": [{"points": []}]}))
    assert "looks like labelme, but shape 1 has no label" in message(tmp_path)


def test_json_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(COCO)[:-9])
    assert "a.json is no JSON: it may be cut off" in message(tmp_path)


@pytest.mark.parametrize("name", ["labels/a.jpg", "masks/a.jpeg", "a_mask.webp", "masks/a.bmp"])
def test_maps_that_are_no_png(tmp_path: Path, name: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / name)
    assert f"{name} is no PNG: maps must be PNG" in message(tmp_path)


def test_a_folder_too_high_or_a_file_too_deep(tmp_path: Path) -> None:
    (tmp_path / "set" / "maps").mkdir(parents=True)
    (tmp_path / "set" / "maps" / "a.xyz").write_text("")
    assert message(tmp_path) == "Name the folder with the annotations: set."
    assert message(tmp_path / "set" / "maps" / "a.xyz") == "Name the folder that it lies in."


def test_a_zip_among_others(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "task.zip", "w") as archive:
        archive.writestr("a", "")
    (tmp_path / "readme.txt").write_text("")
    assert message(tmp_path) == "There is a zip file, task.zip: name it."


def test_maps_without_a_folder_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / "masks" / "a.png")
    assert "call it images/" in message(tmp_path)
