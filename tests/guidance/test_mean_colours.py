from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from conftest import seeded
from pixelguide.guidance.class_colours import ClassColour
from pixelguide.guidance.guidance import GuidedPrediction
from pixelguide.guidance.mean_colours import (
    KEPT_WITHIN,
    MeanColour,
    with_class_colours,
    with_mean_colours,
)
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.schedule import Schedule, spaced_timesteps

LEVELS = Schedule.linear().respaced(spaced_timesteps(300, 4))


def answers(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
    """A network that takes half of what it sees for noise."""
    eps = 0.5 * x_t
    x_0 = schedule.predict_x_0(x_t, eps, torch.full((len(x_t),), i))
    nothing = torch.zeros(len(x_t))
    return GuidedPrediction(Prediction(eps, x_0, None, []), x_t, nothing, nothing, nothing)


@pytest.fixture
def x_t() -> Tensor:
    return 0.3 * torch.randn(3, 3, 8, 8, generator=seeded(1))


def regions() -> tuple[Tensor, Tensor]:
    left, right = torch.zeros(2, 8, 8, dtype=torch.bool)
    left[2:6, :3], right[1:7, 5:] = True, True
    return left, right


@pytest.mark.parametrize("i", range(4))
def test_the_predicted_picture_has_the_means_for_each_candidate(x_t: Tensor, i: int) -> None:
    left, right = regions()
    colours = torch.tensor([[0.3, -0.2, 0.1], [-0.4, 0.0, 0.25]])
    wanted = [MeanColour(left, colours[0]), MeanColour(right, colours[1])]
    step = with_mean_colours(answers, wanted)(x_t, LEVELS, i)
    for region, colour in zip((left, right), colours, strict=True):
        means = step.prediction.x_0[:, :, region].mean(2)
        assert torch.allclose(means, colour.expand(3, 3), atol=0.01)


def test_it_is_the_nearest_such_picture_and_x_t_stays_what_it_is(x_t: Tensor) -> None:
    left, _ = regions()
    plain = answers(x_t, LEVELS, 2).prediction
    step = with_mean_colours(answers, [MeanColour(left, torch.full((3,), 0.1))])(x_t, LEVELS, 2)
    shift = step.prediction.x_0 - plain.x_0
    assert (shift[:, :, ~left] == 0).all()
    inside = shift[:, :, left]
    assert torch.allclose(inside, inside.mean(2, keepdim=True).expand_as(inside), atol=1e-5)
    level = torch.full((3,), 2)
    again = LEVELS.add_noise(step.prediction.x_0, step.prediction.eps, level)
    assert torch.allclose(again, x_t, atol=1e-5)
    assert torch.equal(step.gradient, x_t)


@pytest.mark.parametrize("within", [0.05, 0.3, 2.0])
def test_a_mean_near_enough_stays_and_one_beyond_comes_to_the_edge(
    x_t: Tensor, within: float
) -> None:
    left, _ = regions()
    own = answers(x_t, LEVELS, 2).prediction.x_0.clamp(-1, 1)[:, :, left].mean(2)
    wanted = MeanColour(left, torch.full((3,), 0.2), within)
    step = with_mean_colours(answers, [wanted])(x_t, LEVELS, 2)
    means = step.prediction.x_0[:, :, left].mean(2)
    assert torch.allclose(means, own.clamp(0.2 - within, 0.2 + within), atol=0.01)


@pytest.mark.parametrize(
    ("asked", "exact", "within"),
    [(True, False, 0.0), (False, True, 0.0), (False, False, KEPT_WITHIN)],
)
def test_what_is_asked_for_is_exact_and_what_is_kept_nearly_so(
    x_t: Tensor, asked: bool, exact: bool, within: float
) -> None:
    labels = LabelSet(("ground", "hair"), ((0, 0, 0), (9, 9, 9)))
    ids = np.ones((8, 8), np.uint8)
    hair = ClassColour("hair", (1,), np.full(3, 127.5 * 1.5), asked, exact)
    made = np.ones((8, 8), bool)
    step = with_class_colours(answers, [hair], LabelMap(ids, labels), made)(x_t, LEVELS, 1)
    means = step.prediction.x_0.mean((2, 3))
    assert torch.allclose(means, torch.full((3, 3), 0.5 - within), atol=0.01)


def test_without_a_colour_nothing_is_wrapped() -> None:
    assert with_mean_colours(answers, []) is answers


def test_classes_count_where_something_is_made_anew(x_t: Tensor) -> None:
    labels = LabelSet(("ground", "hair"), ((0, 0, 0), (9, 9, 9)))
    ids = np.zeros((8, 8), np.uint8)
    ids[2:6] = 1
    made = np.zeros((8, 8), bool)
    made[:, :4] = True
    hair = ClassColour("hair", (1,), np.full(3, 127.5 * 1.2), asked=True)
    step = with_class_colours(answers, [hair], LabelMap(ids, labels), made)(x_t, LEVELS, 1)
    assert torch.allclose(
        step.prediction.x_0[:, :, 2:6, :4].mean((2, 3)), torch.full((3, 3), 0.2), atol=1e-3
    )
    made[:] = False
    assert with_class_colours(answers, [hair], LabelMap(ids, labels), made) is answers
