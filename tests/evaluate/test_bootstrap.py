from __future__ import annotations

import numpy as np
import pytest

from conftest import seeded
from pixelguide.errors import InputError
from pixelguide.evaluate.bootstrap import bootstrap_difference, bootstrap_mean


def test_equal_values_have_no_spread() -> None:
    interval = bootstrap_mean([0.5] * 7, seeded(0))
    assert (interval.mean, interval.low, interval.high, interval.count) == (0.5, 0.5, 0.5, 7)


def test_the_interval_has_the_width_of_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400)
    interval = bootstrap_mean(values.tolist(), seeded(0))
    half = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.03)
    wider = bootstrap_mean(values.tolist(), seeded(0), level=0.99)
    assert wider.low < interval.low < interval.high < wider.high


def test_it_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for trial in range(200):
        interval = bootstrap_mean(rng.normal(0, 1, 40).tolist(), seeded(trial), resamples=400)
        covered += interval.low <= 0 <= interval.high
    assert 175 <= covered <= 199  # 190 expected; percentile intervals are a little narrow


def test_same_generator_same_interval() -> None:
    values = np.random.default_rng(2).random(30).tolist()
    assert bootstrap_mean(values, seeded(1)) == bootstrap_mean(values, seeded(1))
    assert bootstrap_mean(values, seeded(1)) != bootstrap_mean(values, seeded(2))


def test_pairs_cancel_what_makes_an_edit_hard() -> None:
    hard = np.random.default_rng(3).normal(0, 10, 50)
    ours, theirs = (hard + 1).tolist(), hard.tolist()
    interval = bootstrap_difference(ours, theirs, seeded(0))
    assert interval.low == pytest.approx(1)
    assert interval.high == pytest.approx(1)
    assert bootstrap_mean(ours, seeded(0)).low < 0


def test_what_cannot_be_averaged_is_refused() -> None:
    with pytest.raises(InputError, match="no values"):
        bootstrap_mean([], seeded(0))
    with pytest.raises(InputError, match="2 values against 1"):
        bootstrap_difference([1, 2], [1], seeded(0))
