"""CamVid as datumaro 1.13.12 writes it, and as SegNet's tutorial has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.scene import COLOURS, IDS, IMAGE, NAMES, assert_scene, write, zipped
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet

CHOSEN = np.array([(0, 0, 0), (200, 100, 50), (0, 0, 255), (255, 0, 0)], np.uint8)
LISTS = {
    "all, no colours": " background\n skin\n hair\n mouth\n",
    "without background": " skin\n hair\n mouth\n",
    "colours": "200 100 50 skin\n0 0 255 hair\n255 0 0 mouth\n",
}


@pytest.mark.parametrize("classes", LISTS)
@pytest.mark.parametrize("kind", ["folder", "zip", "zip with a folder"])
def test_datumaro(tmp_path: Path, classes: str, kind: str) -> None:
    """Masks are RGB, and background is black also where label_colors.txt does not name it."""
    colours = CHOSEN if classes == "colours" else COLOURS
    files = {
        "label_colors.txt": LISTS[classes],
        "train/x.png": IMAGE,
        "trainannot/x.png": colours[IDS],
        "train.txt": "/train/x.png trainannot/x.png\n",
    }
    path = write(tmp_path / "set", files)
    if kind != "folder":
        path = zipped(path, tmp_path / "x.zip", "top/" if "folder" in kind else "")
    assert_scene(path, "camvid")


def test_background_comes_first_wherever_the_meta_file_names_it(tmp_path: Path) -> None:
    files = {
        "dataset_meta.json": '{"labels": ["skin", "background", "hair", "mouth"]}',
        "train/deep/x.png": IMAGE,
        "trainannot/deep/x.png": COLOURS[IDS],
    }
    assert_scene(write(tmp_path, files), "camvid")


def test_grey_maps_are_ids(tmp_path: Path) -> None:
    folder = write(tmp_path, {"val/x.png": IMAGE, "valannot/x.png": IDS})
    with pytest.raises(InputError, match=r"label_colors\.txt is missing.*--labels"):
        read_annotations(folder)
    labels = LabelSet(NAMES, tuple((i, i, i) for i in range(4)))
    (found,) = read_annotations(folder, labels=labels)
    assert found.label_map().ids.tolist() == IDS.tolist()
    (folder / "label_colors.txt").write_text("9 9 9 a\n8 8 8 b\n7 7 7 c\n6 6 6 d\n")
    (found,) = read_annotations(folder)
    assert found.label_map().ids.tolist() == IDS.tolist()
