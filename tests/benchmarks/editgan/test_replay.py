"""Recorded steps, where there is a GPU."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from benchmarks.editgan.replay import WARM, Replay


@pytest.mark.skipif(not torch.cuda.is_available(), reason="records CUDA graphs")
def test_a_recorded_step_does_what_the_step_does() -> None:
    weights = [torch.zeros(3, device="cuda") for _ in range(2)]

    def step_of(weight: Tensor) -> object:
        def step(inputs: Sequence[Tensor], kind: bool) -> Tensor:
            weight.add_(inputs[0], alpha=2.0 if kind else 1.0)
            return weight.sum()[None]

        return step

    plain, recorded = step_of(weights[0]), Replay(step_of(weights[1]))  # type: ignore[arg-type]
    for k in range(4 * WARM):
        inputs, kind = [torch.full((3,), float(k), device="cuda")], k % 2 == 0
        expected = plain(inputs, kind)  # type: ignore[operator]
        assert torch.equal(recorded(inputs, kind), expected)
    assert torch.equal(*weights)
