from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pixelguide.edit.result import Candidate, EditResult
from pixelguide.edit.result_folder import check_apart, check_unused, start_over
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap


@pytest.fixture
def result(source: LabelMap, target: LabelMap) -> EditResult:
    candidates = tuple(
        Candidate(k, np.full((16, 16, 3), 80 * k, np.uint8), 0.1, 0.5, 0) for k in range(3)
    )
    return EditResult(candidates, source, target, source.ids != target.ids, {}, {"total": 1.0})


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_earlier_result_stays_unless_it_is_to_go(result: EditResult, tmp_path: Path) -> None:
    result.save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    one = dataclasses.replace(result, candidates=result.candidates[:1])
    with pytest.raises(InputError, match=r"holds results \(00\.png and 5 more\).*overwrite=True"):
        one.save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    (tmp_path / "07.png").write_bytes(b"someone else's")
    (tmp_path / "edit.ora").write_bytes(b"of the earlier result")
    one.save(tmp_path, overwrite=True)
    assert _names(tmp_path) == {"00.png", "07.png", "roi.png", "target.png", "report.json"}


@pytest.mark.parametrize("name", ["report.json", "00.png", "63.jpg", "012.png", "roi.png"])
def test_a_part_of_a_result_counts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"of an interrupted one")
    with pytest.raises(InputError, match="holds results") as refused:
        check_unused(tmp_path, "Choose another.")
    assert refused.value.where == str(tmp_path)
    assert name in refused.value.what
    assert refused.value.hint == "Choose another."


@pytest.mark.parametrize("name", ["2024.jpg", "001.jpg", "face.png", "notes.json", "1.png"])
def test_other_files_may_lie_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a photograph")
    check_unused(tmp_path)
    check_unused(tmp_path / "nowhere")
    check_unused(tmp_path / name)  # whether it is a folder is asked elsewhere


def test_frames_go_too(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"frames": [{"file": "000.png"}, {"file": "001.png"}]}')
    for name in ("000.png", "001.png", "002.png", "frames.gif"):
        (tmp_path / name).write_bytes(b"")
    start_over(tmp_path)
    assert _names(tmp_path) == {"002.png"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"candidates": 3}',
        '{"candidates": [{"file": "../kept.png"}, {"file": "kept.png"}, {"file": 7}]}',
    ],
)
def test_a_report_of_something_else_names_nothing_to_remove(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "result"
    folder.mkdir()
    kept = [tmp_path / "kept.png", folder / "kept.png"]
    for path in kept:
        path.write_bytes(b"kept")
    (folder / "report.json").write_text(content)
    start_over(folder)
    assert all(path.exists() for path in kept)
    assert not (folder / "report.json").exists()


def test_what_cannot_be_removed_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(InputError, match=r"cannot write.*report\.json"):
        start_over(tmp_path)


@pytest.mark.parametrize(
    ("name", "refused"), [("02.png", True), ("12.jpg", True), ("face.png", False), ("2.png", False)]
)
def test_a_result_does_not_replace_the_picture_it_is_made_of(
    tmp_path: Path, name: str, refused: bool
) -> None:
    picture = tmp_path / "result" / name
    check_apart(picture, tmp_path)  # another folder
    if not refused:
        check_apart(picture, tmp_path / "result")
        return
    with pytest.raises(InputError, match="Choose another folder"):
        check_apart(picture, tmp_path / "other" / ".." / "result")
