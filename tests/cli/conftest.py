"""The command line, and a desk to work at: a model, a picture, the maps before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Run
from model_folders import tiny_maps, write_category
from pixelguide import cli
from pixelguide.images import save_png
from pixelguide.labels import LabelSet
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line; gives exit code, standard output, standard error."""

    def run(*arguments: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.fixture
def desk(
    tmp_path: Path,
    picture: NDArray[np.uint8],
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Path:
    """A folder with a model, a picture, the map before and the map after."""
    write_category(tmp_path / "model", denoiser, segmenter_bank, guide_bank, labels)
    save_png(tmp_path / "picture.png", picture)
    source, target = tiny_maps(labels)
    source.save(tmp_path / "source.png")
    target.save(tmp_path / "target.png")
    return tmp_path


@pytest.fixture
def edit(run: Run, desk: Path) -> Run:
    """Runs a good edit, but for what the arguments change: name=value, None to leave out."""

    def edit(*more: Any, picture: Any = "picture.png", **options: Any) -> tuple[int, str, str]:
        settings = {
            "map": desk / "target.png",
            "source-map": desk / "source.png",
            "out": desk / "out",
            "model": desk / "model",
            "device": "cpu",
            "steps": 3,
            "start": 300,
            "classes": "house",
        } | {name.replace("_", "-"): value for name, value in options.items()}
        arguments = [f"--{name}={value}" for name, value in settings.items() if value is not None]
        return run("edit", desk / picture, "-n", 2, *arguments, *more)

    return edit
