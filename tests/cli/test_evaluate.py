from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import Run, assert_one_error
from pixelguide.images import load_rgb, save_png


@pytest.fixture
def edits(desk: Path) -> Path:
    """The desk as a folder with one edit."""
    entry = {"image": "picture.png", "source": "source.png", "target": "target.png"}
    (desk / "edits.json").write_text(json.dumps({"edits": [{**entry, "classes": ["house"]}]}))
    return desk


def evaluate(run: Run, edits: Path, *more: object) -> tuple[int, str, str]:
    options = (f"--model={edits / 'model'}", f"--folder={edits}", "--device=cpu", "-n", 2)
    few = ("--setting=num_inference_steps=2", "--setting=start_timestep=200")
    return run("evaluate", "-o", edits / "out", *options, *few, *more)


def test_methods_side_by_side(run: Run, edits: Path) -> None:
    save_png(edits / "gan" / "target.png", 255 - load_rgb(edits / "picture.png"))
    code, out, err = evaluate(
        run, edits, "--method=guided", "--method=paste", f"--results=gan={edits / 'gan'}"
    )
    assert code == 0, err
    for text in ("guided", "paste", "gan", "random", "summary.json"):
        assert text in out
    report = json.loads((edits / "out" / "summary.json").read_text())
    assert [entry["method"] for entry in report["summary"]] == ["guided", "guided", "paste", "gan"]
    assert report["settings"] == {"num_inference_steps": 2, "start_timestep": 200}
    assert report["model"].startswith("model ")
    assert (edits / "out" / "sheet-00.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method=magic"], "unknown method 'magic'"),
        (["--results=gan"], "NAME=FOLDER"),
        (["--kinds=open_mouth"], "--folder with --kinds"),
        (["--odd"], "--folder with --kinds"),
        (["--maps=true"], "--folder with --kinds"),
        (["--edits=0"], "0 edits"),
        (["--setting=steps"], "NAME=VALUE"),
        (["--first=3"], "no edit from number 3"),
    ],
)
def test_bad_options_are_one_line(run: Run, edits: Path, options: list[str], message: str) -> None:
    assert message in assert_one_error(evaluate(run, edits, *options))
    assert not (edits / "out").exists()


def test_built_in_edits_need_a_model_of_portraits(run: Run, desk: Path) -> None:
    line = assert_one_error(
        run("evaluate", "-o", desk / "out", f"--model={desk / 'model'}", "--device=cpu")
    )
    assert "not a model of portraits" in line
