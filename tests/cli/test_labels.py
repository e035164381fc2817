"""`labels convert` and `labels check` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotations.datasets import IDS, WITH_BACKGROUND, assert_same, sample, write_sample
from command_line import Run, assert_one_error
from pixelguide.annotations import read_annotations
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sample(tmp_path, "pixelguide")


def test_convert(run: Run, data: Path, tmp_path: Path) -> None:
    code, out, _ = run("labels", "convert", data, tmp_path / "out.zip", "--to", "cvat")
    assert (code, out) == (0, f"{tmp_path / 'out.zip'}: 2 pictures, 3 classes\n")
    assert_same(read_annotations(tmp_path / "out.zip"), sample(), groups=False)


def test_convert_to_other_classes(run: Run, data: Path, tmp_path: Path) -> None:
    code, out, _ = run(
        *("labels", "convert", data, tmp_path / "out", "--to", "coco", "--from", "pixelguide"),
        *("--map", "sky=wrinkles", "--map", "*=hair", "--labels", "ffhq_34"),
    )
    assert code == 0
    assert out.endswith("2 pictures, 34 classes\n")
    found = read_annotations(tmp_path / "out").pictures[0].label_map()
    assert found.present() == ("background", "hair", "wrinkles")


def test_convert_from_one_order_of_classes_to_another(run: Run, tmp_path: Path) -> None:
    folder = write_sample(tmp_path, "pairs")
    (folder / "labels.json").unlink()
    arguments = ("labels", "convert", folder, tmp_path / "out", "--to", "pixelguide")
    sets = ("--from-labels", "celebamask-hq_19", "--labels", "face-parsing_19")
    code, _, _ = run(*arguments, *sets)
    assert code == 0
    ids = read_annotations(tmp_path / "out").pictures[0].label_map().ids
    assert np.array_equal(ids, np.where(IDS == 2, 10, IDS))  # nose: 2 there, 10 here


def test_pictures_without_maps_are_counted(run: Run, data: Path, tmp_path: Path) -> None:
    (data / "two_label.png").unlink()
    _, out, _ = run("labels", "convert", data, tmp_path / "out", "--to", "pairs")
    assert out.endswith("1 pictures, 3 classes; 1 pictures without a map left out\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "yolo"), "unknown format 'yolo'"),
        (("--to", "authors"), "can only be read"),
        (("--to", "coco", "--from", "yolo"), "unknown format 'yolo'"),
        (("--to", "coco", "--labels", "ffhq"), "no such label set, ffhq"),
        (("--to", "coco", "--labels", "cat_15"), "without a counterpart: sky, house"),
        (("--to", "coco", "--map", "sky"), "--map sky"),
        (("--to", "coco", "--map", "sky="), "--map sky="),
        (("--to", "coco", "--map", "a=b"), "no class 'a' to rename"),
        (("--to", "coco", "--map", "sky=a", "--map", "sky=b"), "each OLD once"),
    ],
)
def test_bad_options(
    run: Run, data: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    line = assert_one_error(run("labels", "convert", data, tmp_path / "out", *options))
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_bad_data(run: Run, data: Path, tmp_path: Path) -> None:
    (data / "two_label.png").write_bytes(b"")
    code, out, err = run("labels", "convert", data, tmp_path / "out", "--to", "pairs")
    assert (code, out) == (2, "")
    assert "error: not a readable picture, two_label.png" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_refused_for_safety(run: Run, tmp_path: Path) -> None:
    folder = write_sample(tmp_path, "labelme")
    file = folder / "one.json"
    file.write_text(file.read_text().replace("one.png", "../three.png"))
    for command in (("check", folder), ("convert", folder, tmp_path / "out", "--to", "coco")):
        assert "leads out of the data set" in assert_one_error(run("labels", *command), 3)


@pytest.mark.parametrize(
    "format", ["pixelguide", "pairs", "datasetddpm", "labelme", "coco", "cvat"]
)
def test_check(run: Run, tmp_path: Path, format: str) -> None:
    path = write_sample(tmp_path, format)
    code, out, _ = run("labels", "check", path, "--json")
    content = json.loads(out)
    assert (code, content["format"], content["pictures"]) == (0, format, 2)
    assert content["classes"][1] == {"name": "sky", "pixels": 6, "pictures": 2}
    assert content["errors"] == []


def test_check_shows_a_table(run: Run, data: Path) -> None:
    code, out, _ = run("labels", "check", data)
    assert code == 0
    assert "house" in out
    assert out.endswith("no errors\n")


def test_check_lists_every_error(run: Run, data: Path) -> None:
    (data / "one_label.png").write_bytes(b"")
    Image.new("RGB", (4, 3), (1, 2, 3)).save(data / "two_label.png")
    Image.new("RGB", (4, 3)).save(data / "three.png")
    code, out, err = run("labels", "check", data)
    assert code == 2
    assert "Traceback" not in out + err
    assert "error: one: not a readable picture, one_label.png" in out
    assert "error: two: colour (1, 2, 3) is no class: 12 pixels" in out
    assert "pictures without maps: three" in out
    assert "never occur: background, sky, house" in out
    assert out.endswith("2 errors\n")
    code, out, _ = run("labels", "check", data, "--json")
    assert code == 2
    assert [error["picture"] for error in json.loads(out)["errors"]] == ["one", "two"]


def test_check_finds_a_palette_in_another_order(run: Run, data: Path) -> None:
    """As pyoxipng 9.1.1 leaves one of several: palette sorted, every pixel's colour kept."""
    path = data / "two_label.png"
    with Image.open(path) as image:
        before = LabelMap.load(path, WITH_BACKGROUND).ids
        image.remap_palette(sorted(np.unique(np.asarray(image)).tolist(), reverse=True)).save(path)
    assert np.array_equal(LabelMap.load(path, WITH_BACKGROUND).ids, before)
    code, out, _ = run("labels", "check", data)
    assert code == 0
    assert "warning: two: palette entry 0 is" in out
    assert "in one: read by their colours" in out
    colours = [9, 8, 7, 90, 80, 70, 200, 0, 9] + [1, 2, 3] * 252 + [255, 255, 255]
    for name, order in (("one", [0, 1, 2, 255]), ("two", [2, 1, 0, 255])):
        own = Image.fromarray(IDS if name == "one" else IDS[::-1])
        own.putpalette(colours)
        if order[0]:
            own = own.remap_palette(order)
        own.save(data / f"{name}_label.png")
    code, out, _ = run("labels", "check", data, "--json")
    assert code == 2
    (error,) = json.loads(out)["errors"]
    assert error["picture"] == "two"


