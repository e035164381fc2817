"""Paths that tools write, and the one picture that each of them means."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelguide.annotations import Interpretation
from pixelguide.annotations.finding import Pictures, picture_name
from pixelguide.annotations.source import open_source
from pixelguide.errors import InputError, SafetyError


def pictures(folder: Path, *names: str, images: Path | None = None) -> Pictures:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return Pictures(open_source(folder), Interpretation(images=images))


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("a.jpg", "images/Train/a.jpg"),  # CVAT, datumaro
        ("a.jpg", "train2017/a.jpg"),  # COCO
        ("a.jpg", "data/a.jpg"),  # FiftyOne
        ("a.jpg", "images/default/a.jpg"),  # CVAT
        ("images/1/1f2e-a.jpg", "images/1f2e-a.jpg"),  # Label Studio
        ("../../label-studio/data/media/upload/1/1f2e-a.jpg", "1f2e-a.jpg"),
        ("../media/upload/4/1f2e3d4c-a.jpg", "images/a.jpg"),  # its prefix taken off
        ("..\\..\\label-studio\\media\\upload\\4\\1f2e-a.jpg", "images/1f2e-a.jpg"),
        ("/data/upload/1/1f2e3d4c-a.jpg", "1f2e3d4c-a.jpg"),
        ("/data/local-files/?d=set%20one/a.jpg", "set one/a.jpg"),
        ("http://localhost:8080/data/upload/1/1f2e-a%20b.jpg", "1f2e-a b.jpg"),
        ("a.jpg", "images/1f2e3d4c-a.jpg"),
        ("C:\\Users\\me\\Pictures\\a.jpg", "a.jpg"),  # labelme on Windows
        ("..\\images\\a.jpg", "images/a.jpg"),
    ],
)
def test_tools_paths(tmp_path: Path, text: str, there: str) -> None:
    found = pictures(tmp_path, there, "other/b.jpg").find(text, "x.json")
    assert found is not None
    assert found.where == there.rpartition("/")[2]


def test_longer_ends_decide_between_equal_names(tmp_path: Path) -> None:
    own = pictures(tmp_path, "one/a.jpg", "two/a.jpg", "images/val/b.jpg", "images/train/b.jpg")
    assert own.find("up/two/a.jpg", "x.json") is not None
    assert own.used == {"two/a.jpg"}
    assert own.find("b.jpg", "x.json", ["", "images/train/"]) is not None
    assert own.used == {"two/a.jpg", "images/train/b.jpg"}
    with pytest.raises(InputError, match=r"2 pictures are called 'a\.jpg', x\.json.*--images"):
        own.find("../upload/a.jpg", "x.json")


def test_what_is_not_there(tmp_path: Path) -> None:
    own = pictures(tmp_path, "b.jpg")
    assert own.find("a.jpg", "x.json") is None
    assert own.find("https://example.com/a.jpg", "x.json") is None
    with pytest.raises(SafetyError, match=r"leads out of the data set, x\.json.*--images"):
        own.find("../a.jpg", "x.json")
    assert own.others() == ("b",)


def test_a_folder_of_pictures_may_be_named(tmp_path: Path) -> None:
    pictures(tmp_path / "elsewhere", "a.jpg")
    own = pictures(tmp_path / "set", "x.json", images=tmp_path / "elsewhere")
    assert own.find("../media/a.jpg", "x.json") is not None
    assert own.of_stem("a", []) is not None
    with pytest.raises(InputError, match="no such folder"):
        Interpretation(images=tmp_path / "nowhere")


def test_names_of_pictures() -> None:
    assert picture_name("sub/a.b.jpg", "x.json") == "sub_a.b"
    assert picture_name("../media/upload/1/1f2e-a.jpg", "x.json") == "1f2e-a"
    assert picture_name("C:\\x\\a.jpg", "x.json") == "a"
    assert picture_name("http://host/data/a%20b.jpg", "x.json") == "a b"
