"""Small edits: where a crop lies, when deep activations are taken over, what is printed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel

from benchmarks.small_edits import around, deep_flops, deep_reused, forward_flops, table
from conftest import seeded
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.taps import TapReader


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


@pytest.mark.parametrize(("every", "fresh"), [(2, [0, 0, 2, 2]), (9, [0, 0, 0, 0])])
def test_deep_activations_are_those_of_an_earlier_step(
    tiny_unet: UNet2DModel, every: int, fresh: list[int]
) -> None:
    reader = TapReader(tiny_unet, [1, 3])  # the last of the coarsest level, and of all
    pictures = [torch.randn(1, 3, 16, 16, generator=seeded(k)) for k in range(4)]
    t = torch.tensor([300])
    alone = [reader.features(x_t, t) for x_t in pictures]
    with deep_reused(tiny_unet, every):
        found = [reader.features(x_t, t) for x_t in pictures]
    for k, earlier in enumerate(fresh):
        assert torch.equal(found[k][0], alone[earlier][0])
        assert torch.equal(found[k][1], alone[k][1]) is (earlier == k)
    assert torch.equal(reader.features(pictures[1], t)[0], alone[1][0])


def test_the_deep_levels_are_a_share_of_a_pass(denoiser: Denoiser) -> None:
    whole, deep = forward_flops(denoiser, 16), deep_flops(denoiser)
    assert 0.1 * whole < deep < 0.9 * whole
    assert forward_flops(denoiser, 8) < 0.5 * whole


def test_differences_are_to_the_first_way_edit_by_edit() -> None:
    rows = {"all": [[0.9, 0.9, 20.0, 1.0], [0.7, 0.8, 24.0, 1.0]],
            "half": [[0.8, 0.8, 19.0, 0.5], [0.6, 0.8, 21.0, 0.5]]}  # fmt: skip
    lines = list(table(rows))
    assert lines[0].startswith("| 2 small edits |")
    assert lines[3] == "| half | 0.700 ± 0.000 | 0.800 ± 0.050 | 20.00 ± 1.00 | 50% |"
