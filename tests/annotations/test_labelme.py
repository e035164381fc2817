"""labelme's shapes, in their drawing order, and files that mean harm."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotations.datasets import WITH_BACKGROUND, error_of, write_sample
from pixelguide.annotations import Interpretation, read_annotations
from pixelguide.errors import InputError, SafetyError
from pixelguide.images import save_png
from pixelguide.labels import IGNORE, LabelSet

WHITE = np.full((4, 6, 3), 255, np.uint8)


def base64_png(array: Any, kind: str = "PNG") -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(array)).save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def shape(label: str, points: Any, kind: str = "polygon", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": kind, "flags": {}, **more}


def write(folder: Path, *shapes: dict[str, Any], **changes: Any) -> Path:
    save_png(folder / "x.png", WHITE)
    content = {
        "version": "5.5.0",
        "shapes": list(shapes),
        "imagePath": "x.png",
        "imageData": None,
        "imageHeight": 4,
        "imageWidth": 6,
    } | changes
    (folder / "x.json").write_text(json.dumps(content))
    return folder


def ids(folder: Path, **options: Any) -> Any:
    (found,) = read_annotations(folder, "labelme", **options)
    return found.label_map().ids


SKY = shape("sky", [[0, 0], [6, 0], [6, 2], [0, 2]])
HOUSE = shape("house", [[1, 1], [3, 3]], "rectangle")


def test_overlaps_follow_the_drawing_order(tmp_path: Path) -> None:
    n = IGNORE
    assert ids(write(tmp_path, SKY, HOUSE)).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
        [n, 1, 1, n, n, n],
        [n, n, n, n, n, n],
    ]
    assert ids(write(tmp_path, HOUSE, SKY))[1].tolist() == [1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("background", ["background", "_background_", "__background__"])
def test_what_no_shape_covers_is_background_if_there_is_one(
    tmp_path: Path, background: str
) -> None:
    labels = LabelSet(("house", background, "sky"), ((0, 0, 0), (1, 1, 1), (2, 2, 2)))
    assert ids(write(tmp_path, SKY, HOUSE), labels=labels)[2:].tolist() == [
        [1, 0, 0, 1, 1, 1],
        [1, 1, 1, 1, 1, 1],
    ]
    drawn = write(tmp_path, shape(background, [[0, 0], [1, 1]], "rectangle"))
    assert (ids(drawn) == 0).all()


def test_every_shape_with_an_area(tmp_path: Path) -> None:
    circle = shape("a", [[3, 2], [3, 3.2]], "circle")
    assert (ids(write(tmp_path, circle)) == 0).sum() == 4
    patch = [[True, False], [True, True]]
    mask = shape("a", [[4, 1], [5, 2]], "mask", mask=base64_png(patch))
    assert np.argwhere(ids(write(tmp_path, mask)) == 0).tolist() == [[1, 4], [2, 4], [2, 5]]
    grey = base64_png(np.array(patch, np.uint8))  # 0 and 1, as labelme writes them
    assert (ids(write(tmp_path, shape("a", [[0, 0]], "mask", mask=grey))) == 0).sum() == 3


@pytest.mark.parametrize(
    ("corner", "pixels"), [((5, 3), 1), ((-1, -1), 1), ((-1, 0), 2), ((9, 0), 0), ((-9, -9), 0)]
)
def test_masks_are_cut_at_the_edges(tmp_path: Path, corner: Any, pixels: int) -> None:
    mask = shape("a", [corner], "mask", mask=base64_png(np.ones((2, 2), bool)))
    assert (ids(write(tmp_path, mask)) == 0).sum() == pixels


@pytest.mark.parametrize("kind", ["point", "line", "linestrip", "points"])
def test_shapes_without_an_area_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match=rf"shape 1 'a' of type '{kind}' has no area, x\.json"):
        ids(write(tmp_path, shape("a", [[1, 1], [2, 2], [3, 3]], kind)))


def test_kinds_of_shapes_that_are_not_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shape 1 'a' is of type 'cuboid', .* x\.json"):
        ids(write(tmp_path, shape("a", [[1, 1], [2, 2], [3, 3]], "cuboid")))


def test_embedded_pictures_need_no_path(tmp_path: Path) -> None:
    data = base64_png(np.full((4, 6, 3), 7, np.uint8), "BMP")
    folder = write(tmp_path, SKY, imageData=data, imagePath="../elsewhere.png", imageHeight=None)
    (found,) = read_annotations(folder)
    assert found.image is not None
    assert (found.image() == 7).all()
    assert found.label_map().ids.shape == (4, 6)


@pytest.mark.parametrize("path", ["../x.png", "/etc/x.png", "a/../../x.png", "C:\\x.png"])
def test_of_pictures_outside_only_the_name_counts(tmp_path: Path, path: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    save_png(tmp_path / "x.png", np.zeros((9, 9, 3), np.uint8))  # there, and never opened
    folder = write(data, SKY, imagePath=path)
    (found,) = read_annotations(folder)
    assert found.image is not None
    assert np.array_equal(found.image(), WHITE)
    (folder / "x.png").unlink()
    with pytest.raises(SafetyError, match=r"leads out of the data set, x\.json.*--images"):
        read_annotations(folder)


def test_odd_ones_out(tmp_path: Path) -> None:
    folder = write(tmp_path, SKY, imagePath="gone.png")
    save_png(folder / "y.png", WHITE)
    found = read_annotations(folder)
    assert found.pictures[0].image is None
    assert found.without_map == ("y",)


def test_one_bad_file_spoils_no_other(tmp_path: Path) -> None:
    folder = write_sample(tmp_path, "labelme")
    (folder / "two.json").write_text("{")
    found = read_annotations(folder)
    assert found.pictures[0].label_map().labels == WITH_BACKGROUND
    with pytest.raises(InputError, match=r"two\.json"):
        found.pictures[1].label_map()


@pytest.mark.parametrize(
    ("broken", "changes"),
    [
        (shape("a", [[0, 0], [float("nan"), 1], [2, 2]]), {}),
        (shape("a", [[0, 0], [float("inf"), 1], [2, 2]]), {}),
        (shape("a", [[0, 0], [1e300, 1], [2, 2]]), {}),
        (shape("a", [[0, 0], [10**400, 1], [2, 2]]), {}),
        (shape("a", [[0, 0], [1, 1]]), {}),
        (shape("a", []), {}),
        (shape("a", [[0, 0]], "mask"), {}),
        (shape("a", [[0, 0]], "mask", mask="!"), {}),
        (shape("a", [[0, 0]], "mask", mask="aGVsbG8="), {}),
        (shape("a", [[0, 0]], "mask", mask=base64_png(np.ones((2, 2), bool))[:60]), {}),
        (shape("a", [[0, 0]], "mask", mask=base64_png(np.ones((2, 2, 3), np.uint8))), {}),
        (SKY, {"imageHeight": 10**6, "imageWidth": 10**6}),
        (SKY, {"imageHeight": -4, "imageWidth": -6}),
        (SKY, {"imageHeight": 0}),
        (SKY, {"imageHeight": 10**30}),
        (SKY, {"imageHeight": None, "imagePath": None}),
        (SKY, {"shapes": {}}),
    ],
)
def test_hostile_files_are_input_errors(tmp_path: Path, broken: Any, changes: Any) -> None:
    labels = LabelSet(("a", "sky"), ((0, 0, 0), (1, 1, 1)))
    with pytest.raises(InputError, match=r"x\.json") as error:
        ids(write(tmp_path, broken, **changes), labels=labels)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"a":' * 100_000, "\xff", "1" * 5000])
def test_json_that_is_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, SKY)
    (tmp_path / "y.json").write_text(text, "latin-1")
    broken = read_annotations(tmp_path).pictures[1]
    with pytest.raises(InputError, match=r"y\.json") as error:
        broken.label_map()
    assert "\n" not in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ANY_SHAPE = st.fixed_dictionaries(
    {
        "label": st.sampled_from(["sky", "house"]) | JSON,
        "points": st.lists(st.lists(st.floats() | st.integers(-9, 9), max_size=3)) | JSON,
        "shape_type": st.sampled_from(["polygon", "rectangle", "circle", "mask"]) | JSON,
    },
    optional={"mask": st.text(max_size=9) | JSON},
)


@settings(max_examples=40)
@given(shapes=st.lists(ANY_SHAPE, max_size=3) | JSON, size=st.integers(-3, 9) | JSON)
def test_anything_else_is_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, shapes: Any, size: Any
) -> None:
    folder = write(tmp_path_factory.mktemp("json"), shapes=shapes, imageHeight=size)
    if not error_of(lambda: ids(folder, labels=WITH_BACKGROUND)):
        assert ids(folder, labels=WITH_BACKGROUND).shape == (4 if size is None else size, 6)


def test_rectangles_of_four_corners(tmp_path: Path) -> None:
    corners = [[1, 1], [5, 1], [5, 3], [1, 3]]  # X-AnyLabeling 4.2.1
    assert (ids(write(tmp_path, shape("a", corners, "rectangle"))) == 0).sum() == 8


@pytest.mark.parametrize("kind", ["oriented_rectangle", "rotation", "quadrilateral"])
def test_shapes_of_four_points(tmp_path: Path, kind: str) -> None:
    corners = [[3, 0], [5, 2], [3, 4], [1, 2]]  # labelme 6.3.1, X-AnyLabeling 4.2.1
    found = ids(write(tmp_path, shape("a", corners, kind, direction=0.7)))
    assert np.array_equal(found, ids(write(tmp_path, shape("a", corners))))
    assert (found == 0).sum() > 4


def test_higher_layers_lie_above(tmp_path: Path) -> None:
    shapes = (HOUSE | {"layer": 2.0}, SKY | {"layer": 1.0})  # ISAT 1.5.2
    found = ids(write(tmp_path, *shapes))
    assert found[1].tolist() == [1, 0, 0, 1, 1, 1]


def test_masks_are_cut_to_their_box(tmp_path: Path) -> None:
    mask = base64_png(np.ones((4, 4), bool))
    found = ids(write(tmp_path, shape("a", [[1, 1], [2, 3]], "mask", mask=mask)))
    assert np.argwhere(found == 0).tolist() == [[y, x] for y in (1, 2, 3) for x in (1, 2)]


def test_siblings_of_the_pictures_folder(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    write(tmp_path / "json", SKY, imagePath="..\\images\\x.png")  # labelme --output, on Windows
    (tmp_path / "images").mkdir()
    (tmp_path / "json" / "x.png").rename(tmp_path / "images" / "x.png")
    for path in (tmp_path, tmp_path / "json" / "x.json"):
        (found,) = read_annotations(path)
        assert found.name == "x"
        assert found.image is not None
    with pytest.raises(SafetyError, match="Name the folder that holds both"):
        read_annotations(tmp_path / "json")


def test_one_file_is_read_alone(tmp_path: Path) -> None:
    write(tmp_path, SKY)
    (tmp_path / "y.json").write_text((tmp_path / "x.json").read_text())
    found = read_annotations(tmp_path / "x.json")
    assert ([p.name for p in found], found.without_map) == (["x"], ())


def test_what_macos_leaves_beside_files_is_no_data(tmp_path: Path) -> None:
    folder = write(tmp_path, SKY)
    (folder / "._x.json").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    (folder / "._x.png").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    (folder / "x.json").write_bytes(b"\xef\xbb\xbf" + (folder / "x.json").read_bytes())
    found = read_annotations(folder)
    assert ([p.name for p in found], found.without_map) == (["x"], ())


def test_rendering_of_labelme(tmp_path: Path) -> None:
    slanted = shape("a", [[0, 0], [5, 1], [2, 3]])
    drawn = ids(write(tmp_path, slanted), how=Interpretation(rendering="labelme"))
    assert ["".join(".#"[int(v == 0)] for v in row) for row in drawn] == [
        "#.....",
        ".#####",
        ".###..",
        "..#...",
    ]  # labelme 6.3.1
