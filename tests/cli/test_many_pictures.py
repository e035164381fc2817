"""`segment` and `edit` of several pictures: the model is opened once, results are those of one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Run, assert_one_error
from pixelguide.edit.editor import Editor
from pixelguide.images import save_png

MODEL = ("--device", "cpu")


@pytest.fixture
def three(desk: Path, picture: NDArray[np.uint8]) -> list[Path]:
    """Three pictures and, in `maps`, the map of each after painting."""
    found = []
    for k in range(3):
        save_png(desk / "pictures" / f"{k}.png", np.roll(picture, k, 0))
        (desk / "maps").mkdir(exist_ok=True)
        shutil.copy(desk / "target.png", desk / "maps" / f"{k}.png")
        (desk / "before").mkdir(exist_ok=True)
        shutil.copy(desk / "source.png", desk / "before" / f"{k}.png")
        found.append(desk / "pictures" / f"{k}.png")
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `Editor.from_pretrained` was asked for."""
    calls: list[Any] = []
    known = Editor.from_pretrained.__func__  # type: ignore[attr-defined]

    def from_pretrained(cls: type[Editor], *given: Any) -> Editor:
        calls.append(given)
        editor: Editor = known(cls, *given)
        return editor

    monkeypatch.setattr(Editor, "from_pretrained", classmethod(from_pretrained))
    return calls


def test_a_picture_that_cannot_be_read_as_a_map_leaves_the_others_theirs(
    run: Run, desk: Path, three: list[Path]
) -> None:
    save_png(three[1], np.zeros((8, 8, 3), np.uint8))  # so small that the part lies outside
    model = ("--model", desk / "model", "--crop", "4,4,12", *MODEL)
    code, out, err = run("segment", *three, "-o", desk / "read", *model)
    assert code == 2
    assert [path.name for path in sorted((desk / "read").glob("*.png"))] == ["0.png", "2.png"]
    assert err.count("error: ") == 2
    assert "1.png" in err.splitlines()[-1]
    assert "1 of 3 pictures have no map" in err.splitlines()[-1]
    assert str(desk / "read" / "2.png") in out


def _edit(run: Run, desk: Path, images: list[Any], **changes: Any) -> tuple[int, str, str]:
    options = {
        "map": desk / "maps", "source-map": desk / "before", "out": desk / "out",
        "model": desk / "model", "steps": 3, "start": 300, "classes": "house", **changes,
    }  # fmt: skip
    given = [f"--{name}={value}" for name, value in options.items()]
    return run("edit", *images, "-n", 2, *given, *MODEL)


def test_maps_of_several_go_to_a_folder_and_are_those_of_one(
    run: Run, desk: Path, three: list[Path], opened: list[Any]
) -> None:
    model = ("--model", desk / "model", *MODEL)
    code, out, err = run("segment", *three, "-o", desk / "read", *model)
    assert code == 0, err
    assert len(opened) == 1
    assert len(out.splitlines()) == 3
    for image in three:
        run("segment", image, "-o", desk / "one.png", *model)
        assert (desk / "read" / image.name).read_bytes() == (desk / "one.png").read_bytes()


def test_edits_of_several_are_those_of_one(
    run: Run, desk: Path, three: list[Path], opened: list[Any]
) -> None:
    code, out, err = _edit(run, desk, [desk / "pictures" / "*.png"])
    assert code == 0, err
    assert len(opened) == 1
    assert len(out.splitlines()) == 3
    for image in three:
        one = {"map": desk / "target.png", "source-map": desk / "source.png", "out": desk / "one"}
        assert _edit(run, desk, [image, "--overwrite"], **one)[0] == 0
        results = [
            (
                [(folder / name).read_bytes() for name in ("00.png", "01.png", "roi.png")],
                json.loads((folder / "report.json").read_text())["candidates"],
            )
            for folder in (desk / "out" / image.stem, desk / "one")
        ]
        assert results[0] == results[1]


def test_a_map_may_be_called_edited(run: Run, desk: Path, three: list[Path]) -> None:
    (desk / "maps/1.png").rename(desk / "maps/1_edited.png")
    code, _, err = _edit(run, desk, list(three))
    assert code == 0, err


@pytest.mark.parametrize(
    ("break_it", "changes", "told"),
    [
        (lambda desk: (desk / "maps/2.png").unlink(), {}, "no map of 2"),
        (lambda desk: shutil.copy(desk / "target.png", desk / "maps/2_edited.png"), {},
         "two maps of 2"),
        (lambda desk: (desk / "maps/2.png").write_bytes(b"none"), {}, "2.png"),
        (lambda desk: (desk / "pictures/2.png").write_bytes(b"none"), {}, "2.png"),
        (lambda desk: None, {"map": "target.png"}, "not a folder"),
        (lambda desk: None, {"eyes": "1,2,3,4"}, "--eyes with several pictures"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_told_before_the_first(
    run: Run, desk: Path, three: list[Path], opened: list[Any],
    break_it: Any, changes: dict[str, Any], told: str,
) -> None:  # fmt: skip
    break_it(desk)
    assert told in assert_one_error(_edit(run, desk, list(three), **changes))
    assert not opened
    assert not (desk / "out").exists()


def test_names_and_patterns_must_mean_something(run: Run, desk: Path, three: list[Path]) -> None:
    (desk / "other").mkdir()
    shutil.copy(three[0], desk / "other" / "0.png")
    images = [*three, desk / "other" / "0.png"]
    assert "two pictures of one name" in assert_one_error(_edit(run, desk, images))
    none = desk / "pictures" / "*.jpg"
    assert "no file fits" in assert_one_error(_edit(run, desk, [none]))


def test_a_file_with_brackets_in_its_name_is_that_file(
    run: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    save_png(desk / "me [1].png", picture)
    code, _, err = run(
        "segment", desk / "me [1].png", "-o", desk / "map.png", "--model", desk / "model", *MODEL
    )
    assert code == 0, err
