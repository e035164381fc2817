"""Supervisely's projects, as supervisely 6.74.51 writes them."""

from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotations.scene import IMAGE, NAMES, assert_scene, masks, png, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError, SafetyError

META = {
    "classes": [
        {"title": name, "shape": "bitmap", "color": f"#{40 * i:02x}8000", "geometry_config": {}}
        for i, name in enumerate(NAMES[1:])
    ]
}


def packed(mask: np.ndarray, form: str = "palette") -> str:
    """A bitmap: a palette PNG whose entry 0 is transparent, deflated, in base64."""
    image = Image.fromarray(mask.astype(np.uint8))
    buffer = io.BytesIO()
    if form == "rgba":
        image = Image.fromarray(np.where(mask[..., None], 255, 0).repeat(4, -1).astype(np.uint8))
        image.save(buffer, "PNG")
    else:
        image.putpalette([0, 0, 0, 255, 255, 255])
        image.save(buffer, "PNG", transparency=0)
    return base64.b64encode(zlib.compress(buffer.getvalue())).decode()


def bitmap(name: str, mask: np.ndarray, form: str = "palette") -> dict[str, Any]:
    (top, left), (bottom, right) = (f(np.argwhere(mask), axis=0).tolist() for f in (np.min, np.max))
    data = packed(mask[top : bottom + 1, left : right + 1], form)
    return {
        "classTitle": name,
        "geometryType": "bitmap",
        "bitmap": {"data": data, "origin": [left, top]},
        "tags": [],
    }


def project(folder: Path, objects: list[Any]) -> Path:
    content = {"size": {"height": 10, "width": 12}, "tags": [], "objects": objects}
    return write(
        folder,
        {
            "meta.json": json.dumps(META),
            "ds0/ann/x.png.json": json.dumps(content),
            "ds0/img/x.png": IMAGE,
        },
    )


@pytest.mark.parametrize("form", ["palette", "rgba"])
def test_bitmaps(tmp_path: Path, form: str) -> None:
    folder = project(tmp_path, [bitmap(name, mask, form) for name, mask in masks().items()])
    found = assert_scene(folder, "supervisely")
    assert found.labels.palette[2] == (80, 128, 0)
    assert found.without_map == ()


def test_bitmaps_that_are_not_deflated(tmp_path: Path) -> None:
    own = bitmap("skin", masks()["skin"])
    own["bitmap"]["data"] = base64.b64encode(png(masks()["skin"][4:9, 2:10])).decode()
    (found,) = read_annotations(project(tmp_path, [own]))
    assert np.array_equal(found.label_map().ids == 0, masks()["skin"])


def test_corners_belong_to_shapes(tmp_path: Path) -> None:
    square = {"exterior": [[2, 2], [6, 2], [6, 5], [2, 5]], "interior": [[[3, 3], [4, 3], [4, 4]]]}
    polygon = {"classTitle": "skin", "geometryType": "polygon", "points": square}
    box = {
        "classTitle": "hair",
        "geometryType": "rectangle",
        "points": {"exterior": [[8, 0], [9, 2]]},
    }
    (found,) = read_annotations(project(tmp_path, [polygon, box]))
    ids = found.label_map().ids
    assert ((ids == 0).sum(), (ids == 1).sum()) == (5 * 4 - 3, 2 * 3)


@pytest.mark.parametrize(
    ("own", "error", "message"),
    [
        (
            {"geometryType": "point", "points": {"exterior": [[1, 1]]}},
            InputError,
            "'point' without",
        ),
        ({"geometryType": "polygon", "points": {"exterior": [[1, 1]]}}, InputError, "1 points"),
        ({"bitmap": {"data": "!", "origin": [0, 0]}}, InputError, "base64|readable"),
        ({"bitmap": {"data": "AAAA", "origin": [0, 0]}}, InputError, "not a readable picture"),
        (
            {
                "bitmap": {
                    "data": base64.b64encode(zlib.compress(bytes(2**27))).decode(),
                    "origin": [0, 0],
                }
            },
            SafetyError,
            "unpacks to more than 64 MiB",
        ),
    ],
)
def test_objects_that_are_none(
    tmp_path: Path, own: Any, error: type[Exception], message: str
) -> None:
    (found,) = read_annotations(project(tmp_path, [{"classTitle": "skin", **own}]))
    with pytest.raises(error, match=message):
        found.label_map()
