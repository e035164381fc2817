from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit import result as module
from pixelguide.edit.result import Candidate, EditResult
from pixelguide.errors import ResourceError
from pixelguide.images import load_rgb
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.segment.picture_statistics import UNLIKELY


@pytest.fixture
def result(source: LabelMap, target: LabelMap) -> EditResult:
    rng = np.random.default_rng(0)
    candidates = tuple(
        Candidate(k, rng.integers(0, 256, (16, 16, 3), np.uint8), loss, 0.123456789, 0)
        for k, loss in enumerate([0.7, 0.2123456789, 0.9])
    )
    roi: NDArray[np.bool_] = source.ids != target.ids
    seconds = {"segment": 0.12345, "total": 1.23456}
    return EditResult(candidates, source, target, roi, {"seed": 3}, seconds)


def test_the_lowest_loss_is_best(result: EditResult) -> None:
    assert [candidate.index for candidate in result.ranked] == [1, 0, 2]
    assert result.best is result.candidates[1]


def test_report_has_exactly_the_promised_format(result: EditResult) -> None:
    # design.md, "The command line"; `best` comes on top of it
    assert result.report() == {
        "settings": {"seed": 3},
        "roi_pixels": 25,
        "best": "01.png",
        "candidates": [
            {
                "file": f"0{k}.png",
                "roi_accuracy": 0.123457,
                "roi_loss": loss,
                "changed_pixels_outside": 0,
            }
            for k, loss in enumerate([0.7, 0.212346, 0.9])
        ],
        "seconds": {"segment": 0.123, "total": 1.235},
    }


def test_saved_files_say_what_the_result_says(
    result: EditResult, labels: LabelSet, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "inside"
    result.save(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {"00.png", "01.png", "02.png", "roi.png", "target.png", "report.json"}
    for candidate in result.candidates:
        assert np.array_equal(load_rgb(folder / f"0{candidate.index}.png"), candidate.image)
    assert np.array_equal(load_rgb(folder / "roi.png")[..., 0] == 255, result.roi)
    assert np.array_equal(LabelMap.load(folder / "target.png", labels).ids, result.target.ids)
    assert json.loads((folder / "report.json").read_text()) == result.report()


def test_the_report_is_written_last(
    result: EditResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(path: Path, content: bytes) -> None:
        assert path.name == "report.json"
        there = {p.name for p in tmp_path.iterdir()}
        assert there == {"00.png", "01.png", "02.png", "roi.png", "target.png"}
        raise ResourceError("cannot write (no space left on device)", str(path))

    monkeypatch.setattr(module, "write_atomically", check)
    with pytest.raises(ResourceError):
        result.save(tmp_path)
    assert not (tmp_path / "report.json").exists()


def test_results_are_told_in_a_line(result: EditResult) -> None:
    told = [repr(each) for each in (result, result.best, result.target)]
    assert told[0] == (
        "EditResult(25 pixels in the ROI, best Candidate(1, ROI accuracy 0.123, loss 0.212) of 3)"
    )
    assert told[2].startswith("LabelMap(16×16: ")
    assert all(len(text) < 120 for text in told)


def _ranked(*pairs: tuple[float, float | None]) -> list[int]:
    """The order of candidates with such losses and oddities."""
    image = np.zeros((2, 2, 3), np.uint8)
    made = [Candidate(k, image, loss, 0.5, 0, odd) for k, (loss, odd) in enumerate(pairs)]
    return [own.index for own in sorted(made, key=lambda own: own.rank)]


def test_of_candidates_that_agree_alike_the_more_usual_ranks_first() -> None:
    assert _ranked((0.5, 1.2), (0.5, 0.9)) == [1, 0]
    assert _ranked((0.5, None), (0.4, None)) == [1, 0]
    assert _ranked((0.01, UNLIKELY + 0.1), (2.0, 1.0)) == [1, 0], "unlikely ones come last"


def test_the_category_says_what_is_unlikely() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    assert Candidate(0, image, 0.5, 0.9, 0, 1.3, odd_from=1.25).unlikely
    assert not Candidate(0, image, 0.5, 0.9, 0, 1.3).unlikely


def test_the_report_says_which_candidates_are_unlikely(result: EditResult) -> None:
    odd = dataclasses.replace(
        result,
        candidates=tuple(
            dataclasses.replace(own, oddity=oddity)
            for own, oddity in zip(result.candidates, (1.0, 3.0, 0.98), strict=True)
        ),
    )
    entries = odd.report()["candidates"]
    assert [entry["unlikely"] for entry in entries] == [False, True, False]
    assert entries[1]["oddity"] == 3.0
    assert odd.best.index == 0  # 1 follows the map best