def test_check_with_named_classes(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "my.json").write_text(WITH_BACKGROUND.to_json())
    (data / "labels.json").unlink()
    assert "classes are missing" in assert_one_error(run("labels", "check", data))
    assert run("labels", "check", data, "--labels", tmp_path / "my.json")[0] == 0


def test_check_of_nothing(run: Run, tmp_path: Path) -> None:
    assert "no such file or folder" in assert_one_error(run("labels", "check", tmp_path / "no"))
    assert "no annotations of a known" in assert_one_error(run("labels", "check", tmp_path))


def labelme_with_a_covered_eye(folder: Path) -> Path:
    corners = {"eye": [[1, 1], [3, 3]], "face": [[0, 0], [6, 4]]}
    shapes = [
        {"label": name, "points": points, "shape_type": "rectangle"}
        for name, points in corners.items()
    ]
    content = {"shapes": shapes, "imagePath": "x.png", "imageHeight": 4, "imageWidth": 6}
    save_png(folder / "x.png", np.zeros((4, 6, 3), np.uint8))
    (folder / "x.json").write_text(json.dumps(content))
    return folder


def test_covered_shapes_are_told_and_brought_to_the_top(run: Run, tmp_path: Path) -> None:
    folder = labelme_with_a_covered_eye(tmp_path)
    code, out, _ = run("labels", "check", folder)
    assert code == 0
    assert "x shape 1 (eye): others cover its 4 px" in out
    assert "--order area" in out
    _, out, _ = run("labels", "check", folder, "--json")
    told = json.loads(out)
    assert told["hidden_shapes"] == [
        {"picture": "x", "name": "eye", "shape": "shape 1", "pixels": 4}
    ]
    assert told["hidden_classes"] == ["eye"]
    _, out, _ = run("labels", "check", folder, "--order", "area", "--json")
    told = json.loads(out)
    assert (told["hidden_shapes"], told["notes"], told["classes"][0]["pixels"]) == ([], [], 4)
    _, out, err = run("labels", "convert", folder, tmp_path / "out", "--to", "pairs")
    assert "1 pictures" in out
    assert err.startswith("note: shapes of which no pixel is seen: 1")


def test_how_shapes_are_read(run: Run, tmp_path: Path) -> None:
    folder = labelme_with_a_covered_eye(tmp_path / "json")
    (folder / "x.png").rename(tmp_path / "x.png")
    code, out, _ = run(
        *("labels", "check", folder, "--images", tmp_path, "--rendering", "labelme"),
        *("--order", "area", "--json"),
    )
    assert code == 0
    assert json.loads(out)["classes"][0]["pixels"] == 9, "labelme draws the outline too"
    for option in ("--order", "--rendering"):
        message = assert_one_error(run("labels", "check", folder, option, "other"))
        assert f"{option} other" in message


def test_labels_for_a_check_do_not_rename_what_is_named(run: Run, tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", np.zeros((1, 3, 3), np.uint8))
    save_png(tmp_path / "a_mask.png", np.array([[1, 1, 2]], np.uint8))
    (tmp_path / "_classes.csv").write_text("Pixel Value, Class\n0, sky\n1, hair\n2, skin\n")
    other = LabelSet(("sky", "skin", "hair"), ((0, 0, 0), (1, 1, 1), (2, 2, 2)))
    (tmp_path / "other.json").write_text(other.to_json())
    _, out, _ = run("labels", "check", tmp_path, "--labels", tmp_path / "other.json", "--json")
    counts = {c["name"]: c["pixels"] for c in json.loads(out)["classes"]}
    assert counts == {"sky": 0, "hair": 2, "skin": 1}


def test_255_can_be_meant_for_a_class(run: Run, tmp_path: Path) -> None:
    two = LabelSet(("background", "face"), ((0, 0, 0), (255, 0, 0)))
    save_png(tmp_path / "images" / "a.png", np.zeros((1, 3, 3), np.uint8))
    save_png(tmp_path / "masks" / "a.png", np.array([[0, 255, 255]], np.uint8))
    (tmp_path / "labels.json").write_text(two.to_json())
    _, out, _ = run("labels", "check", tmp_path)
    assert "0 and 255 only" in out
    arguments = ("labels", "convert", tmp_path, tmp_path / "out", "--to", "pixelguide")
    code, _, err = run(*arguments, "--map", "__ignore__=face")
    assert (code, err) == (0, "")
    (found,) = read_annotations(tmp_path / "out")
    assert found.label_map().ids.tolist() == [[0, 1, 1]]
