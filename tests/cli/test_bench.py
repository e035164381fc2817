"""`pixelguide bench`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import Run, assert_one_error
from pixelguide.evaluate import bench, stages
from pixelguide.evaluate.ceilings import Ceilings


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "measure_ceilings", lambda *_: Ceilings(2e9, 3e9))
    monkeypatch.setattr(stages, "TIMED_ITERATIONS", 1)


def test_a_model_is_measured(run: Run, desk: Path) -> None:
    out = desk / "reports" / "bench.json"
    code, stdout, _ = run(
        "bench", "--model", desk / "model", "--batch", "1,2", "--repeats", 1, "--device", "cpu",
        "-o", out,
    )  # fmt: skip
    assert code == 0
    for shown in ("guided step", "· backward", "classifier training", "model, 16 px, fp32",
                  "matmul 2.0 GFLOP/s", "copy 3.0 GB/s"):  # fmt: skip
        assert shown in stdout
    content = json.loads(out.read_text())
    assert content["settings"]["batches"] == [1, 2]
    assert content["ceilings"]["fp32"]["matmul_flops_per_second"] == 2e9


def test_the_table_says_when_layers_are_plain(run: Run, desk: Path) -> None:
    code, stdout, _ = run("bench", "--model", desk / "model", "--repeats", 1, "--plain")
    assert code == 0
    assert "fp32, plain" in stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--shape", "adm-1"], "adm-256"),
        (["--shape", "portraits-64", "--size", "60"], "multiple of 8"),
        (["--shape", "portraits-64", "--model", "portraits-64"], "one of the two"),
        (["--size", "32"], "--shape"),
        (["--batch", "0"], "batch"),
        (["--batch", "many"], "--batch"),
        (["--precision", "fp8"], "fp32, bf16 or auto"),
        (["--repeats", "0"], "repeats"),
        (["--model", "nowhere"], "nowhere"),
        (["--device", "tpu"], "tpu"),
    ],
)
def test_options_that_cannot_be(run: Run, arguments: list[str], named: str) -> None:
    assert named in assert_one_error(run("bench", *arguments))
