"""What holds for every model that comes with the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelguide.prior.bundle import ModelFolder, built_in_models


@pytest.fixture(params=sorted(built_in_models()))
def folder(request: pytest.FixtureRequest) -> Path:
    return built_in_models()[request.param]


def test_the_pipeline_edits_by_the_same_settings_and_labels_as_the_editor(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    assert index["defaults"] == json.loads((folder / "edit.json").read_text())
    assert index["labels"] == json.loads((folder / "labels.json").read_text())


def test_every_file_is_in_its_manifest(folder: Path) -> None:
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files - {"manifest.json"} == set(ModelFolder.open(folder).hashes) - {"manifest.json"}
