"""What the machine can do, and what it is."""

from __future__ import annotations

import json
import sys

import pytest
import torch

from pixelguide.evaluate import ceilings
from pixelguide.evaluate.ceilings import describe_machine, measure_ceilings, process_peak_bytes

CPU = torch.device("cpu")


def test_rates_follow_from_the_fastest_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # each of 2 + 1 runs takes 1, then 0.5, then 0.25 s
    ticks = iter([0, 1, 1, 1.5, 1.5, 1.75] * 2)
    monkeypatch.setattr(ceilings.time, "perf_counter", lambda: next(ticks))
    found = measure_ceilings(CPU, largest=16, copied=1000, repeats=2)
    assert found.flops == 2 * 16**3 / 0.25
    assert found.bytes == 2 * 1000 / 0.25  # read and written


def test_matrices_grow_until_a_product_takes_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = []

    def product(side: int, device: torch.device, dtype: torch.dtype) -> object:
        sides.append(side)
        return lambda: None

    seconds = iter([1e-3, 4e-3, 30e-3, 1.0])
    monkeypatch.setattr(ceilings, "_product", product)
    monkeypatch.setattr(ceilings, "_fastest", lambda *_: next(seconds))
    found = measure_ceilings(CPU, largest=4096, copied=1000)
    assert sides == [256, 512, 1024]
    assert found.flops == 2 * 1024**3 / 30e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_something_is_measured(dtype: torch.dtype) -> None:
    found = measure_ceilings(CPU, dtype, largest=32, copied=1 << 16, repeats=1)
    assert found.flops > 0
    assert found.bytes > 0


def test_the_machine_is_named_in_plain_values() -> None:
    machine = describe_machine(CPU)
    assert machine["cpu"]
    assert machine["threads"] == torch.get_num_threads()
    assert machine["device"] == "cpu"
    assert json.loads(json.dumps(machine)) == machine


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say")
def test_the_process_holds_at_least_what_it_has_touched() -> None:
    held = torch.ones(10_000_000)
    peak = process_peak_bytes()
    assert peak is not None
    assert held.nbytes < peak < 1 << 40
