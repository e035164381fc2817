from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelguide.batch.pairs import read_pairs, scripted_pairs
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_maps_beside_their_pictures(tmp_path: Path, labels: LabelSet) -> None:
    touch(tmp_path, "a.jpg", "a_edited.png", "a_hair_edited.png", "a_label.png", "b_c.png")
    touch(tmp_path, "b_c_edited.png", "notes.txt", "._a_edited.png")
    edits = read_pairs(tmp_path, labels)
    found = [
        (e.image.name, e.map and e.map.name, e.source_map and e.source_map.name, e.title)
        for e in edits
    ]
    assert found == [
        ("a.jpg", "a_edited.png", "a_label.png", "a"),
        ("a.jpg", "a_hair_edited.png", "a_label.png", "a_hair"),
        ("b_c.png", "b_c_edited.png", None, "b_c"),
    ]


def test_files_of_the_methods_authors(tmp_path: Path, labels: LabelSet) -> None:
    touch(tmp_path, "7_img.png", "7_raw.png", "7_house_edited.png", "7_sky_edited.png")
    (tmp_path / "edits.json").write_text(json.dumps({"7_house_edited": [2], "7_sky_edited": [0]}))
    first, second = read_pairs(tmp_path, labels)
    assert (first.image.name, first.classes) == ("7_img.png", ("house",))
    assert first.source_map == tmp_path / "7_raw.png"
    assert second.classes == ("sky",)
    (tmp_path / "edits.json").write_text(json.dumps({"7_house_edited": [3]}))
    with pytest.raises(InputError, match="no class ids"):
        read_pairs(tmp_path, labels)


@pytest.mark.parametrize("maps", ["maps", "labels"])
def test_parallel_folders(tmp_path: Path, labels: LabelSet, maps: str) -> None:
    touch(tmp_path, "images/a.png", "images/b.png", f"{maps}/a.png", f"{maps}/b_edited.png")
    edits = read_pairs(tmp_path, labels)
    assert [(e.image.stem, e.map and e.map.stem) for e in edits] == [("a", "a"), ("b", "b_edited")]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.png"], "no pictures with maps"),
        (["a_edited.png"], "without its picture"),
        (["images/a.png"], "0 folders of maps"),
        (["images/a.png", "maps/b.png"], "without its picture"),
        (["images/a.png", "maps/a.txt"], "no maps"),
    ],
)
def test_what_is_missing(tmp_path: Path, labels: LabelSet, names: list[str], words: str) -> None:
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=words):
        read_pairs(tmp_path, labels)


def test_each_picture_with_each_scripted_edit(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a_label.png", "b.png", "b_edited.png")
    found = scripted_pairs(tmp_path, ["open_mouth", "close_eyes"])
    assert [(e.image.name, e.edit) for e in found] == [
        ("a.png", "open_mouth"), ("a.png", "close_eyes"),
        ("b.png", "open_mouth"), ("b.png", "close_eyes"),
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        scripted_pairs(tmp_path / "empty", ["open_mouth"])
