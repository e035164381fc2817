from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.contact_sheet import MARGIN
from pixelguide.evaluate.evaluation import Evaluation, evaluate, reference_of, sheets, tasks_of
from pixelguide.evaluate.task_folder import load_tasks, write_tasks
from pixelguide.images import load_rgb, save_png

FEW = {"num_inference_steps": 2, "start_timestep": 200}


@pytest.fixture
def folder(tmp_path: Path, task: EditTask) -> Path:
    shifted = replace(task, name="b-house", image=np.roll(task.image, 3, 0))
    write_tasks(tmp_path / "edits", [task, shifted])
    return tmp_path / "edits"


@pytest.fixture
def plan(folder: Path) -> Evaluation:
    methods = ("guided", "paste", "sdedit:t0=0.2,steps=2", "truth")
    return Evaluation(methods, edits=None, folder=folder, num_images=2, settings=FEW)


def test_everything_is_written(tmp_path: Path, editor: Editor, plan: Evaluation) -> None:
    out = tmp_path / "out"
    entries = evaluate(editor, "tiny", plan, out)
    assert [(entry["method"], entry["pick"]) for entry in entries] == [
        ("guided", "best"),
        ("guided", "random"),
        ("paste", "best"),
        ("sdedit:t0=0.2,steps=2", "best"),
        ("sdedit:t0=0.2,steps=2", "random"),
        ("truth", "best"),
    ]
    report = json.loads((out / "summary.json").read_text())
    assert report["summary"] == entries
    assert report["model"] == "tiny"
    rows = list(csv.DictReader((out / "rows.csv").read_text().splitlines()))
    assert len(rows) == 2 * 6
    assert "| guided | best | 2 |" in (out / "table.md").read_text()
    sheet = load_rgb(out / "sheet-00.png")
    assert sheet.shape[1] > 9 * 32 + 2 * MARGIN, "four columns of the task, five of pictures"
    assert len(load_tasks(out / "tasks", editor)) == 2


def test_outside_is_exact_for_all_but_the_truth(
    tmp_path: Path, editor: Editor, plan: Evaluation
) -> None:
    for entry in evaluate(editor, "tiny", plan, tmp_path / "out"):
        if entry["method"] != "truth":
            assert entry["measures"]["mae_outside"]["high"] == 0
            assert entry["measures"]["psnr_outside"]["low"] == 100
        else:
            assert entry["measures"]["true_psnr"]["mean"] == 100


def test_again_is_the_same_and_makes_nothing(
    tmp_path: Path, editor: Editor, plan: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = evaluate(editor, "tiny", plan, out)
    monkeypatch.setattr(editor, "edit", None)
    assert evaluate(editor, "tiny", plan, out) == first


def test_finished_pictures_stand_beside_ours(
    tmp_path: Path, editor: Editor, plan: Evaluation
) -> None:
    for task in load_tasks(plan.folder or Path(), editor):
        save_png(tmp_path / "gan" / f"{task.name}.png", 255 - task.image)
    own = replace(plan, methods=("paste",), results=[("EditGAN", tmp_path / "gan")])
    paste, gan = evaluate(editor, "tiny", own, tmp_path / "out")
    assert (paste["method"], gan["method"]) == ("paste", "EditGAN")
    assert gan["measures"]["mae_outside"]["mean"] > 0.1
    assert "seconds" not in gan["measures"]


def test_parts_of_a_folder(editor: Editor, plan: Evaluation) -> None:
    tasks, colours = tasks_of(editor, replace(plan, first=1))
    assert [task.name for task in tasks] == ["b-house"]
    assert set(colours) == {0, 1}, "colours come from all of its pictures"
    assert len(tasks_of(editor, replace(plan, edits=1))[0]) == 1
    with pytest.raises(InputError, match="no edit from number 2 on"):
        tasks_of(editor, replace(plan, first=2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edits": 0}, "0 edits"),
        ({"maps": "painted"}, "maps 'painted'"),
        ({"num_images": 0}, "num_images"),
        ({"settings": {"speed": 1}}, "speed"),
        ({"methods": ("magic",)}, "magic"),
        ({"results": [("x", Path("nowhere"))]}, "nowhere"),
        ({"inception": Path("nowhere")}, "nowhere|torch-fidelity"),
    ],
)
def test_bad_plans_are_refused_before_anything_is_written(
    tmp_path: Path, editor: Editor, plan: Evaluation, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(editor, "tiny", replace(plan, **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sets_are_compared_with_the_true_edits_where_all_are_known(task: EditTask) -> None:
    other = replace(task, name="other", image=255 - task.image)
    name, pictures = reference_of([task, other])
    assert name == "the true edits"
    assert np.array_equal(pictures, [task.truth, task.truth])
    name, pictures = reference_of([task, replace(other, truth=None)])
    assert name == "the unedited pictures"
    assert np.array_equal(pictures, [task.image, other.image])


def test_long_series_go_on_several_sheets(task: EditTask) -> None:
    many = [replace(task, name=f"t{k}") for k in range(25)]
    rows = [
        {"task": own.name, "method": "m", "pick": "best", "roi_accuracy": 0.5,
         "independent_accuracy": None}
        for own in many
    ]  # fmt: skip
    made = sheets(many, rows, lambda row: task.image)
    assert len(made) == 3
    assert made[0].shape == made[1].shape
    assert made[2].shape[0] < made[1].shape[0]


def test_an_edit_without_a_labelled_pixel_has_a_place_on_the_sheet(task: EditTask) -> None:
    row = {"task": task.name, "method": "m", "pick": "best", "roi_accuracy": None,
           "independent_accuracy": None}  # fmt: skip
    assert len(sheets([task], [row], lambda row: task.image)) == 1


def test_the_built_in_benchmark_by_the_model_that_comes_with_the_package(tmp_path: Path) -> None:
    editor = Editor.from_pretrained("portraits-64", "cpu")
    methods = ("guided", "unguided", "paste", "sdedit:t0=0.3,steps=5", "truth")
    plan = Evaluation(methods, edits=2, num_images=1, settings={"num_inference_steps": 8})
    entries = {entry["method"]: entry for entry in evaluate(editor, "x", plan, tmp_path / "out")}
    accuracy = {
        name: entry["measures"]["independent_accuracy"]["mean"] for name, entry in entries.items()
    }
    assert accuracy["truth"] > 0.9
    assert accuracy["guided"] > accuracy["unguided"] + 0.1
    for name in methods[:-1]:
        assert entries[name]["measures"]["mae_outside"]["high"] == 0
        assert entries[name]["set"]["prior_frechet"] > 1e-6
        assert list(entries[name]["kinds"]) == ["close_mouth", "open_mouth"]
    assert entries["truth"]["set"]["prior_frechet"] < 1e-6
    assert entries["paste"]["measures"]["evaluations"]["mean"] == 0
    independent = json.loads((tmp_path / "out" / "run.json").read_text())["independent_segmenter"]
    assert len(independent) == 16
