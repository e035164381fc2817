"""The benchmark as a whole."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from pixelguide.errors import InputError
from pixelguide.evaluate import bench
from pixelguide.evaluate.bench import BenchReport, BenchSettings, StageCost, run_bench
from pixelguide.evaluate.ceilings import Ceilings
from pixelguide.evaluate.stages import Stage
from pixelguide.evaluate.subjects import Subject
from pixelguide.prior.kernels.options import InferenceOptions

CEILINGS = {"fp32": Ceilings(1e9, 1e8), "bf16": Ceilings(4e9, 1e8)}


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture(scope="module")
def report(subject: Subject, told: list[dict[str, Any]]) -> BenchReport:
    settings = BenchSettings(batches=(1, 2), repeats=2)
    return run_bench(subject, settings, CEILINGS, told.append)


def test_every_stage_is_there_once_or_for_each_batch(report: BenchReport) -> None:
    of_batch = ["guided step", "· forward", "· head", "· backward", "· update", "composite",
                "features per timestep"]  # fmt: skip
    assert [(cost.name, cost.batch) for cost in report.costs] == [
        ("encode", None),
        ("inversion step", None),
        *[(name, 1) for name in of_batch],
        *[(name, 2) for name in of_batch],
        ("classifier training", None),
    ]


def test_the_report_says_what_was_measured_and_on_what(
    report: BenchReport, subject: Subject
) -> None:
    content = json.loads(report.to_json())
    assert content["settings"]["batches"] == [1, 2]
    assert content["settings"]["parameters"] == subject.denoiser.unet.num_parameters()
    assert content["machine"]["device"] == "cpu"
    assert content["versions"]["torch"]
    assert content["memory"]["weights"] > 4 * content["settings"]["parameters"]
    assert content["memory"]["cuda_peak"] is None
    for stage in content["stages"]:
        assert len(stage["seconds"]["all"]) == 2
    moved = {(stage["stage"], stage["batch"]): stage for stage in content["stages"]}
    one, two = moved["· forward", 1], moved["· forward", 2]
    assert two["flops"] == pytest.approx(2 * one["flops"], rel=0.1)  # the timestep's part is small
    assert one["bytes_moved"] > content["memory"]["weights"] / 2
    assert one["peak_tensor_bytes"] < two["peak_tensor_bytes"]


def test_progress_comes_before_each_stage_and_at_the_end(
    report: BenchReport, told: list[dict[str, Any]]
) -> None:
    assert [event["done"] for event in told] == list(range(told[0]["total"] + 1))
    assert "guided, batch 2" in [event.get("note") for event in told]


def test_shares_are_of_the_ceiling_of_the_stages_own_precision(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = {"classifier training": np.array([2.0, 3.0])}
    monkeypatch.setattr(bench, "training_stage", lambda _: lambda _: training)
    subject = dataclasses.replace(subject, options=InferenceOptions("bf16"))
    report = run_bench(subject, BenchSettings(repeats=1), CEILINGS)
    content = {stage["stage"]: stage for stage in report.content()["stages"]}
    for name, precision in (("· forward", "bf16"), ("classifier training", "fp32")):
        stage = content[name]
        rate = stage["flops"] / stage["seconds"]["median"]
        assert stage["precision"] == precision
        assert stage["share_of_matmul_ceiling"] == pytest.approx(rate / CEILINGS[precision].flops)


def test_median_and_shares() -> None:
    cost = StageCost("any", 1, "fp32", (0.1, 0.4, 0.2), flops=4e7, bytes=1e6, peak_bytes=3)
    content = cost.content(CEILINGS["fp32"])
    assert content["seconds"] == {"median": 0.2, "least": 0.1, "most": 0.4, "all": [0.1, 0.4, 0.2]}
    assert content["share_of_matmul_ceiling"] == pytest.approx(0.2)
    assert content["share_of_copy_ceiling"] == pytest.approx(0.05)
    nothing = StageCost("any", 1, "fp32", (0.0,), 1, 1, 0).content(CEILINGS["fp32"])
    assert nothing["share_of_matmul_ceiling"] is None


def test_ceilings_are_measured_in_every_type_that_is_used(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def measured(device: object, dtype: object) -> Ceilings:
        asked.append(str(dtype))
        return CEILINGS["fp32"]

    def no_stages(*_: object) -> dict[str, Stage]:
        return {}

    monkeypatch.setattr(bench, "measure_ceilings", measured)
    monkeypatch.setattr(bench, "picture_stages", no_stages)
    monkeypatch.setattr(bench, "candidate_stages", no_stages)
    monkeypatch.setattr(bench, "training_stage", lambda _: lambda _: {})
    subject = dataclasses.replace(subject, options=InferenceOptions("bf16"))
    assert run_bench(subject, BenchSettings()).costs == ()
    assert asked == ["torch.bfloat16", "torch.float32"]


@pytest.mark.parametrize(
    "wrong",
    [{"batches": ()}, {"batches": (0,)}, {"batches": (2, 2)}, {"repeats": 0}],
)
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        BenchSettings(**wrong)
