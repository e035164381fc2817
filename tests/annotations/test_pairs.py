"""Pictures and label PNGs as people keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotations.datasets import IDS, WITH_BACKGROUND, image_for, write_sample
from pixelguide.annotations import Interpretation, read_annotations
from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import LabelMap


def lay_out(folder: Path, images: str, maps: str) -> Path:
    """One pair; `images` and `maps` are paths with NAME for the stem."""
    for pattern, array in ((images, image_for(IDS)), (maps, IDS)):
        path = folder / pattern.replace("NAME", "x")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_png(path, array)
    return folder


@pytest.mark.parametrize(
    ("images", "maps"),
    [
        ("images/NAME.png", "labels/NAME.png"),
        ("images/NAME.png", "masks/NAME.png"),
        ("images/NAME.png", "annotations/NAME.png"),
        ("imgs/NAME.png", "masks/NAME_mask.png"),
        ("images/NAME.png", "labels/NAME_label.png"),
        ("NAME.png", "NAME_mask.png"),
        ("NAME.png", "NAME_label.png"),
    ],
)
def test_layouts(tmp_path: Path, images: str, maps: str) -> None:
    found = read_annotations(lay_out(tmp_path, images, maps), labels=WITH_BACKGROUND)
    assert found.without_map == ()
    (pair,) = found
    assert pair.name == "x"
    assert np.array_equal(pair.label_map().ids, IDS)
    assert pair.image is not None
    assert np.array_equal(pair.image(), image_for(IDS))


def test_two_layouts_at_once(tmp_path: Path) -> None:
    lay_out(tmp_path, "images/NAME.png", "labels/NAME.png")
    lay_out(tmp_path, "images/NAME.png", "masks/NAME.png")
    with pytest.raises(InputError, match=r"but 2 \(labels/\*\.png, masks/\*\.png\)"):
        read_annotations(tmp_path, labels=WITH_BACKGROUND)


def test_the_names_of_the_classes_must_come_from_somewhere(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pairs")
    (path / "labels.json").unlink()
    with pytest.raises(
        InputError, match=r"the names of the classes are missing, .*--labels ffhq_34"
    ):
        read_annotations(path)
    assert read_annotations(path, own_labels=WITH_BACKGROUND).labels == WITH_BACKGROUND


def test_colour_maps_swapped_and_near(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pairs")
    colours = LabelMap(IDS, WITH_BACKGROUND).colour()
    Image.fromarray(colours[..., ::-1].copy()).save(path / "labels" / "one.png")
    Image.fromarray(np.maximum(colours, 3)).save(path / "labels" / "two.png")
    found = read_annotations(path)
    assert np.array_equal(found.pictures[0].label_map().ids, IDS)
    with pytest.raises(InputError, match=r"is no class: .*two\.png"):
        found.pictures[1].label_map()
    near = read_annotations(path, snap=6)
    assert np.array_equal(near.pictures[1].label_map().ids, IDS)


def test_jpeg_maps_are_not_maps(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pairs")
    Image.fromarray(IDS).save(path / "labels" / "one.png", "JPEG")
    with pytest.raises(InputError, match=r"one\.png\. Give a picture of type PNG"):
        read_annotations(path).pictures[0].label_map()


@pytest.mark.parametrize("folder", ["masks", ""])
def test_pictures_may_lie_elsewhere(tmp_path: Path, folder: str) -> None:
    save_png(tmp_path / "set" / folder / "a.png", np.array([[0, 1]], np.uint8))
    save_png(tmp_path / "pictures" / "a.png", np.full((1, 2, 3), 9, np.uint8))
    how = Interpretation(images=tmp_path / "pictures")
    (found,) = read_annotations(tmp_path / "set", labels=WITH_BACKGROUND, how=how)
    assert found.image is not None
    assert (found.image() == 9).all()
    with pytest.raises(InputError, match="no annotations of a known format"):
        read_annotations(tmp_path / "set", labels=WITH_BACKGROUND)
