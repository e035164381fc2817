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


def test_check_with_named_classes(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "my.json").write_text(WITH_BACKGROUND.to_json())
    (data / "labels.json").unlink()
    assert "classes are missing" in assert_one_error(run("labels", "check", data))
    assert run("labels", "check", data, "--labels", tmp_path / "my.json")[0] == 0


def test_check_of_nothing(run: Run, tmp_path: Path) -> None:
    assert "no such file or folder" in assert_one_error(run("labels", "check", tmp_path / "no"))
    assert "no annotations of a known" in assert_one_error(run("labels", "check", tmp_path))
