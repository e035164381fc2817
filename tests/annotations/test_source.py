"""Folders, zip files and single files, by relative names; what is no data is not seen."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pixelguide.annotations.source import marked, open_source
from pixelguide.errors import InputError, SafetyError


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    return path


NAMES = ("a.json", "deep/b.png", "._a.json", ".DS_Store", "__MACOSX/a.json", ".git/x.json")


@pytest.mark.parametrize("kind", ["folder", "zip", "zip in a folder", "zip in a zip"])
def test_the_same_files_however_they_come(tmp_path: Path, kind: str) -> None:
    path = folder(tmp_path, *NAMES) if kind == "folder" else zipped(tmp_path / "x.zip", *NAMES)
    if kind == "zip in a zip":
        with zipfile.ZipFile(tmp_path / "y.zip", "w") as outer:
            outer.write(path, "inner/x.zip")
        path = tmp_path / "y.zip"
    source = open_source(tmp_path if "folder" in kind else path)
    assert source.names == ("a.json", "deep/b.png")
    assert source.read("deep/b.png") == b"deep/b.png"
    assert source.below("deep/").names == ("b.png",)
    assert source.below("deep/").text("b.png") == "deep/b.png"
    assert source.where("deep/b.png").endswith("b.png")


@pytest.mark.parametrize("place", ["x.json", "annotations/x.json", "json/x.json"])
def test_one_file_is_seen_among_others(tmp_path: Path, place: str) -> None:
    folder(tmp_path, place, "images/a.png", "other.json")
    source = open_source(tmp_path / place)
    assert source.chosen == place
    assert source.ending(".json") == (place,)
    assert "images/a.png" in source


def test_what_lies_below_a_marker(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, "top/labelmap.txt", "top/maps/x.png"))
    found = marked(source, "labelmap.txt")
    assert found is not None
    assert found.names == ("labelmap.txt", "maps/x.png")
    assert marked(source, "other.txt") is None
    folder(tmp_path, "more/labelmap.txt")
    with pytest.raises(InputError, match=r"2 files labelmap\.txt"):
        marked(open_source(tmp_path), "labelmap.txt")


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(SafetyError, match="a link leads out"):
        open_source(tmp_path / "data").read("x.png")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    source = open_source(tmp_path)
    with pytest.raises(InputError, match=r"no such file, a\.png"):
        source.read("a.png")
    (tmp_path / "x.zip").write_text("no zip")
    assert "x.zip" in open_source(tmp_path)
