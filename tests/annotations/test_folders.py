"""Names and paths from outside, and places that are filled completely or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.datasets import error_of
from pixelguide.annotations.folders import (
    files,
    flat_name,
    inside,
    new_file,
    new_folder,
    pictures_by_stem,
    relative_path,
)
from pixelguide.errors import InputError, SafetyError


@pytest.mark.parametrize(
    "text", ["../x", "a/../x", "/x", "\\x", "..\\x", "c:\\x", "c:x", "\\\\h\\x", "a\0b", "//h/x"]
)
def test_paths_that_lead_out(tmp_path: Path, text: str) -> None:
    with pytest.raises(SafetyError, match=r"leads out of the data set, x\.json"):
        inside(tmp_path, text, "x.json")


@given(st.text(max_size=20) | st.text("./\\a:", max_size=8))
def test_every_path_is_inside_or_refused(text: str) -> None:
    if not error_of(lambda: relative_path(text, "x.json")):
        path = Path("/base") / relative_path(text, "x.json")
        assert os.path.normpath(path).startswith("/base/")


@pytest.mark.parametrize("text", ["", ".", "a" * 300, "a/" * 600])
def test_what_is_no_file_name(text: str) -> None:
    with pytest.raises(InputError, match="not a file name"):
        relative_path(text, "x.json")


def test_links_that_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "secret.png").write_text("")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    for name in ("link.png", "loop.png"):
        with pytest.raises(SafetyError, match="a link leads out"):
            inside(folder, name, "x.json")
    (folder / "own.png").symlink_to(folder / "real.png")
    assert inside(folder, "own.png", "x.json") == folder / "own.png"


def test_flat_names() -> None:
    assert flat_name("train/a.b", "x") == flat_name("train\\a.b", "x") == "train_a.b"
    for text in ("a\nb", ".a", "é" * 150, "\ud800"):
        with pytest.raises(InputError, match="not a name for a picture"):
            flat_name(text, "x")


def test_pictures(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "b.png", "c.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.png").mkdir()
    os.mkfifo(tmp_path / "e.png")
    assert pictures_by_stem(tmp_path) == {"a": tmp_path / "a.PNG", "b": tmp_path / "b.png"}
    assert pictures_by_stem(tmp_path / "missing") == {}


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    with pytest.raises(InputError, match="cannot read"):
        pictures_by_stem(tmp_path)


def test_what_starts_with_a_dot_is_no_data(tmp_path: Path) -> None:
    for name in ("a.png", "._a.png", ".b.png"):  # as macOS leaves them on other file systems
        (tmp_path / name).write_text("")
    assert files(tmp_path, ".png") == [tmp_path / "a.png"]


def test_a_new_folder_comes_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "new") as partial:
        (partial / "x").write_text("1")
        assert not (tmp_path / "deep" / "new").exists()
    assert (tmp_path / "deep" / "new" / "x").read_text() == "1"
    assert (tmp_path / "deep" / "new").stat().st_mode & 0o777 == 0o755
    with pytest.raises(InputError, match="something is there already"), new_folder(tmp_path):
        pass


@pytest.mark.parametrize("place", [new_folder, new_file])
def test_interrupted_work_leaves_nothing(tmp_path: Path, place: object) -> None:
    def fill() -> None:
        with place(tmp_path / "new") as partial:  # type: ignore[operator]
            if place is new_folder:
                (partial / "x").write_text("1")
            else:
                partial.write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_comes_whole(tmp_path: Path) -> None:
    with new_file(tmp_path / "deep" / "x.zip") as partial:
        partial.write_text("1")
    assert (tmp_path / "deep" / "x.zip").read_text() == "1"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["x.zip"]


@pytest.mark.parametrize("place", [new_folder, new_file])
def test_places_that_cannot_be_written(tmp_path: Path, place: object) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="cannot write"),
        place(tmp_path / "file" / "new"),  # type: ignore[operator]
    ):
        pass
