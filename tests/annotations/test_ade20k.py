"""ADE20K's scene parsing: the numbers of classes start at 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.scene import IDS, IMAGE, assert_scene, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

TABLE = "Idx\tRatio\tTrain\tVal\tStuff\tName\n" + "".join(
    f"{number}\t0.1\t9\t9\t1\t{name}\n" for number, name in enumerate(("skin", "hair", "mouth"), 1)
)


@pytest.mark.parametrize("top", ["", "ADEChallengeData2016/"])
def test_its_layout(tmp_path: Path, top: str) -> None:
    files = {
        f"{top}objectInfo150.txt": TABLE,
        f"{top}annotations/training/x.png": IDS,
        f"{top}images/training/x.png": IMAGE,
    }
    found = assert_scene(write(tmp_path, files), "ade20k")
    assert found.labels.names == ("skin", "hair", "mouth")


def test_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="objectInfo150"):
        read_annotations(tmp_path, "ade20k")
    folder = write(tmp_path, {"objectInfo150.txt": TABLE, "annotations/x.png": IDS + np.uint8(1)})
    with pytest.raises(InputError, match="unknown class id 4 on 8 pixels"):
        read_annotations(folder, "ade20k").pictures[0].label_map()
    (folder / "objectInfo150.txt").write_text("Idx\tName\n1\ta\n3\tb\n")
    with pytest.raises(InputError, match="not a table of classes"):
        read_annotations(folder, "ade20k")
