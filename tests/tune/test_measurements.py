from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.tune.measurements import FILE, Measurements
from pixelguide.tune.search import Choice
from pixelguide.tune.truth_edits import TruthEdit, truth_edits

CHOICE = Choice("colours", 100, 2.0, 2, 0.6)


@pytest.fixture
def edits(pictures: LabelledPictures) -> list[TruthEdit]:
    return truth_edits(pictures, EditDefaults(small_roi=30, dilation=1), 4)


def _opened(folder: Path, edits: Sequence[TruthEdit]) -> tuple[Measurements, list[int]]:
    told: list[int] = []
    return Measurements(folder, "a", edits, told.append), told


def test_what_was_measured_is_not_measured_again(
    tmp_path: Path, edits: list[TruthEdit], tiny_editor: Editor
) -> None:
    editors = dict.fromkeys(range(8), tiny_editor)
    known, told = _opened(tmp_path, edits)
    first = known.measure([0, 1, 2], editors)(CHOICE, 2)
    assert told == [1, 2]
    assert all(0 <= score.accuracy <= 1 and score.psnr > 0 for score in first)
    again, told = _opened(tmp_path, edits)
    assert again.measure([0, 1, 2], {})(CHOICE, 2) == first, "no editor is asked"
    assert told == []


@pytest.mark.parametrize("damage", ["", "{", '{"identity": "b"}', "[]"])
def test_what_belongs_to_another_run_goes(
    tmp_path: Path, edits: list[TruthEdit], damage: str
) -> None:
    _opened(tmp_path, edits)
    (tmp_path / FILE).write_text(damage)
    (tmp_path / "guide-0.safetensors").write_text("of another run")
    _opened(tmp_path, edits)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
