"""The engine of a batch, by a stub in the model's place."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.batch.run import BatchResult, BatchSettings, run_batch
from pixelguide.errors import InputError, ResourceError
from pixelguide.workers.local_pool import LocalPool
from stub_batch import BUG, FAILS, SETTINGS, OpenStub, StubWorker, edits, stub_run


def run(
    out: Path, wanted: Sequence[BatchEdit], marks: Path, told: Any = None, **changes: Any
) -> BatchResult:
    batch = BatchSettings(**{**vars(SETTINGS), **changes})
    return run_batch(wanted, out, batch, LocalPool(OpenStub(marks)), told)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "summary.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_edit_has_its_folder_and_its_row(tmp_path: Path, strip: Path, marks: Path) -> None:
    states: list[dict[str, Any]] = []
    result = run(tmp_path / "out", edits(strip, 5), marks, states.append)
    assert (result.made, result.known, result.failures) == (5, 0, ())
    table = rows(tmp_path / "out")
    assert [row["roi_pixels"] for row in table] == ["0", "1", "2", "3", "4"]
    assert [row["number"] for row in table] == ["1", "2", "3", "4", "5"]
    for row in table:
        folder = tmp_path / "out" / row["result"]
        assert {path.name for path in folder.iterdir()} == {"00.png", "report.json", "strip.png"}
        assert row["name"] == "strip, open_mouth"
    assert (tmp_path / "out/sheet.png").is_file()
    assert not (tmp_path / "out/failures.jsonl").exists()
    assert states[-1]["done"] == states[-1]["total"] == 5
    assert "edits/s" in states[-1]["note"]


def test_only_what_is_missing_is_made(tmp_path: Path, strip: Path, marks: Path) -> None:
    asked: list[int] = []

    class Counting(StubWorker):
        def perform(self, payload: Any, check: Any) -> Any:
            asked.append(payload.settings["seed"])
            return super().perform(payload, check)

    def make(count: int) -> BatchResult:
        pool = LocalPool(lambda: Counting(0.0))
        return run_batch(edits(strip, count), tmp_path, SETTINGS, pool)

    assert make(3).made == 3
    result = make(5)
    assert (result.made, result.known) == (2, 3)
    assert sorted(asked) == [0, 1, 2, 3, 4]


def test_the_same_edit_twice_is_made_once(tmp_path: Path, strip: Path, marks: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(strip.read_bytes())
    wanted = [*edits(strip, 2), *edits(copy, 1)]
    result = run(tmp_path / "out", wanted, marks)
    assert (result.made, result.known) == (2, 1)
    table = rows(tmp_path / "out")
    assert table[0]["result"] == table[2]["result"] != table[1]["result"]


def test_failures_are_listed_and_tried_again(tmp_path: Path, strip: Path, marks: Path) -> None:
    out = tmp_path / "out"
    bad = [
        BatchEdit(image=strip, edit="open_mouth", settings={"seed": seed}) for seed in (FAILS, BUG)
    ]
    missing = BatchEdit(image=tmp_path / "late.png", edit="open_mouth")
    wanted = [missing, *bad, *edits(strip, 2)]
    result = run(out, wanted, marks)
    assert (result.made, result.complete) == (2, False)
    listed = [json.loads(line) for line in (out / "failures.jsonl").read_text().splitlines()]
    assert [row["number"] for row in listed] == [1, 2, 3]
    assert [row["kind"] for row in listed] == ["InputError", "InputError", "RuntimeError"]
    assert listed[0]["error"].startswith("no such file")
    assert listed[1]["error"] == "nothing to edit, map. Repaint it."
    assert listed[1]["what"] == "open_mouth"
    assert tuple(listed) == result.failures
    assert [bool(row["error"]) for row in rows(out)] == [True] * 3 + [False] * 2
    (tmp_path / "late.png").write_bytes(strip.read_bytes())
    again = run(out, [missing, *wanted[3:]], marks)
    assert again.complete
    assert not (out / "failures.jsonl").exists()


def test_keys_are_of_content(strip: Path, tmp_path: Path) -> None:
    (own,) = edits(strip, 1)
    inputs = own.inputs({"seed": 0}, "png")
    assert inputs.key("model") == own.inputs({"seed": 0}, "png").key("model")
    assert len(inputs.key("model")) == 24
    renamed = tmp_path / "other.png"
    renamed.write_bytes(strip.read_bytes())
    same = BatchEdit(image=renamed, edit="open_mouth", name="another")
    assert same.inputs({"seed": 0}, "png").key("model") == inputs.key("model")
    others = [
        inputs.key("other"),
        own.inputs({"seed": 1}, "png").key("model"),
        own.inputs({"seed": 0}, "tiff").key("model"),
        BatchEdit(image=strip, map=strip).inputs({"seed": 0}, "png").key("model"),
        BatchEdit(image=strip, edit="open_mouth", classes=("a",)).inputs({}, "png").key("model"),
    ]
    assert len({inputs.key("model"), *others}) == 6


def test_a_folder_of_another_model_is_refused(tmp_path: Path, strip: Path, marks: Path) -> None:
    run(tmp_path / "out", edits(strip, 1), marks)
    with pytest.raises(InputError, match="the folder holds a run with model"):
        run(tmp_path / "out", edits(strip, 1), marks, model={"name": "x", "hash": "1"})


def test_a_setting_out_of_range_is_a_failure(tmp_path: Path, strip: Path, marks: Path) -> None:
    wanted = [BatchEdit(image=strip, edit="open_mouth", settings={"seed": "many"})]
    result = run(tmp_path / "out", wanted, marks)
    assert "seed: many" in result.failures[0]["error"]


def test_a_full_disk_ends_the_run_and_it_goes_on(
    tmp_path: Path, strip: Path, marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixelguide.workers.result_store import ResultStore

    kept = ResultStore.keep

    def full(self: ResultStore, key: str, *given: Any) -> bool:
        if len(list(self.keys())) == 2:
            raise ResourceError("cannot write (no space left on device)", key)
        return kept(self, key, *given)

    monkeypatch.setattr(ResultStore, "keep", full)
    with pytest.raises(ResourceError, match="no space"):
        stub_run(tmp_path / "out", strip, marks, 6)
    monkeypatch.undo()
    result = stub_run(tmp_path / "out", strip, marks, 6)
    assert (result.made, result.known) == (4, 2)
