"""PASCAL VOC's folders as VOC, labelme and datumaro write them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotations.scene import COLOURS, IDS, IMAGE, NAMES, assert_scene, png, write, zipped
from pixelguide.annotations import read_annotations
from pixelguide.annotations.label_sets import distinct_palette
from pixelguide.annotations.voc import VOID
from pixelguide.errors import InputError

LABELMAP = "# label:color_rgb:parts:actions\n" + "".join(f"{name}:::\n" for name in NAMES)
META = '{"labels":["skin","hair","mouth"],"label_map":{"0":"background","1":"skin","2":"hair","3":"mouth"}}'  # noqa: E501


def palette_png(ids: np.ndarray) -> bytes:
    image = Image.fromarray(ids)
    table = np.zeros((256, 3), np.uint8)
    table[:4], table[255] = COLOURS, VOID
    image.putpalette(table.reshape(-1).tolist())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("top", ["", "VOCdevkit/VOC2012/"])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_datumaro_names_classes_without_colours(tmp_path: Path, kind: str, top: str) -> None:
    """datumaro 1.13.12, voc_segmentation: RGB in VOC's colours, `background:::` in labelmap.txt."""
    files = {
        f"{top}labelmap.txt": LABELMAP,
        f"{top}SegmentationClass/x.png": COLOURS[IDS],
        f"{top}SegmentationObject/x.png": COLOURS[IDS],
        f"{top}JPEGImages/x.png": IMAGE,
        f"{top}ImageSets/Segmentation/train.txt": "x\n",
    }
    folder = write(tmp_path / "set", files)
    assert_scene(zipped(folder, tmp_path / "x.zip") if kind == "zip" else folder, "cvat")


def test_datumaro_with_its_meta_file(tmp_path: Path) -> None:
    """datumaro 1.13.12 with save_dataset_meta=True: no labelmap.txt, background put first."""
    files = {
        "dataset_meta.json": META,
        "SegmentationClass/x.png": COLOURS[IDS],
        "JPEGImages/x.png": IMAGE,
    }
    assert_scene(write(tmp_path, files), "voc")


@pytest.mark.parametrize("maps", ["SegmentationClass", "SegmentationClassPNG"])
def test_labelmes_own_export(tmp_path: Path, maps: str) -> None:
    """labelme2voc.py of labelme 5.4.1 (PNG in SegmentationClassPNG) and of 5.5 on."""
    ids = IDS.copy()
    ids[0, 0] = 255  # __ignore__
    files = {
        "class_names.txt": "\n".join(NAMES),
        f"{maps}/x.png": palette_png(ids),
        "JPEGImages/x.png": IMAGE,
        "SegmentationClassVisualization/x.jpg": b"",
    }
    assert_scene(write(tmp_path, files), "voc", ids)


def test_vocs_own_classes_and_outlines(tmp_path: Path) -> None:
    ids = np.array([[0, 15, 255], [20, 15, 255]], np.uint8)
    table = np.zeros((256, 3), np.uint8)
    table[:21], table[255] = distinct_palette(21), VOID
    folder = write(tmp_path, {"SegmentationClass/x.png": table[ids], "JPEGImages/y.png": IMAGE})
    found = read_annotations(folder)
    assert found.labels.names[15] == "person"
    assert found.pictures[0].label_map().ids.tolist() == ids.tolist()
    assert found.without_map == ("y",)


def test_colours_decide_and_not_the_places_in_a_palette(tmp_path: Path) -> None:
    image = Image.fromarray(COLOURS[IDS]).quantize(4)  # any order of entries
    files = {"class_names.txt": "\n".join(NAMES), "JPEGImages/x.png": IMAGE}
    write(tmp_path, files | {"SegmentationClass/x.png": png(np.zeros((1, 1), np.uint8))})
    image.save(tmp_path / "SegmentationClass" / "x.png")
    assert_scene(tmp_path, "voc")


def test_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no maps in SegmentationClass"):
        read_annotations(tmp_path, "voc")
    write(tmp_path, {"SegmentationClass/x.png": np.full((2, 2, 3), 7, np.uint8)})
    with pytest.raises(InputError, match=r"colour \(7, 7, 7\) is no class.*x\.png"):
        read_annotations(tmp_path).pictures[0].label_map()
