"""The report about the baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.editgan.editing import EditGan, EditSettings
from benchmarks.editgan.measure import measure
from benchmarks.editgan.networks import Shape
from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb
from pixelguide.portraits import LABELS

from .conftest import write_gan


def test_a_report_of_portraits_and_edits(tmp_path: Path) -> None:
    shape = Shape(channels=(4, 4, 4, 4, 4), latent=8, mapping=2)
    folder = write_gan(tmp_path / "gan", shape, LABELS)
    gan = EditGan.load(folder, EditSettings(refine_steps=2, edit_steps=2))
    judge = Editor.from_pretrained("portraits-64")
    report = measure(gan, judge, tmp_path, portraits=2, edits=1, first=60, seed=0)
    json.dumps(report, allow_nan=False)
    quality = report["reconstruction"]
    assert quality["psnr_encoder"]["least"] <= quality["psnr_encoder"]["mean"] < 30
    assert 0 <= quality["miou"] <= 1
    (case,) = report["edits"]["cases"]
    assert report["edits"]["means"]["psnr_outside"] == pytest.approx(case["psnr_outside"])
    assert 0 <= case["roi_accuracy"] <= 1
    assert load_rgb(tmp_path / "edits.png").ndim == 3
