from __future__ import annotations

from pathlib import Path

import pytest

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.batch.manifest import read_manifest
from pixelguide.errors import InputError


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "image,map,edit,classes,seed,guidance_scale,name\n"
        'faces/a.png,maps/a.png,,"lips;teeth",3,auto,first\n'
        "faces/b.png,,mouth_open,,,,\n"
    )
    (tmp_path / "a.jsonl").write_text(
        '{"image": "faces/a.png", "map": "maps/a.png", "classes": ["lips", "teeth"], "name": '
        '"first", "settings": {"seed": "3", "guidance_scale": "auto"}}\n\n'
        '{"image": "faces/b.png", "edit": "mouth_open", "map": null}\n'
    )
    first, second = read_manifest(tmp_path / "a.csv")
    assert first == BatchEdit(
        image=tmp_path / "faces/a.png", map=tmp_path / "maps/a.png", classes=("lips", "teeth"),
        name="first", settings={"seed": "3", "guidance_scale": "auto"},
    )  # fmt: skip
    assert second == BatchEdit(image=tmp_path / "faces/b.png", edit="mouth_open")
    assert second.title == "b, mouth_open"
    assert read_manifest(tmp_path / "a.jsonl") == [first, second]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "image,map\na.png\n", r"a map or a scripted edit is needed.*line 2"),
        ("a.csv", "image,map,edit\na.png,b.png,mouth_open\n", "one of them"),
        ("a.csv", "image,edit,sede\na.png,mouth_open,1\n", "sede"),
        ("a.csv", "image,edit,seed\na.png,mouth_open,-1\n", "seed: -1.*line 2"),
        ("a.csv", "image,edit\na.png,mouth_open,1\n", "more cells"),
        ("a.csv", "image,edit\n", "no edit"),
        ("a.csv", "edit\nmouth_open\n", "image"),
        ("a.csv", 'image,edit,settings\na.png,mouth_open,"{"\n', "no JSON"),
        ("a.jsonl", '{"image": "a.png", "edit": "b"}\n[1]\n', "no JSON object.*line 2"),
        ("a.jsonl", '{"image": "a.png", "edit": "b", "settings": 3}', "no object"),
        ("a.jsonl", '{"image": "a.png", "edit": "b", "settings": {"num_images": 0}}', "num_images"),
        ("a.txt", "", "no list of edits"),
    ],
)
def test_what_is_wrong_names_its_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_manifest(tmp_path / name)


def test_a_missing_list(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_manifest(tmp_path / "a.csv")
