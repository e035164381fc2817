"""Any repository of the hub by OWNER/NAME: a prior, or a whole category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from pixelguide.edit.editor import Editor
from pixelguide.edit.pipeline import PixelGuidedPipeline
from pixelguide.errors import InputError
from pixelguide.images import from_model
from pixelguide.prior.bundle import locate
from pixelguide.prior.model_parts import PIPELINE_CODE
from pixelguide.prior.public import pull as module
from pixelguide.prior.public.fetched import fetched
from pixelguide.prior.public.pull import pull
from pixelguide.prior.public.registry import find, is_hub_id, others_pulled
from pulls import FolderHub

NAME = "someone/portraits.v2"


@pytest.fixture
def repository(category: Path) -> Path:
    """A category as `save_pretrained` and an upload leave it, with code that must not come."""
    (category / "pipeline.py").write_text("raise SystemExit")
    return category


def test_a_category_comes_whole_and_without_code(home: Path, repository: Path, x_0: Tensor) -> None:
    pulled = pull(NAME, hub=FolderHub(repository))
    assert pulled.path == find(NAME).folder == locate(NAME)
    assert [file.read_text() for file in pulled.path.rglob("*.py")] == [PIPELINE_CODE]  # ours
    assert [entry.name for entry in others_pulled()] == [NAME]
    ours, theirs = Editor.from_pretrained(NAME, "cpu"), Editor.from_pretrained(repository, "cpu")
    for editor in (ours, theirs):
        editor.set_image(from_model(x_0)[0])
    assert np.array_equal(ours.segment().ids, theirs.segment().ids)
    PixelGuidedPipeline.from_pretrained(pulled.path)


def test_opening_fetches_once(
    home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = FolderHub(repository)
    monkeypatch.setattr(module, "HuggingFaceHub", lambda: hub)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert Editor.from_pretrained(NAME, "cpu").size == 16
    assert len(hub.asked) == 1


def test_a_missing_folder_is_not_looked_for_on_the_hub(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "pull", lambda name, **_: pytest.fail(f"pulled {name}"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    for model in ("out/model", "portraits-64", Path("someone/else")):
        assert fetched(model) == model
    with pytest.raises(InputError, match="no model 'out/model'"):
        Editor.from_pretrained("out/model", "cpu")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("google/ddpm-cat-256", True),
        (NAME, True),
        ("portraits-64", False),
        ("a/b/c", False),
        ("../model", False),
        ("./model", False),
        ("/model", False),
        ("some one/model", False),
        ("someone/mo--del", False),
        ("someone/..", False),
    ],
)
def test_names_of_the_hub(name: str, is_one: bool) -> None:
    assert is_hub_id(name) == is_one
