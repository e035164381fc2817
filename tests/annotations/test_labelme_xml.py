"""LabelMe's XML with masks, as datumaro 1.13.12 writes it (label_me)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.scene import IMAGE, assert_scene, masks, write
from pixelguide.annotations import read_annotations
from pixelguide.errors import InputError

COLOUR = (0, 203, 255, 153)


def export(folder: Path, objects: str, sub: str = "train") -> Path:
    text = (
        f"<annotation><filename>x.png</filename><folder>{sub}</folder>"
        f"<imagesize><nrows>10</nrows><ncols>12</ncols></imagesize>{objects}</annotation>"
    )
    files = {f"Annotations/{sub}/x.xml": text, f"Images/{sub}/x.png": IMAGE}
    for number, mask in enumerate(masks().values()):
        rgba = np.where(mask[..., None], np.array(COLOUR, np.uint8), np.uint8(0))
        files[f"Masks/{sub}/x_mask_{number}.png"] = rgba
    return write(folder, files)


OBJECTS = "".join(
    f"<object><name>{name}</name><deleted>0</deleted><id>{n}</id><segm><mask>x_mask_{n}.png</mask>"
    f"<box><xmin>0</xmin></box></segm></object>"
    for n, name in enumerate(masks())
)


@pytest.mark.parametrize("sub", ["train", "train/deep"])
def test_masks(tmp_path: Path, sub: str) -> None:
    assert_scene(export(tmp_path, OBJECTS, sub), "labelme-xml")


def test_polygons_but_those_that_are_deleted(tmp_path: Path) -> None:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((2, 2), (5, 2), (5, 4), (2, 4)))
    kept = f"<object><name>skin</name><polygon>{points}</polygon></object>"
    gone = kept.replace("skin", "hair").replace("<polygon>", "<deleted>1</deleted><polygon>")
    found = read_annotations(export(tmp_path, kept + gone))
    assert found.labels.names == ("skin",)
    assert (found.pictures[0].label_map().ids == 0).sum() == 6


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ("<object><name>a</name><polygon><pt><x>1</x><y>1</y></pt></polygon></object>", "1 points"),
        ("<object><name>a</name><segm><mask>no.png</mask></segm></object>", "no such file"),
        ("<object><name>a</name><segm></segm></object>", "<object> without <segm/mask>"),
    ],
)
def test_objects_that_are_none(tmp_path: Path, objects: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_annotations(export(tmp_path, objects)).pictures[0].label_map()
