"""`tune` writes settings, says how they were chosen, and goes on after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_folders import write_category
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.editor import Editor
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.tune import search, tuning
from pixelguide.tune.cross_fit import fold_settings
from pixelguide.tune.tuning import KEPT, TuningPlan, tune


@pytest.fixture
def category(
    tmp_path: Path, denoiser: Denoiser, segmenter_bank: ClassifierBank, guide_bank: ClassifierBank,
    labels: LabelSet, monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A tiny category, and a search of a few settings."""
    monkeypatch.setattr(tuning, "EDITS", 4)
    monkeypatch.setattr(
        tuning, "fold_settings",
        lambda timesteps, seed: replace(
            fold_settings(timesteps, seed), iterations=2, tuning=1, starts=(200,), steps=2,
            pixels=16,
        ),
    )  # fmt: skip
    for name, few in (("STARTS", (0.1, 0.2)), ("SCALES", (2.0,)), ("TEMPERATURES", ()),
                      ("STEPS", (2,)), ("INVERTED", ())):  # fmt: skip
        monkeypatch.setattr(search, name, few)
    return write_category(tmp_path / "model", denoiser, segmenter_bank, guide_bank, labels)


@pytest.fixture
def labelled(tmp_path: Path, pictures: LabelledPictures) -> Path:
    folder = tmp_path / "labelled"
    for k in range(len(pictures)):
        save_png(folder / f"{k}.png", pictures.images[k])
        LabelMap(pictures.label_ids[k], pictures.labels).save(folder / f"{k}_label.png")
    write_atomically(folder / "labels.json", pictures.labels.to_json().encode())
    return folder


def test_settings_are_chosen_and_told(category: Path, labelled: Path) -> None:
    plans: list[TuningPlan] = []
    shares: list[float] = []
    found = tune(
        category, labelled, on_plan=plans.append,
        on_progress=lambda state: shares.append(state["share"]),
    )  # fmt: skip
    assert plans[0].edits > 0 < plans[0].seconds
    assert shares == sorted(shares)
    written = EditDefaults.check("edit.json", json.loads((category / "edit.json").read_text()))
    assert written == found
    assert found.guidance_unit == "noise"
    assert found.tuned
    assert found.tuned["pictures"] == 8
    assert found.expected
    assert json.loads((category / "model_index.json").read_text())["defaults"]["tuned"]
    assert not (category / KEPT).exists()
    assert Editor.from_pretrained(category, "cpu").defaults == found, "the manifest knows the file"


def test_a_killed_run_goes_on_to_the_same_settings(category: Path, labelled: Path) -> None:
    class Killed(BaseException):
        pass

    made: list[int] = []

    def kill(state: dict[str, Any]) -> None:
        made.append(state["done"])
        if state["done"] == 20:
            raise Killed

    with pytest.raises(Killed):
        tune(category, labelled, on_progress=kill)
    assert not (category / "edit.json").exists()
    made.clear()
    found = tune(category, labelled, on_progress=lambda state: made.append(state["done"]))
    assert min(done for done in made if done) > 10, "what was kept is not made again"
    (category / "edit.json").unlink()
    manifest = json.loads((category / "manifest.json").read_text())
    del manifest["sha256"]["edit.json"]
    (category / "manifest.json").write_text(json.dumps(manifest))
    assert tune(category, labelled) == found


def test_pictures_of_other_classes_are_refused(category: Path, labelled: Path) -> None:
    text = (labelled / "labels.json").read_text().replace("house", "barn")
    (labelled / "labels.json").write_text(text)
    with pytest.raises(InputError, match="classes of another category"):
        tune(category, labelled)
