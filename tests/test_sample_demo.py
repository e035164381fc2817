"""The demonstration for categories without a truth."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.images import load_rgb
from pixelguide.labels import LabelMap
from pixelguide.portraits import LABELS
from pixelguide.sample_demo import SCRIPTED, run_sample_demo, sample_edits

SIZE = 16


class _Reads:
    """An editor that reads in each square what its brightness says: a face, how clearly, and
    whether it has eyes."""

    size = SIZE

    def set_image(self, image: NDArray[np.uint8]) -> None:
        self.image = image

    def segment(self) -> LabelMap:
        value = int(self.image[0, 0, 0])
        ids = np.full((SIZE, SIZE), LABELS.id("face"), np.uint8)
        ids[10:13, 5:11] = LABELS.id("lips")
        ids[11, 6:10] = LABELS.id("teeth")
        if value >= 100:
            ids[3:7, 2:6] = ids[3:7, 10:14] = LABELS.id("iris")
        return LabelMap(ids, LABELS, np.full((SIZE, SIZE), 1 - value / 255, np.float32))


def _sheet(*values: int) -> NDArray[np.uint8]:
    squares = [np.full((SIZE, SIZE, 3), value, np.uint8) for value in values]
    half = len(squares) // 2
    return np.vstack([np.hstack(squares[:half]), np.hstack(squares[half:])])


def test_the_clearest_samples_are_edited_in_turn() -> None:
    edits = sample_edits(_Reads(), _sheet(10, 200, 20, 90), 8)  # type: ignore[arg-type]
    assert {edit.number for edit in edits} == {1, 3}, "the half with the least doubt"
    assert [edit.name for edit in edits if edit.number == 3] == ["close_mouth", "open_mouth"]
    assert {edit.name for edit in edits if edit.number == 1} == {
        "open_mouth", "close_mouth", "close_eyes", "bigger_eyes",
    }  # fmt: skip
    for edit in edits:
        assert edit.classes
        assert (edit.target.ids != edit.source.ids).any()
        assert edit.image[0, 0, 0] == {1: 200, 3: 90}[edit.number]
    assert len(sample_edits(_Reads(), _sheet(10, 200, 20, 90), 3)) == 3  # type: ignore[arg-type]


def test_faces_are_edited_and_told_of(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    report = run_sample_demo(tmp_path, "faces-128", "cpu", 2, 1, told.append)
    written = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert written == json.loads(json.dumps(report))
    assert report["edits"] == 2
    assert [case["edit"] for case in report["cases"]] == list(SCRIPTED)[:2]
    for number, case in enumerate(report["cases"]):
        assert case["changed_pixels_outside"] == 0
        assert case["roi_accuracy"] > 0.6
        assert (tmp_path / f"{number:02d}-{case['edit']}" / "report.json").exists()
    sheet = load_rgb(tmp_path / "contact-sheet.png")
    assert sheet.shape[1] > 5 * 128
    assert told[-1]["done"] == told[-1]["total"] == 2


def test_a_model_without_samples_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = SimpleNamespace(has=lambda name: False)
    monkeypatch.setattr("pixelguide.sample_demo.ModelFolder", SimpleNamespace(open=lambda _: bare))
    with pytest.raises(InputError, match="a model without samples"):
        run_sample_demo(tmp_path, "faces-128", "cpu", 8, 1, lambda _: None)


def test_samples_without_a_known_part_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelguide.sample_demo.sample_edits", lambda *_: [])
    with pytest.raises(InputError, match="nothing to edit in its samples"):
        run_sample_demo(tmp_path, "faces-128", "cpu", 8, 1, lambda _: None)
