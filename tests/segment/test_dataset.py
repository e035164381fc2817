from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.images import save_png
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.segment.dataset import LabelledPictures


def picture(seed: int, size: int = 16) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def ids(seed: int, size: int = 16) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).choice(np.array([0, 1, 2, IGNORE], np.uint8), (size, size))


@pytest.fixture
def folder(tmp_path: Path, labels: LabelSet) -> Path:
    """Three pairs and their labels."""
    (tmp_path / "labels.json").write_text(labels.to_json())
    for k, name in enumerate(("a", "b", "c")):
        save_png(tmp_path / f"{name}.png", picture(k))
        LabelMap(ids(k), labels).save(tmp_path / f"{name}_label.png")
    return tmp_path


def test_pairs_come_in_the_order_of_their_names(folder: Path, labels: LabelSet) -> None:
    pictures = LabelledPictures.load(folder, 16)
    assert len(pictures) == 3
    assert pictures.labels == labels
    for k in range(3):
        assert np.array_equal(pictures.images[k], picture(k))
        assert np.array_equal(pictures.label_ids[k], ids(k))
    assert np.array_equal(LabelledPictures.load(folder, 16, limit=2).images, pictures.images[:2])


def test_pictures_may_be_of_other_types_and_may_lack_maps(folder: Path) -> None:
    (folder / "b.png").unlink()
    Image.fromarray(picture(1)).save(folder / "b.bmp")
    save_png(folder / "unlabelled.png", picture(9, 32))
    assert np.array_equal(LabelledPictures.load(folder, 16).images[1], picture(1))
    assert len(LabelledPictures.load(folder, 16)) == 3


def test_a_map_without_its_picture_is_named(folder: Path) -> None:
    (folder / "b.png").unlink()
    with pytest.raises(InputError, match=r"label map without its picture, b\."):
        LabelledPictures.load(folder, 16)


@pytest.mark.parametrize("name", ["b.png", "b_label.png"])
def test_pictures_and_maps_of_different_sizes_are_named(
    folder: Path, labels: LabelSet, name: str
) -> None:
    if name == "b.png":
        save_png(folder / name, picture(1)[:, :12])
    else:
        LabelMap(ids(1)[:, :12].copy(), labels).save(folder / name)
    with pytest.raises(InputError, match=r"12×16.*, b\."):
        LabelledPictures.load(folder, 16)


def test_pictures_that_are_not_square_are_named(folder: Path, labels: LabelSet) -> None:
    save_png(folder / "b.png", picture(1)[:, :12])
    LabelMap(ids(1)[:, :12].copy(), labels).save(folder / "b_label.png")
    with pytest.raises(InputError, match=r"12×16 pixels, b\. Crop"):
        LabelledPictures.load(folder, 16)


def test_square_pictures_are_brought_to_the_models_size(folder: Path) -> None:
    pictures = LabelledPictures.load(folder, 8)
    assert pictures.images.shape == (3, 8, 8, 3)
    for k in range(3):
        own = set(np.unique(pictures.label_ids[k]))
        assert own <= set(np.unique(ids(k))), "nearest neighbour: no class in between"
        expected = Image.fromarray(picture(k)).resize((8, 8), Image.Resampling.LANCZOS)
        assert np.array_equal(pictures.images[k], np.array(expected))


def test_other_formats_are_read_too(tmp_path: Path, labels: LabelSet) -> None:
    for k in range(2):  # as in DatasetDDPM, whose folders do not name their classes
        save_png(tmp_path / f"{k}.png", picture(k))
        np.save(tmp_path / f"{k}.npy", ids(k).astype(np.int64))
    pictures = LabelledPictures.load(tmp_path, 16, labels=labels)
    assert pictures.labels == labels
    assert np.array_equal(pictures.label_ids, np.stack([ids(0), ids(1)]))


def test_missing_labels_are_an_error(folder: Path) -> None:
    (folder / "labels.json").unlink()
    with pytest.raises(InputError, match=r"labels\.json|label"):
        LabelledPictures.load(folder, 16)


def test_broken_labels_are_an_error(folder: Path) -> None:
    (folder / "labels.json").write_text("{")
    with pytest.raises(InputError, match="not a label set"):
        LabelledPictures.load(folder, 16)


def test_a_folder_without_pairs_is_an_error(tmp_path: Path, labels: LabelSet) -> None:
    (tmp_path / "labels.json").write_text(labels.to_json())
    save_png(tmp_path / "a.png", picture(0))
    with pytest.raises(InputError, match="no annotations of a known format"):
        LabelledPictures.load(tmp_path, 16)
    with pytest.raises(InputError, match="no such file or folder"):
        LabelledPictures.load(tmp_path / "nowhere", 16)


def test_unknown_ids_and_broken_maps_are_named(folder: Path) -> None:
    Image.fromarray(np.full((16, 16), 7, np.uint8)).save(folder / "b_label.png")
    with pytest.raises(InputError, match=r"unknown class id 7.*b_label\.png"):
        LabelledPictures.load(folder, 16)
    (folder / "b_label.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(InputError, match=r"b_label\.png"):
        LabelledPictures.load(folder, 16)


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_specks_are_ignored_in_their_own_picture_only(seed: int, smallest: int) -> None:
    names = tuple(f"class {i}" for i in range(9))
    labels = LabelSet(names, tuple((i, 0, 0) for i in range(9)))
    rng = np.random.default_rng(seed)
    before = rng.choice(9, (3, 10, 10), p=rng.dirichlet(np.full(9, 0.5))).astype(np.uint8)
    pictures = LabelledPictures(np.zeros((3, 10, 10, 3), np.uint8), before.copy(), labels)
    after = pictures.without_specks(smallest).label_ids
    for own, cleaned in zip(before, after, strict=True):
        for i in range(9):
            expected = IGNORE if (own == i).sum() < smallest else i
            assert (cleaned[own == i] == expected).all()
    assert np.array_equal(pictures.label_ids, before), "the original is left alone"


def test_mirror_images_keep_pixels_and_labels_together(folder: Path) -> None:
    pictures = LabelledPictures.load(folder, 16)
    both = pictures.mirrored()
    assert len(both) == 6
    assert np.array_equal(both.images[:3], pictures.images)
    assert np.array_equal(both.label_ids[:3], pictures.label_ids)
    for column in range(16):
        assert np.array_equal(both.images[3:, :, column], pictures.images[:, :, 15 - column])
        assert np.array_equal(both.label_ids[3:, :, column], pictures.label_ids[:, :, 15 - column])


def test_classes_without_a_pixel_are_refused(folder: Path, labels: LabelSet) -> None:
    pictures = LabelledPictures.load(folder, 16)
    pictures.check_classes()
    present = pictures.label_ids.copy()
    present[present == 1] = IGNORE
    without = LabelledPictures(pictures.images, present, labels, ("the maps are odd",))
    name = labels.names[1]
    with pytest.raises(InputError, match=f"without a pixel: {name}.*--map.*the maps are odd"):
        without.check_classes()


def test_masks_of_0_and_255_only_are_not_learnt_from(tmp_path: Path) -> None:
    two = LabelSet(("background", "face"), ((0, 0, 0), (255, 0, 0)))
    for k in range(2):
        save_png(tmp_path / "images" / f"{k}.png", picture(k))
        save_png(tmp_path / "masks" / f"{k}.png", np.where(ids(k) > 0, 255, 0).astype(np.uint8))
    (tmp_path / "labels.json").write_text(two.to_json())
    with pytest.raises(InputError, match=r"without a pixel: face.*0 and 255 only"):
        LabelledPictures.load(tmp_path, 16).check_classes()
