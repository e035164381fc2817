"""Small edits: where a crop lies, when deep activations are taken over, what is printed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.small_edits import around, deep_reused, table


@pytest.mark.parametrize("margin", [0, 3, 8])
@pytest.mark.parametrize("place", [(slice(0, 2), slice(0, 9)), (slice(30, 38), slice(60, 64))])
def test_a_crop_holds_the_region_and_lies_in_the_picture(
    place: tuple[slice, slice], margin: int
) -> None:
    roi = np.zeros((64, 64), bool)
    roi[place] = True
    window = around(roi, margin, 8)
    assert roi[window].sum() == roi.sum()
    rows, columns = (part.stop - part.start for part in window)
    assert rows == columns
    assert rows % 8 == 0
    assert rows >= min(64, 2 * margin + 1)
    assert min(window[0].start, window[1].start) >= 0
    assert max(window[0].stop, window[1].stop) <= 64


class Network(nn.Module):
    """One decoder level that adds one."""

    class Level(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + 1

    def __init__(self) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList([self.Level()])

    def forward(self, x: Tensor) -> float:
        return float(self.up_blocks[0](x))


@pytest.mark.parametrize(("every", "expected"), [(2, [1, 1, 3, 3, 5]), (9, [1, 1, 1, 1, 1])])
def test_deep_activations_are_taken_over_from_the_step_before(
    every: int, expected: list[float]
) -> None:
    network = Network()
    with deep_reused(network, every):
        assert [network(torch.tensor(float(x))) for x in range(5)] == expected
    assert network(torch.tensor(7.0)) == 8


def test_differences_are_to_the_first_way_edit_by_edit() -> None:
    rows = {"all": [[0.9, 0.9, 20.0, 1.0], [0.7, 0.8, 24.0, 1.0]],
            "half": [[0.8, 0.8, 19.0, 0.5], [0.6, 0.8, 21.0, 0.5]]}  # fmt: skip
    lines = list(table(rows))
    assert lines[0].startswith("| 2 small edits |")
    assert lines[3] == "| half | 0.700 ± 0.000 | 0.800 ± 0.050 | 20.00 ± 1.00 | 50% |"
