"""COCO files: runs and polygons, by name, in order; and files that do not add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.datasets import IDS, WITH_BACKGROUND, error_of, write_sample
from pixelguide.annotations import Interpretation, check_annotations, read_annotations
from pixelguide.annotations.check import Hidden
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import save_png
from pixelguide.labels import IGNORE, LabelSet

BOX = [[1, 1, 4, 1, 4, 3, 1, 3]]  # x 1…3, y 1…2
RUNS = {"size": [4, 6], "counts": [0, 4, 20]}  # the first column


def write(folder: Path, *annotations: Any, **changes: Any) -> Path:
    content = {
        "images": [{"id": 7, "file_name": "x.png", "height": 4, "width": 6}],
        "categories": [{"id": 3, "name": "sky"}, {"id": 90, "name": "house"}],
        "annotations": [
            {"id": i, "image_id": 7, "category_id": category, "segmentation": segmentation}
            for i, (category, segmentation) in enumerate(annotations)
        ],
    } | changes
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    return path


def ids(path: Path, **options: Any) -> Any:
    (found,) = read_annotations(path, "coco", **options)
    return found.label_map().ids


def test_later_annotations_lie_above(tmp_path: Path) -> None:
    wide = {"size": [4, 6], "counts": [0, 12, 12]}  # three columns
    n = IGNORE
    assert ids(write(tmp_path, (3, wide), (90, BOX))).tolist() == [
        [0, 0, 0, n, n, n],
        [0, 1, 1, 1, n, n],
        [0, 1, 1, 1, n, n],
        [0, 0, 0, n, n, n],
    ]
    assert (ids(write(tmp_path, (90, BOX), (3, wide)))[:, :3] == 0).all()


def test_categories_are_mapped_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, (3, RUNS), (90, BOX))
    assert read_annotations(path).labels.names == ("sky", "house")
    found = ids(path, labels=WITH_BACKGROUND)
    assert found[:, 0].tolist() == [1, 1, 1, 1]
    assert found[1, 1:].tolist() == [2, 2, 2, 0, 0]
    with pytest.raises(InputError, match=r"unknown class 'house', instances\.json, x"):
        ids(path, labels=LabelSet(("sky",), ((0, 0, 0),)))


def test_several_polygons_are_one_shape(tmp_path: Path) -> None:
    assert (ids(write(tmp_path, (3, [*BOX, [0, 0, 1, 0, 1, 1, 0, 1]]))) == 0).sum() == 7


def test_compressed_runs(tmp_path: Path) -> None:
    mask = np.zeros((5, 7), bool)
    mask[1:4, 2:6] = mask[0, 0] = mask[4, 6] = True
    image = {"id": 7, "file_name": "x.png", "height": 5, "width": 7}
    compressed = {"size": [5, 7], "counts": "01:2H000003N"}  # by pycocotools 2.0.11
    path = write(tmp_path, (3, compressed), images=[image])
    assert np.array_equal(ids(path) == 0, mask)


def test_what_is_written(tmp_path: Path) -> None:
    path = write_sample(tmp_path, "coco")
    content = json.loads((path / "annotations" / "instances_default.json").read_text())
    names = {c["id"]: c["name"] for c in content["categories"]}
    assert list(names.values()) == ["background", "sky", "house", "__ignore__"]
    first = [a for a in content["annotations"] if a["image_id"] == 1]
    assert [(names[a["category_id"]], a["area"], a["bbox"]) for a in first] == [
        ("sky", int((IDS == 1).sum()), [1, 0, 2, 2]),
        ("house", int((IDS == 2).sum()), [0, 0, 4, 3]),
        ("__ignore__", 1, [2, 1, 1, 1]),
    ]


@pytest.mark.parametrize("place", ["", "images", "sub"])
def test_where_pictures_are_looked_for(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    save_png(tmp_path / place / "x.png", np.zeros((4, 6, 3), np.uint8))
    name = "sub/x.png" if place == "sub" else "x.png"
    image = {"id": 7, "file_name": name, "height": 4, "width": 6}
    folder = tmp_path / "annotations" if place == "images" else tmp_path
    folder.mkdir(exist_ok=True)
    write(folder, (3, BOX), images=[image])
    (found,) = read_annotations(tmp_path, "coco")
    assert found.image is not None
    assert found.name == name.replace("/", "_")[:-4]


def test_pictures_without_annotations(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"{i}.png", "height": 4, "width": 6} for i in (7, 8)]
    found = read_annotations(write(tmp_path, (3, BOX), images=images))
    assert ([p.name for p in found], found.without_map) == (["7"], ("8",))


def test_several_files(tmp_path: Path) -> None:
    path = write(tmp_path, (3, BOX))
    (tmp_path / "more.json").write_text(path.read_text())
    with pytest.raises(InputError, match="2 COCO files"):
        read_annotations(tmp_path)
    assert len(read_annotations(path)) == 1


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png"])
def test_pictures_outside_are_refused(tmp_path: Path, name: str) -> None:
    image = {"id": 7, "file_name": name, "height": 4, "width": 6}
    with pytest.raises(SafetyError, match="leads out"):
        read_annotations(write(tmp_path, (3, BOX), images=[image]))


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ({"size": [4, 6], "counts": [0, 4]}, "sum up to 4 of 24"),
        ({"size": [4, 6], "counts": [25, -1]}, "counts"),
        ({"size": [4, 6], "counts": [10**30]}, "counts"),
        ({"size": [6, 4], "counts": [24]}, "run lengths for 4×6 of 6×4 pixels"),
        ({"size": [4, 6], "counts": "P"}, "truncated run lengths"),
        ({"size": [4, 6], "counts": "\x00"}, "not compressed run lengths"),
        ({"counts": [24]}, "size"),
        ([[0, 0, 1, 1]], "annotation 1.*|polygon of 2 points"),
        ([[0, 0, 1, 1, 2, 2, 3]], "odd number of coordinates"),
        ([[0, 0, 1, 1, 2, float("nan")]], r"finite|valid"),
        ([[0, 0, 1, 1, 2, 1e300]], "must be at most"),
        (None, r"annotation 1 \(sky\) is a box without an outline"),
        ("text", "must be a list"),
    ],
)
def test_segmentations_that_are_none(tmp_path: Path, segmentation: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        ids(write(tmp_path, (3, segmentation)))
    assert "instances.json" in error.value.where
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": []}, "no images, .*export its JSON"),
        (
            {"images": [{"id": 8, "file_name": "y", "height": 4, "width": 6}]},
            "annotations of unknown image 7",
        ),
        ({"categories": [{"id": 3, "name": "a"}] * 2}, "repeated category id"),
        ({"categories": []}, "no named classes"),
        ({"images": [{"id": 7, "file_name": "x", "height": 10**9, "width": 6}]}, r"0\.height"),
        ({"images": [{"id": 7, "file_name": "x", "height": 10**7, "width": 10**7}]}, "40 MP"),
        ({"images": [{"id": 7, "file_name": "x"}]}, r"images\.0\.height"),
        ({"annotations": 3}, "annotations"),
    ],
)
def test_files_that_do_not_add_up(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ids(write(tmp_path, (3, BOX), **changes))


def test_unknown_categories_spoil_their_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown category 4, instances\.json, x"):
        ids(write(tmp_path, (4, BOX)))


JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=9,
)
ANY_RUNS = st.fixed_dictionaries(
    {"size": st.just([4, 6]) | JSON, "counts": st.text(max_size=9) | st.lists(st.integers()) | JSON}
)


@settings(max_examples=40)
@given(st.lists(st.lists(st.floats(-9, 9) | st.floats(), max_size=9)) | ANY_RUNS | JSON)
def test_anything_else_is_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, segmentation: Any
) -> None:
    path = write(tmp_path_factory.mktemp("coco"), (3, segmentation))
    error = error_of(lambda: ids(path))
    assert not error or "instances.json" in error.where


@pytest.mark.parametrize("segmentation", [[], None, [[]], {}, ""])
def test_boxes_without_an_outline_are_no_background(tmp_path: Path, segmentation: Any) -> None:
    path = write(tmp_path, (3, BOX), (90, segmentation))  # CVAT, Roboflow, datumaro 1.13.12
    with pytest.raises(InputError, match=r"annotation 2 \(house\) is a box without .*: 1 of 2"):
        ids(path)
    content = json.loads(path.read_text())
    for annotation in content["annotations"]:
        annotation.pop("segmentation")
        annotation["bbox"] = [1, 1, 2, 2]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"annotation 1 \(sky\), annotation 2 \(house\) are boxes"):
        ids(path)


def test_covered_shapes_are_told_and_small_ones_can_lie_above(tmp_path: Path) -> None:
    wide = {"size": [4, 6], "counts": [0, 24]}
    path = write(tmp_path, (90, BOX), (3, wide))
    report = check_annotations(read_annotations(path), with_images=False)
    assert report.hidden_shapes == [Hidden("x", "house", "annotation 1", 6)]
    assert report.hidden_classes == report.never_occur == ["house"]
    assert any("--order area" in note for note in report.notes)
    assert (ids(path, how=Interpretation("area")) == 1).sum() == 6
    with pytest.raises(InputError, match="--order size"):
        Interpretation("size")


def test_shapes_between_the_centres_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, (3, RUNS), (90, [[1.6, 1.6, 2.4, 1.6, 2.4, 2.4, 1.6, 2.4]]))
    report = check_annotations(read_annotations(path), with_images=False)
    assert report.hidden_shapes == [Hidden("x", "house", "annotation 2", 0)]
    assert report.notes == ["shapes that cover no pixel's centre: 1"]


def test_a_polygon_of_too_few_points_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, (3, BOX), (90, [[0, 0, 4, 4]]))
    with pytest.raises(InputError, match=r"polygon of 2 points, instances\.json, x, annotation 2"):
        ids(path)


def test_fiftyone_calls_its_file_labels_json(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    save_png(tmp_path / "data" / "x.png", np.zeros((4, 6, 3), np.uint8))
    write(tmp_path, (3, BOX)).rename(tmp_path / "labels.json")
    (found,) = read_annotations(tmp_path)
    assert found.image is not None
    assert found.label_map().present() == ("sky",)


def test_byte_order_marks(tmp_path: Path) -> None:
    path = write(tmp_path, (3, BOX))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert (ids(path) == 0).sum() == 6


def test_rendering_of_pycocotools(tmp_path: Path) -> None:
    path = write(tmp_path, (3, [[0, 0, 6, 1, 2, 4]]))
    drawn = ids(path, how=Interpretation(rendering="pycocotools"))
    assert ["".join(".#"[int(v == 0)] for v in row) for row in drawn] == [
        "###...",
        ".####.",
        ".###..",
        "..#...",
    ]  # pycocotools 2.0.11
