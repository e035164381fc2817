from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pixelguide.cli import app
from pixelguide.errors import InputError
from pixelguide.images import save_png
from recipes.faces import commands, gather


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """A tar file of two pictures, and a labelled one whose labels.json lies beside its folder."""
    folder = tmp_path / "originals"
    for name in ("a", "b"):
        save_png(folder / f"{name}.png", np.zeros((8, 8, 3), np.uint8))
    with tarfile.open(folder / "pictures.tar", "w") as archive:
        for name in ("a", "b"):
            archive.add(folder / f"{name}.png", f"deep/{name}.png")
    save_png(folder / "labelled" / "c.png", np.zeros((8, 8, 3), np.uint8))
    (folder / "labels.json").write_text(json.dumps({"id2label": {"0": "skin"}}))
    return folder


def test_pictures_and_labels_are_gathered_once(originals: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    pictures, labelled = gather(originals / "pictures.tar", originals / "labelled", out)
    assert sorted(path.name for path in pictures.rglob("*.png")) == ["a.png", "b.png"]
    assert sorted(path.name for path in labelled.iterdir()) == ["c.png", "labels.json"]
    (pictures / "mark").touch()
    assert gather(originals / "pictures.tar", originals / "labelled", out) == (pictures, labelled)
    assert (pictures / "mark").exists()


def test_a_folder_of_pictures_stays_where_it_is(originals: Path, tmp_path: Path) -> None:
    pictures, _ = gather(originals, originals / "labelled", tmp_path)
    assert pictures == originals


def test_maps_without_their_names_are_refused(originals: Path, tmp_path: Path) -> None:
    (originals / "labels.json").unlink()
    with pytest.raises(InputError, match=r"labels\.json is missing"):
        gather(originals, originals / "labelled", tmp_path)


def test_the_commands_are_ones_that_the_command_line_knows() -> None:
    three = commands(Path("P"), Path("L"), Path("M"), 64, 1000, "cpu")
    for module, *arguments in three[:2]:
        assert module == "pixelguide"
        # with --help last, every option before it is read and none is run
        result = CliRunner().invoke(app, [*arguments, "--help"])
        assert result.exit_code == 0, result.output
    assert three[2][0] == "benchmarks.cross_validate"


def test_other_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="size 48"):
        commands(Path("P"), Path("L"), Path("M"), 48, 1000, "cpu")
