"""CVAT's XML for images, as CVAT and datumaro 1.13.12 write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.scene import IMAGE, assert_scene, masks, runs, write, zipped
from pixelguide.annotations import check_annotations, read_annotations
from pixelguide.annotations.check import Hidden
from pixelguide.errors import InputError, SafetyError

LABELS = "".join(f"<label><name>{name}</name></label>" for name in ("skin", "hair", "mouth"))


def export(folder: Path, shapes: str, name: str = "annotations.xml") -> Path:
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta><task><labels>{LABELS}</labels></task></meta>"
        f'<image id="0" name="x.png" width="12" height="10">{shapes}</image></annotations>'
    )
    return write(folder, {name: text, "images/x.png": IMAGE})


def mask_elements(group: int = 0) -> str:
    found = ""
    for name, mask in masks().items():
        box = mask[1:, 2:]  # a box that is not the whole picture
        rle = ", ".join(map(str, runs(box, "C")))
        found += (
            f'<mask label="{name}" source="manual" occluded="0" rle="{rle}" left="2" top="1" '
            f'width="10" height="9" z_order="0" group_id="{group}"></mask>'
        )
    return found


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_masks(tmp_path: Path, kind: str) -> None:
    folder = export(tmp_path / "set", mask_elements(), "train.xml")
    assert_scene(zipped(folder, tmp_path / "x.zip") if kind == "zip" else folder, "cvat-xml")


def test_polygons_and_boxes_by_z_order(tmp_path: Path) -> None:
    shapes = (
        '<polygon label="mouth" points="4.0,6.0;8.0,6.0;8.0,8.0;4.0,8.0" z_order="3"></polygon>'
        '<box label="hair" xtl="2" ytl="1" xbr="10" ybr="4" z_order="2"></box>'
        '<polygon label="skin" points="2,2;10,2;10,9;2,9" z_order="1"></polygon>'
    )
    assert_scene(export(tmp_path, shapes), "cvat-xml")


def test_boxes_that_datumaro_keeps_beside_shapes_are_no_shapes(tmp_path: Path) -> None:
    box = '<box label="skin" xtl="2" ytl="1" xbr="10" ybr="9" z_order="0" group_id="4"></box>'
    assert_scene(export(tmp_path, mask_elements(4) + box), "cvat-xml")


def test_covered_shapes_are_told(tmp_path: Path) -> None:
    shapes = (
        '<box label="mouth" xtl="4" ytl="6" xbr="8" ybr="8"></box>'
        '<box label="skin" xtl="0" ytl="0" xbr="12" ybr="10"></box>'
    )
    report = check_annotations(read_annotations(export(tmp_path, shapes)))
    assert report.hidden_shapes == [Hidden("x", "mouth", "shape 1", 8)]


def test_pictures_without_shapes_have_no_map(tmp_path: Path) -> None:
    found = read_annotations(export(tmp_path, '<tag label="skin"></tag>'))
    assert (len(found), found.without_map) == (0, ("x",))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ('<polyline label="skin" points="1,1;2,2"></polyline>', "type 'polyline'.*Segmentation"),
        ('<polygon label="skin" points="1,1;2,2"></polygon>', "polygon of 2 points.*shape 1"),
        ('<polygon label="skin" points="1,1;2;3,3"></polygon>', "bad points"),
        ('<polygon label="skin" points="1,1;2,nan;3,3"></polygon>', "y is 'nan', not a number"),
        ('<box label="skin" xtl="1" ytl="1" xbr="4"></box>', "ybr is 'None'"),
        ('<box label="skin" xtl="1" ytl="1" xbr="4" ybr="4" rotation="9"></box>', "type 'box'"),
        ('<mask label="skin" rle="4" left="0" top="0" width="3" height="2"></mask>', "fill 3×2"),
        ('<mask label="skin" rle="a" left="0" top="0" width="3" height="2"></mask>', "no numbers"),
        ('<mask label="skin" rle="6" left="0" top="0" width="-3" height="-2"></mask>', "fill"),
        ('<box label="other" xtl="1" ytl="1" xbr="4" ybr="4"></box>', ""),
    ],
)
def test_shapes_that_are_none(tmp_path: Path, shapes: str, message: str) -> None:
    (found,) = read_annotations(export(tmp_path, shapes))
    if not message:
        assert (found.label_map().ids != 255).sum() == 9
        return
    with pytest.raises(InputError, match=message) as error:
        found.label_map()
    assert "annotations.xml, x" in error.value.where


def test_videos_and_other_xml(tmp_path: Path) -> None:
    folder = export(tmp_path, "")
    text = (folder / "annotations.xml").read_text()
    (folder / "annotations.xml").write_text(
        text.replace("<image ", '<track id="0"></track><image ')
    )
    with pytest.raises(InputError, match=r"tracks of a video.*Segmentation mask"):
        read_annotations(folder)
    (folder / "annotations.xml").write_text(text[:-9])
    with pytest.raises(InputError, match=r"damaged XML .*annotations\.xml"):
        read_annotations(folder)
    (folder / "annotations.xml").write_text(
        text.replace("<annotations>", "<!DOCTYPE a><annotations>")
    )
    with pytest.raises(SafetyError, match=r"document type.*annotations\.xml"):
        read_annotations(folder)
