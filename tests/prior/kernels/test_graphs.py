"""Recorded passes: recorded once for a shape, forgotten in turn, and done without where they fail.

What a GPU does with them is not seen here; a recorder stands in for it.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from conftest import seeded
from pixelguide.prior.kernels.graphs import KEPT, GraphedPasses, Pass

T = torch.tensor([3])


def plain(x_t: Tensor, t: Tensor) -> list[Tensor]:
    return [x_t.square() * t.view(-1, 1, 1, 1)]


class Recorder:
    """Writes every replay's results where the last one's were, as a graph does."""

    def __init__(self) -> None:
        self.recorded: list[tuple[tuple[int, ...], bool]] = []

    def __call__(self, run: Pass, x_t: Tensor, t: Tensor) -> Pass:
        self.recorded.append((tuple(x_t.shape), x_t.requires_grad and torch.is_grad_enabled()))
        place = torch.empty_like(run(x_t, t)[0].detach())

        def replay(x_t: Tensor, t: Tensor) -> list[Tensor]:
            (result,) = run(x_t, t)
            place.copy_(result.detach())
            return [result if result.requires_grad else place]

        return replay


def picture(count: int = 1, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 4, 4, generator=seeded(seed))


def test_each_shape_is_recorded_once_with_and_without_gradients() -> None:
    recorder = Recorder()
    passes = GraphedPasses(plain, recorder)
    for _ in range(2):
        for count in (1, 2):
            passes(picture(count), T.expand(count))
        passes(picture().requires_grad_(), T)
    with torch.no_grad():  # wants none, whatever its input says
        passes(picture().requires_grad_(), T)
    assert recorder.recorded == [((1, 3, 4, 4), False), ((2, 3, 4, 4), False), ((1, 3, 4, 4), True)]


def test_results_outlive_the_next_replay() -> None:
    passes = GraphedPasses(plain, Recorder())
    (first,) = passes(picture(seed=1), T)
    passes(picture(seed=2), T)
    torch.testing.assert_close(first, plain(picture(seed=1), T)[0])


def test_gradients_reach_the_input() -> None:
    passes = GraphedPasses(plain, Recorder())
    x_t = picture().requires_grad_()
    (gradient,) = torch.autograd.grad(passes(x_t, T)[0].sum(), x_t)
    torch.testing.assert_close(gradient, 6 * x_t.detach())


def test_no_more_than_some_are_kept() -> None:
    recorder = Recorder()
    passes = GraphedPasses(plain, recorder)
    for count in [*range(1, KEPT + 2), 1, KEPT + 1]:
        passes(picture(count), T.expand(count))
    counts = [shape[0] for shape, _ in recorder.recorded]
    assert counts == [*range(1, KEPT + 2), 1]


def test_a_failed_recording_is_told_once_and_passes_go_on() -> None:
    def fails(_run: Pass, _x_t: Tensor, _t: Tensor) -> Pass:
        raise RuntimeError("operation not permitted\nmore of it")

    passes = GraphedPasses(plain, fails)
    with pytest.warns(UserWarning, match=r"no CUDA graph .*not permitted\); passes run without"):
        (found,) = passes(picture(), T)
    torch.testing.assert_close(found, plain(picture(), T)[0])
    passes(picture(2), T.expand(2))  # a second warning would be an error here
