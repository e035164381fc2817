"""CVAT's zip: colours by `labelmap.txt`, whatever the PNGs' own palette says."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotations.datasets import IDS, WITHOUT, image_for, picture, sample, write_sample
from pixelguide.annotations import Annotations, read_annotations
from pixelguide.errors import InputError, SafetyError
from pixelguide.labels import LabelSet

LABELMAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:10,20,30::\n"
COLOURS = np.array([[[0, 0, 0], [10, 20, 30], [10, 20, 30]]], np.uint8)


def png(array: Any, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.quantize(4) if mode == "P" else image.convert(mode)).save(buffer, "PNG")
    return buffer.getvalue()


def write(folder: Path, members: dict[str, Any]) -> Path:
    path = folder / "task.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def export(folder: Path, **changes: Any) -> Path:
    members = {
        "labelmap": ("labelmap.txt", LABELMAP),
        "list": ("ImageSets/Segmentation/default.txt", "x\n"),
        "map": ("SegmentationClass/x.png", png(COLOURS)),
        "objects": ("SegmentationObject/x.png", png(COLOURS)),
    }
    members |= {name: (members.get(name, (name,))[0], value) for name, value in changes.items()}
    return write(folder, dict(members.values()))


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_the_colour_says_the_class(tmp_path: Path, mode: str) -> None:
    found = read_annotations(export(tmp_path, map=png(COLOURS, mode)))
    assert found.labels == LabelSet(("background", "car"), ((0, 0, 0), (10, 20, 30)))
    assert found.pictures[0].label_map().ids.tolist() == [[0, 1, 1]]
    assert found.pictures[0].image is None


def test_pictures_in_the_zip_and_lists(tmp_path: Path) -> None:
    path = export(tmp_path, list="x\nsub/y\n\n", **{"JPEGImages/x.jpg": png(COLOURS)})
    found = read_annotations(path)
    image = found.pictures[0].image
    assert image is not None
    assert np.array_equal(image(), COLOURS)
    assert found.without_map == ("sub_y",)


def test_what_is_written(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "cvat")
    with zipfile.ZipFile(path) as file:
        assert file.read("labelmap.txt").decode().splitlines() == [
            "# label:color_rgb:parts:actions",
            *("background:0,0,0::", "sky:0,0,255::", "house:200,30,30::"),
            "__ignore__:255,255,255::",
        ]
        assert file.read("ImageSets/Segmentation/default.txt") == b"one\ntwo\n"
        with Image.open(io.BytesIO(file.read("SegmentationClass/one.png"))) as image:
            assert (image.mode, image.getpixel((3, 0))) == ("RGB", (200, 30, 30))


def test_pixels_without_label_have_a_colour_of_their_own(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "cvat", sample(WITHOUT))  # white is a class there
    assert np.array_equal(read_annotations(path).pictures[0].label_map().ids, IDS)


@pytest.mark.parametrize("name", ["a:b", "#a", " a", "a\nb"])
def test_class_names_that_the_file_cannot_hold(tmp_path: Path, name: str) -> None:
    labels = LabelSet((name,), ((0, 0, 0),))
    ids = np.zeros((2, 2), np.uint8)
    data = Annotations(labels, (picture("x", ids, labels, image_for(ids)),))
    with pytest.raises(InputError, match=r"labelmap\.txt cannot hold"):
        write_sample(tmp_path, "cvat", data)


@pytest.mark.parametrize(
    "line",
    ["car", "car:1,2::", "car:1,2,3,4::", "car:a,b,c::", "background:1,1,1::", "background:::"],
)
def test_lines_that_name_no_class(tmp_path: Path, line: str) -> None:
    path = export(tmp_path, labelmap="background:0,0,0::\n" + line)
    with pytest.raises(InputError, match=r"task\.zip/labelmap\.txt"):
        read_annotations(path)


def test_colours_out_of_range_and_no_classes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\(1, 2, 300\)"):
        read_annotations(export(tmp_path, labelmap="car:1,2,300::"))
    with pytest.raises(InputError, match="0 classes"):
        read_annotations(export(tmp_path, labelmap="# nothing"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_annotations(export(tmp_path, labelmap=b"\xff\xfe"))
    with pytest.raises(InputError, match=r"labelmap\.txt is missing"):
        read_annotations(write(tmp_path, {"x": ""}), "cvat")


def test_maps_that_are_none(tmp_path: Path) -> None:
    odd = COLOURS + np.uint8(1)
    cases = {
        r"colour \(1, 1, 1\) is no class: 1 pixels": png(odd),
        "pixels of type RGBA": png(COLOURS, "RGBA"),
        "not a readable picture": b"hello",
        "damaged picture|not a readable": png(COLOURS)[:40],
    }
    for message, content in cases.items():
        (found,) = read_annotations(export(tmp_path, map=content))
        with pytest.raises(InputError, match=rf"({message}).*task\.zip/SegmentationClass/x\.png"):
            found.label_map()


def test_names_that_lead_out(tmp_path: Path) -> None:
    with pytest.raises(SafetyError, match="leads out"):
        read_annotations(write(tmp_path, {"labelmap.txt": LABELMAP, "../x.png": png(COLOURS)}))
    with pytest.raises(SafetyError, match="leads out"):
        read_annotations(export(tmp_path, list="../../x\n"))
