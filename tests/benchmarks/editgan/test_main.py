"""The command line of the baseline, from pictures to an edit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.editgan import __main__ as command_line
from benchmarks.editgan.classifier import PixelTraining
from benchmarks.editgan.editing import EditGan, EditSettings
from pixelguide.images import save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.pictures import PictureFolder

from .conftest import disc


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["editgan", *map(str, arguments)])
    return command_line.main()


def test_from_pictures_to_a_trained_baseline(
    tmp_path: Path,
    picture_folder: PictureFolder,
    disc_labels: LabelSet,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command_line, "EditSettings", lambda: EditSettings(refine_steps=2))
    folder, model, labelled = (
        picture_folder.paths[0].parent,
        tmp_path / "gan",
        tmp_path / "labelled",
    )
    training = ["train", folder, "-o", model, "--channels", "8,6,4", "--images", 16]
    assert run(monkeypatch, *training) == 0
    assert "16 of 16: loss" in capsys.readouterr().out
    assert run(monkeypatch, "encode", folder, "-m", model, "--images", 8) == 0
    labelled.mkdir()
    for k in range(2):
        image, ids = disc(16, 4 + k, k)
        save_png(labelled / f"{k}.png", image)
        LabelMap(ids, disc_labels).save(labelled / f"{k}_label.png")
    (labelled / "labels.json").write_text(disc_labels.to_json())
    monkeypatch.setattr(
        command_line, "PixelTraining", lambda seed: PixelTraining(members=2, iterations=4)
    )
    assert run(monkeypatch, "label", labelled, "-m", model) == 0
    assert EditGan.load(model).labels.names == disc_labels.names
    assert torch.get_num_threads() == 1


def test_errors_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "train", tmp_path / "none", "-o", tmp_path / "gan") == 2
    assert capsys.readouterr().err.startswith("error: no such folder")
    assert run(monkeypatch, "edit", tmp_path, "-m", tmp_path, "-o", tmp_path / "out") == 2
    assert "no shape of a network" in capsys.readouterr().err
