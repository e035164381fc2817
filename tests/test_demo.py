from __future__ import annotations

import json
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import make_bank
from model_folders import write_category, write_portrait_category
from pixelguide.demo import measure_segmentation, run_demo
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.portrait_edits import portrait_edits
from pixelguide.images import load_rgb
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import EDITS, LABELS
from pixelguide.prior.denoiser import Denoiser


def refuse(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[Any]]:
    """The folder, report and progress of a demo with an untrained model and few steps."""
    folder = tmp_path_factory.mktemp("demo")
    model = write_portrait_category(folder / "tiny")
    told: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Editor, "edit", partialmethod(Editor.edit, num_inference_steps=2))
        patch.setattr(Editor, "reconstruct", partialmethod(Editor.reconstruct, steps=2))
        report = run_demo(folder / "out", str(model), "cpu", 9, 4, 2, told.append)
    return folder / "out", report, told


def test_report_holds_every_edit_and_is_json(demo: tuple[Path, dict[str, Any], Any]) -> None:
    out, report, _ = demo
    saved = json.loads((out / "report.json").read_text(), parse_constant=refuse)
    assert saved == json.loads(json.dumps(report))
    assert saved["edits"] == len(saved["cases"]) == 9
    assert saved["model"]["name"] == "tiny"
    assert [case["edit"] for case in saved["cases"]] == [*EDITS, next(iter(EDITS))]
    assert [case["portrait"] for case in saved["cases"]] == [c.index for c in portrait_edits(9)]
    for case in saved["cases"]:
        for run in ("guided", "scale_0"):
            assert case[run]["changed_pixels_outside"] == 0
            assert 0 <= case[run]["roi_accuracy"] <= 1
            assert case[run]["roi_loss"] > 0
            assert 0 < case[run]["true_psnr"] < 100


def test_the_table_repeats_the_cases(demo: tuple[Path, dict[str, Any], Any]) -> None:
    _, report, _ = demo
    table = {row[0]: row[1:] for row in report["table"]}
    for column, run in enumerate(("guided", "scale_0")):
        mean = np.mean([case[run]["roi_accuracy"] for case in report["cases"]])
        assert float(table["ROI accuracy, best of n"][column]) == pytest.approx(mean, abs=6e-4)
    assert table["changed pixels outside"] == ("0", "0")


def test_files_are_the_first_eight_edits_and_a_sheet(
    demo: tuple[Path, dict[str, Any], Any],
) -> None:
    out, report, _ = demo
    folders = sorted(path.name for path in out.iterdir() if path.is_dir())
    assert folders == [f"{k:02d}-{name}" for k, name in enumerate(EDITS)]
    for k, case in zip(range(8), portrait_edits(8, 32), strict=False):
        folder = out / folders[k]
        own = json.loads((folder / "report.json").read_text(), parse_constant=refuse)
        assert own["roi_pixels"] == report["cases"][k]["roi_pixels"]
        roi = load_rgb(folder / "roi.png")[..., 0] == 255
        for candidate in own["candidates"]:
            image = load_rgb(folder / candidate["file"])
            assert np.array_equal(image[~roi], case.before.image[~roi])
    height, width = load_rgb(out / "contact-sheet.png").shape[:2]
    assert height > 8 * 64
    assert width > (4 + 2 + 1) * 64


def test_progress_never_goes_back(demo: tuple[Path, dict[str, Any], list[Any]]) -> None:
    for stage, total in (("segment", 4), ("edit", 9)):
        own = [state for state in demo[2] if state["stage"] == stage]
        done = [state["done"] for state in own]
        assert done == sorted(done)
        assert {state["total"] for state in own} == {total}
        assert done[-1] == total


def test_a_model_of_something_else_is_refused(
    tmp_path: Path, denoiser: Denoiser, labels: LabelSet
) -> None:
    bank = make_bank(denoiser, [[50]], 1)
    model = write_category(tmp_path / "houses", denoiser, bank, bank, labels)
    with pytest.raises(InputError, match="not a model of portraits"):
        run_demo(tmp_path / "out", str(model), "cpu", 8, 2, 1, lambda _: None)
    assert not (tmp_path / "out").exists()


def test_segmentation_is_measured_over_all_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor.from_pretrained(write_portrait_category(tmp_path), "cpu")
    from pixelguide.evaluate.portrait_edits import held_out_portraits

    images, maps = held_out_portraits(3, 32)

    def read(self: Editor) -> LabelMap:
        (k,) = (k for k in range(3) if np.array_equal(images[k], self.image))
        own = maps[k].copy()
        own[own == LABELS.id("iris")] = LABELS.id("eye white")
        return LabelMap(own, LABELS)

    monkeypatch.setattr(Editor, "segment", read)
    measured = measure_segmentation(editor, 3)
    occurring = np.unique(maps)
    for i, name in enumerate(LABELS.names):
        if i not in occurring:
            assert measured["iou"][name] is None
        elif name == "iris":
            assert measured["iou"][name] == 0
        elif name == "eye white":
            white, iris = ((maps == LABELS.id(n)).sum() for n in ("eye white", "iris"))
            assert measured["iou"][name] == pytest.approx(white / (white + iris))
        else:
            assert measured["iou"][name] == 1
    known = [value for value in measured["iou"].values() if value is not None]
    assert measured["miou"] == pytest.approx(np.mean(known))
