"""Two processes of `accelerate launch` learn as one does at the same batch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from discs import write_discs

TRAINING = (
    *("train", "prior", "--size", "16", "--channels", "32,32", "--images", "160", "--batch-size"),
    *("8", "--checkpoint-images", "160", "--device", "cpu", "--learning-rate", "0.002"),
)

LOGGING_ALL = """
import sys
from pixelguide import terminal
from pixelguide.cli import main
terminal._LOGGED = 0.0  # seconds between two lines of training.log
main(sys.argv[1:])
"""


def losses(model: Path) -> list[float]:
    """The loss curve that the training's log has."""
    text = (model / "training.log").read_text("utf-8")
    return [float(found) for found in re.findall(r"loss ([\d.]+)", text)]


def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path) -> None:
    pictures = write_discs(tmp_path / "pictures")
    launch = (
        *("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines"),
        *("1", "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
        *("--num_cpu_threads_per_process", "1"),
    )
    script = tmp_path / "train.py"
    script.write_text(LOGGING_ALL)
    outputs = {}
    for name, way in (("one", ()), ("two", launch)):
        given = [*way, str(script), *TRAINING, str(pictures), "-o", str(tmp_path / name)]
        done = subprocess.run(  # noqa: S603
            [sys.executable, *given],
            env={**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"},
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs[name] = done.stdout
    assert len(outputs["two"].splitlines()) == 1  # the other process says nothing
    assert "160 pictures seen" in outputs["two"]
    curves = [losses(tmp_path / name) for name in ("one", "two")]
    assert len(curves[0]) >= 2
    assert curves[1] == pytest.approx(curves[0], rel=1e-3)
    first, second = (
        safetensors.torch.load_file(tmp_path / name / "training.safetensors")
        for name in ("one", "two")
    )
    assert {*first} == {*second}
    for name, value in first.items():
        if value.is_floating_point():
            assert torch.allclose(value, second[name], rtol=1e-3, atol=1e-4), name


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    from pixelguide.errors import InputError
    from pixelguide.prior import training
    from pixelguide.prior.architecture import Architecture
    from pixelguide.prior.pictures import PictureFolder
    from pixelguide.prior.training_settings import PriorTraining

    class TwoProcesses(training.Accelerator):  # type: ignore[misc]
        num_processes = 2

    pictures = PictureFolder(write_discs(tmp_path / "pictures"), 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "Accelerator", TwoProcesses)
        with pytest.raises(InputError, match="batches of 5 for 2 processes"):
            training.train_prior(
                pictures, tmp_path / "m", Architecture(16, (16, 16), 1, 1, 16),
                PriorTraining(images=10, batch_size=5), device="cpu",
            )  # fmt: skip
