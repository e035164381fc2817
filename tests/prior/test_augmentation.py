"""What varying a picture does to it, and what decides how."""

from __future__ import annotations

import math

import pytest
import torch

from pixelguide.prior.augmentation import Augmentation, reduce

NOTHING = Augmentation(shift=0, turn=0, scale=0, gain=0, tint=0)


def _smooth(count: int = 1, side: int = 64) -> torch.Tensor:
    """Pictures with a bump of another colour at another place in each channel."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    places = [(0.3, 0.0), (-0.2, 0.25), (0.0, -0.3)]
    bumps = [torch.exp(-((y - a) ** 2 + (x - b) ** 2) / 0.05) for a, b in places]
    return torch.stack(bumps).expand(count, 3, side, side) - 0.5


def _centre(picture: torch.Tensor) -> tuple[float, float]:
    """Centre of the first channel's bump in shares of the side: down, right."""
    weights = picture[0] + 0.5
    side = weights.shape[-1]
    places = (torch.arange(side) + 0.5) / side
    total = weights.sum()
    return float((weights.sum(1) * places).sum() / total), float(
        (weights.sum(0) * places).sum() / total
    )


def test_no_amounts_leave_the_reduced_picture() -> None:
    pictures = _smooth(3)
    draws = NOTHING.draw(3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(NOTHING.apply(pictures, draws), reduce(pictures))


def test_draws_fill_their_range_and_depend_on_the_generator_alone() -> None:
    draws = NOTHING.draw(1000, torch.Generator().manual_seed(3))
    assert draws.shape == (1000, 8)
    assert draws.min() >= -1
    assert draws.max() <= 1
    assert draws.abs().max(0).values.min() > 0.95
    assert torch.equal(draws, NOTHING.draw(1000, torch.Generator().manual_seed(3)))


def test_a_shift_moves_by_its_share_of_the_side() -> None:
    draws = torch.zeros(1, 8)
    draws[0, 1] = 1
    before = _centre(reduce(_smooth())[0])
    after = _centre(Augmentation(shift=0.05).apply(_smooth(), draws)[0])
    assert after[0] - before[0] == pytest.approx(-0.05, abs=0.003)
    assert after[1] == pytest.approx(before[1], abs=0.003)


def test_a_turn_is_about_the_centre() -> None:
    draws = torch.zeros(1, 8)
    draws[0, 2] = 1
    down, right = (x - 0.5 for x in _centre(reduce(_smooth())[0]))
    turned = [x - 0.5 for x in _centre(Augmentation(turn=20).apply(_smooth(), draws)[0])]
    assert math.hypot(*turned) == pytest.approx(math.hypot(down, right), abs=0.005)
    angle = math.degrees(math.atan2(turned[1], turned[0]) - math.atan2(right, down))
    assert abs(angle) == pytest.approx(20, abs=2)


def test_a_scale_moves_what_lies_off_the_centre() -> None:
    draws = torch.zeros(1, 8)
    draws[0, 3] = 1
    before = _centre(reduce(_smooth())[0])[0] - 0.5
    after = _centre(Augmentation(scale=0.25).apply(_smooth(), draws)[0])[0] - 0.5
    assert after == pytest.approx(before / 1.25, abs=0.005)


def test_colours_stay_in_range_and_a_tint_is_of_one_channel() -> None:
    draws = torch.zeros(1, 8)
    draws[0, 5] = 1
    plain = reduce(_smooth())
    tinted = Augmentation(tint=0.1).apply(_smooth(), draws)
    torch.testing.assert_close(tinted[:, 0], plain[:, 0] + 0.2)
    torch.testing.assert_close(tinted[:, 1:], plain[:, 1:])
    strong = Augmentation(gain=0.9, tint=0.9).apply(_smooth(), torch.ones(1, 8))
    assert strong.max() == 1
