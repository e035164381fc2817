"""Names of classes beside the maps decide, whatever order a label set has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelguide.annotations import read_annotations
from pixelguide.annotations.class_names import labels_in
from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import LabelSet

IDS = np.array([[0, 1, 1], [2, 2, 255]], np.uint8)
OTHER_ORDER = LabelSet(("background", "skin", "hair"), ((0, 0, 0), (9, 0, 0), (0, 9, 0)))

FILES = {
    # Roboflow, "Semantic Segmentation Masks": a space after each comma, bytes as exported
    "_classes.csv": "Pixel Value, Class\n0, background\n1, hair\n2, skin\n",
    # datumaro 1.13.12 with save_dataset_meta=True, without and with colours
    "dataset_meta.json": '{"labels": ["background", "hair", "skin"]}',
    "dataset_meta.json ": '{"labels": ["skin", "background", "hair"], "label_map": {"0": '
    '"background", "1": "hair", "2": "skin"}, "segmentation_colors": [[1,2,3],[4,5,6],[7,8,9]]}',
    # labelme's labelme2voc.py
    "class_names.txt": "__ignore__\nbackground\nhair\nskin\n",
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("layout", ["beside", "folders"])
def test_names_beside_masks_decide(tmp_path: Path, file: str, layout: str) -> None:
    masks = tmp_path / "masks" if layout == "folders" else tmp_path
    images = tmp_path / "images" if layout == "folders" else tmp_path
    save_png(images / "x.png", np.zeros((2, 3, 3), np.uint8))
    save_png(masks / ("x_mask.png" if layout == "beside" else "x.png"), IDS)
    (masks / file.strip()).write_bytes(b"\xef\xbb\xbf" + FILES[file].encode())
    assert read_annotations(tmp_path).labels.names == ("background", "hair", "skin")
    (found,) = read_annotations(tmp_path, labels=OTHER_ORDER)
    assert found.label_map().ids.tolist() == [[0, 2, 2], [1, 1, 255]]


def test_colours_are_those_of_the_file_if_it_has_them(tmp_path: Path) -> None:
    (tmp_path / "dataset_meta.json").write_text(FILES["dataset_meta.json "])
    labels = labels_in(tmp_path)
    assert labels is not None
    assert labels.palette == ((1, 2, 3), (4, 5, 6), (7, 8, 9))


def test_ids_may_leave_gaps(tmp_path: Path) -> None:
    (tmp_path / "_classes.csv").write_text("Pixel Value, Class\n0, sky\n3, house\n255, nothing\n")
    labels = labels_in(tmp_path)
    assert labels is not None
    assert (labels.id("sky"), labels.id("house"), len(labels)) == (0, 3, 4)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("_classes.csv", "Pixel Value, Class\nx, sky\n"),
        ("_classes.csv", "Pixel Value, Class\n"),
        ("_classes.csv", "Pixel Value, Class\n0, a\n1, a\n"),
        ("_classes.csv", "Pixel Value, Class\n-1, a\n"),
        ("dataset_meta.json", "{}"),
        ("dataset_meta.json", '{"labels": 3}'),
        ("dataset_meta.json", '{"label_map": {"x": "a"}}'),
        ("class_names.txt", ""),
        ("labels.json", "{"),
    ],
)
def test_files_that_name_nothing(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=file):
        labels_in(tmp_path)
    (tmp_path / file).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        labels_in(tmp_path)
