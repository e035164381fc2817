"""Cityscapes' and KITTI's id maps, their own and those that datumaro 1.13.12 writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.scene import IDS, IMAGE, assert_scene, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

LISTS = {
    "label_colors.txt": " background\n skin\n hair\n mouth\n",
    "label_colors.txt ": " skin\n hair\n mouth\n",  # background is 0 all the same
    "dataset_meta.json": '{"labels": ["skin", "background", "hair", "mouth"]}',  # here too
}


@pytest.mark.parametrize("classes", LISTS)
@pytest.mark.parametrize("top", ["", "export/"])
def test_cityscapes_of_datumaro(tmp_path: Path, classes: str, top: str) -> None:
    files = {
        f"{top}{classes.strip()}": LISTS[classes],
        f"{top}gtFine/train/x_gtFine_labelIds.png": IDS,
        f"{top}gtFine/train/x_gtFine_instanceIds.png": IDS.astype(np.uint16),
        f"{top}gtFine/train/x_gtFine_color.png": np.zeros((10, 12, 3), np.uint8),
        f"{top}leftImg8bit/train/x_leftImg8bit.png": IMAGE,
    }
    assert_scene(write(tmp_path, files), "cityscapes")


def test_cityscapes_own_classes(tmp_path: Path) -> None:
    ids = np.array([[24, 26, 255], [0, 33, 7]], np.uint8)
    name = "aachen_000000_000019"
    files = {
        f"gtFine/train/aachen/{name}_gtFine_labelIds.png": ids,
        f"leftImg8bit/train/aachen/{name}_leftImg8bit.png": np.zeros((2, 3, 3), np.uint8),
    }
    found = read_annotations(write(tmp_path, files))
    loaded = found.pictures[0].load()
    assert loaded.image is not None
    assert loaded.label_map.ids.tolist() == ids.tolist()
    assert [found.labels.names[i] for i in (24, 26, 33, 7)] == ["person", "car", "bicycle", "road"]


def kitti(folder: Path, classes: str, ids: np.ndarray, instances: np.ndarray | None) -> Path:
    files = {
        "label_colors.txt": "".join(f" {name}\n" for name in classes.split()),
        "train/image_2/x.png": IMAGE,
        "train/semantic/x.png": ids.astype(np.uint16),  # 16 bits
        "train/semantic_rgb/x.png": np.zeros((10, 12, 3), np.uint8),
    }
    if instances is not None:
        files["train/instance/x.png"] = instances.astype(np.uint16)
    return write(folder, files)


def test_kitti_of_datumaro(tmp_path: Path) -> None:
    folder = kitti(tmp_path, "background skin hair mouth", IDS, None)
    assert_scene(folder, "kitti")


def test_kitti_in_which_0_is_a_class_and_no_label(tmp_path: Path) -> None:
    """Without a class background datumaro writes 0 for the first class, and for what has none."""
    semantic = np.where(IDS > 0, IDS.astype(int) - 1, 0)
    instances = np.where(IDS > 0, 256 * (IDS.astype(int) - 1) + 1, 0)
    folder = kitti(tmp_path / "told", "skin hair mouth", semantic, instances)
    assert_scene(folder, "kitti")
    folder = kitti(tmp_path / "not", "skin hair mouth", semantic, None)
    with pytest.raises(InputError, match=r"0 may be 'skin' or no label, x\.png"):
        read_annotations(folder).pictures[0].label_map()


def test_ids_beyond_255_are_named(tmp_path: Path) -> None:
    folder = kitti(tmp_path, "background skin hair", np.where(IDS == 3, 300, IDS.astype(int)), None)
    with pytest.raises(InputError, match=r"unknown class id 300 on 8 pixels, first at \(4, 6\)"):
        read_annotations(folder).pictures[0].label_map()
