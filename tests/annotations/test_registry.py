"""Every format gives back what was written in it; the right one is found; nothing half written."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from annotations import datasets
from annotations.datasets import FORMATS, IDS, WITH_BACKGROUND, picture, sample, write_sample
from pixelguide.annotations import (
    Annotations,
    detect_format,
    read_annotations,
    write_annotations,
)
from pixelguide.errors import InputError, PixelguideError
from pixelguide.labels import LabelMap, LabelSet


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=10)
@given(data=datasets.data_sets())
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, format: str, data: Annotations
) -> None:
    folder = tmp_path_factory.mktemp("round")
    path = write_sample(folder, format, data)
    assert detect_format(path) == format
    datasets.assert_same(read_annotations(path), data, groups=format != "cvat")
    assert list(folder.iterdir()) == [path]


@settings(max_examples=3)
@given(data=datasets.data_sets())
def test_a_journey_through_all_formats(
    tmp_path_factory: pytest.TempPathFactory, data: Annotations
) -> None:
    folder = tmp_path_factory.mktemp("journey")
    now = data
    for format in (*FORMATS, *reversed(FORMATS)):
        path = folder / f"{len(list(folder.iterdir()))}.zip"
        write_annotations(path, format, now)
        now = read_annotations(path, labels=data.labels)
    datasets.assert_same(now, data)


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pixelguide")
    found = read_annotations(path)
    (path / "two_label.png").write_bytes(b"changed since")
    assert found.pictures[0].label_map().ids.shape == IDS.shape
    with pytest.raises(InputError, match=r"two_label\.png"):
        found.pictures[1].label_map()


def test_what_is_no_annotations_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file or folder, .*missing"):
        read_annotations(tmp_path / "missing")
    with pytest.raises(InputError, match="no such file or folder"):
        read_annotations("x" * 5000)
    with pytest.raises(InputError, match=r"no annotations of a known format, .*Known: pixelguide"):
        read_annotations(tmp_path)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InputError, match="no annotations of a known format"):
        read_annotations(tmp_path / "text.zip")
    with pytest.raises(InputError, match="unknown format 'yolo'"):
        read_annotations(tmp_path, "yolo")
    with pytest.raises(InputError):
        read_annotations(tmp_path, "pairs", WITH_BACKGROUND)


def test_two_formats_in_one_folder_are_told_apart_by_the_user(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "pixelguide")
    np.save(path / "one.npy", IDS)
    with pytest.raises(InputError, match=r"\(pixelguide, datasetddpm\).*--from"):
        read_annotations(path)
    assert len(read_annotations(path, "datasetddpm")) == 1


def test_classes_are_mapped_by_name(tmp_path: Path) -> None:
    other = LabelSet(("building", "background", "sky"), ((1, 1, 1), (2, 2, 2), (3, 3, 3)))
    expected = np.array([[1, 2, 2, 0], [1, 2, 255, 0], [0, 1, 1, 1]], np.uint8)
    for format in FORMATS:
        path = write_sample(tmp_path / format, format)
        found = read_annotations(path, labels=other, renames={"house": "building"})
        assert found.labels == other
        label_map = found.pictures[0].label_map()
        assert np.array_equal(label_map.ids, expected), format
        assert label_map.labels == other
        with pytest.raises(InputError, match="house"):
            read_annotations(path, labels=other).pictures[0].label_map()
        with pytest.raises(InputError, match="no class 'horse' to rename"):
            read_annotations(path, renames={"horse": "sky"})


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> LabelMap:
        raise InputError("broken", "two.png")

    good = sample().pictures[0]
    bad = Annotations(WITH_BACKGROUND, (good, type(good)("two", broken, good.image)))
    for format in FORMATS:
        with pytest.raises(InputError, match="broken"):
            write_annotations(tmp_path / "out", format, bad)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    for format in FORMATS:
        path = write_sample(tmp_path, format)
        with pytest.raises(InputError, match="something is there already"):
            write_annotations(path, format, sample())
        if path.is_dir():
            shutil.rmtree(path)
            path.mkdir()
            write_annotations(path, format, sample())
            assert len(read_annotations(path)) == 2
            shutil.rmtree(path)


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "labels", "ONE", "a\nb", ""])
def test_names_that_are_no_file_names(tmp_path: Path, name: str) -> None:
    pictures = (*sample().pictures, picture(name, IDS, WITH_BACKGROUND, datasets.image_for(IDS)))
    for format in FORMATS:
        with pytest.raises(PixelguideError, match=r"name|leads out"):
            write_annotations(tmp_path / "out", format, Annotations(WITH_BACKGROUND, pictures))
    assert list(tmp_path.iterdir()) == []


def test_maps_without_pictures(tmp_path: Path) -> None:
    lonely = Annotations(WITH_BACKGROUND, (picture("one", IDS, WITH_BACKGROUND, None),))
    for format in ("cvat", "coco"):
        path = write_sample(tmp_path / format, format, lonely)
        datasets.assert_same(read_annotations(path), lonely, groups=False)
    for format in ("pixelguide", "pairs", "datasetddpm", "labelme"):
        with pytest.raises(InputError, match="label map without its picture, one"):
            write_sample(tmp_path, format, lonely)


def test_sizes_must_agree(tmp_path: Path) -> None:
    odd = picture("one", IDS, WITH_BACKGROUND, datasets.image_for(IDS.T))
    with pytest.raises(InputError, match="the map has 4×3 pixels, the picture 3×4, one"):
        write_sample(tmp_path, "pairs", Annotations(WITH_BACKGROUND, (odd,)))


def test_formats_that_can_only_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format authors can only be read"):
        write_annotations(tmp_path / "out", "authors", sample())


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[dict[str, object]] = []
    write_annotations(tmp_path / "out", "pairs", sample(), seen.append)
    assert [(state["done"], state["total"]) for state in seen] == [(1, 2), (2, 2)]
