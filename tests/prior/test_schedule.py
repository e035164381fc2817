"""The schedule's formulas against plain numpy, against diffusers, and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.prior.schedule import Schedule, spaced_timesteps

FULL = Schedule.linear()
STEPS = st.sets(st.integers(0, 999), min_size=1, max_size=12).map(sorted)
LEVELS = [1, 2, 50, 500, 998, 999]

# ᾱ as DDPM defines it, in numpy: β linear from 1e-4 to 0.02, ᾱ the cumulative product of 1 - β.
BETA = 1e-4 + (0.02 - 1e-4) * np.arange(1000) / 999
ALPHA_BAR = np.array([np.prod(1 - BETA[: t + 1]) for t in range(1000)])


def _draw(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _level(i: int, count: int = 1) -> torch.Tensor:
    return torch.full((count,), i)


def _before(alpha_bar: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[1.0], alpha_bar[:-1]])


def _close(ours: torch.Tensor, expected: NDArray[np.float64] | float) -> None:
    assert ours.dtype == torch.float64
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-10, atol=1e-12)


# Levels


def test_linear_schedule() -> None:
    assert FULL.timesteps.tolist() == list(range(1000))
    _close(FULL.alpha_bar, ALPHA_BAR)
    _close(FULL.betas, BETA)
    # DDPM (Ho et al. 2020, sec. 4): almost nothing is left of the picture at T, its √ᾱ is 0.00635
    assert float(FULL.alpha_bar[-1].sqrt()) == pytest.approx(0.00635, abs=1e-5)


def test_schedule_of_a_diffusers_scheduler() -> None:
    for given_schedule in ("linear", "squaredcos_cap_v2"):
        scheduler = DDPMScheduler(beta_schedule=given_schedule)
        schedule = Schedule.from_scheduler(scheduler)
        assert schedule.alpha_bar.dtype == torch.float64
        torch.testing.assert_close(schedule.alpha_bar.float(), scheduler.alphas_cumprod)
        # 1 - alpha_bar keeps its digits, which the scheduler's own float32 product does not
        _close(schedule.betas, scheduler.betas.double().numpy())
        assert len(schedule) == 1000


@pytest.mark.parametrize(
    "config",
    [
        {"beta_schedule": "linear"},
        {
            "beta_schedule": "linear",
            "num_train_timesteps": 400,
            "beta_start": 1e-3,
            "beta_end": 0.1,
        },
        {"beta_schedule": "scaled_linear", "variance_type": "fixed_large"},
        {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 4000},
        {"beta_schedule": "sigmoid", "variance_type": "learned_range"},
        {"trained_betas": [1e-4, 2e-3, 0.3]},
    ],
)
def test_a_configuration_gives_the_levels_of_its_scheduler(config: dict[str, Any]) -> None:
    ours = Schedule.from_config(config)
    theirs = Schedule.from_scheduler(DDPMScheduler.from_config(config))
    assert ours is not None
    assert torch.equal(ours.alpha_bar, theirs.alpha_bar)
    assert torch.equal(ours.timesteps, theirs.timesteps)
    assert ours.fixed_variance == theirs.fixed_variance


@pytest.mark.parametrize(
    "config",
    [{"beta_schedule": "laplace"}, {"beta_schedule": "linear", "rescale_betas_zero_snr": True}],
)
def test_levels_without_a_formula_here_are_left_to_diffusers(config: dict[str, Any]) -> None:
    assert Schedule.from_config(config) is None


@given(STEPS)
def test_respaced_betas_follow_from_the_levels_that_are_left(steps: list[int]) -> None:
    respaced = FULL.respaced(steps)
    alpha_bar = ALPHA_BAR[steps]
    assert respaced.timesteps.tolist() == steps
    _close(respaced.alpha_bar, alpha_bar)
    _close(respaced.alpha_bar_before, _before(alpha_bar))
    _close(respaced.betas, 1 - alpha_bar / _before(alpha_bar))
    # the same levels of noise are reached: the betas' own cumulative product is ᾱ again
    _close(torch.cumprod(1 - respaced.betas, 0), alpha_bar)


@given(STEPS, st.data())
def test_respacing_twice_is_respacing_once(steps: list[int], data: st.DataObject) -> None:
    fewer = data.draw(st.sets(st.sampled_from(steps), min_size=1).map(sorted))
    twice, once = FULL.respaced(steps).respaced(fewer), FULL.respaced(fewer)
    assert torch.equal(twice.timesteps, once.timesteps)
    assert torch.equal(twice.alpha_bar, once.alpha_bar)


def test_respacing_to_everything_changes_nothing() -> None:
    assert torch.equal(FULL.respaced(range(1000)).alpha_bar, FULL.alpha_bar)


@pytest.mark.parametrize("steps", [[], [3, 2], [1, 1], [0, 5, 5]])
def test_steps_that_do_not_ascend_are_refused(steps: list[int]) -> None:
    with pytest.raises(InputError, match="ascend"):
        FULL.respaced(steps)


@pytest.mark.parametrize("steps", [[1000], [-1, 5], [0, 2000]])
def test_steps_beyond_the_schedule_are_refused(steps: list[int]) -> None:
    with pytest.raises(InputError, match="0 … 999"):
        FULL.respaced(steps)


# Formulas


@given(STEPS)
def test_posterior_variance(steps: list[int]) -> None:
    alpha_bar = ALPHA_BAR[steps]
    before = _before(alpha_bar)
    beta = 1 - alpha_bar / before
    expected = beta * (1 - before) / (1 - alpha_bar)
    expected[0] = expected[1] if len(steps) > 1 else beta[0]  # zero by the formula
    _close(FULL.respaced(steps).posterior_variance, expected)


@given(STEPS, st.data())
def test_noise_is_added_by_equation_6(steps: list[int], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(steps) - 1))
    x_0, eps = _draw(0, 2, 3, 2, 2), _draw(1, 2, 3, 2, 2)
    a = ALPHA_BAR[steps[i]]
    expected = np.sqrt(a) * x_0.numpy() + np.sqrt(1 - a) * eps.numpy()
    _close(FULL.respaced(steps).add_noise(x_0, eps, _level(i, 2)), expected)


@given(STEPS, st.data())
def test_noise_is_added_one_level_below_by_equation_10(
    steps: list[int], data: st.DataObject
) -> None:
    i = data.draw(st.integers(0, len(steps) - 1))
    respaced = FULL.respaced(steps)
    x_0, eps = _draw(0, 2, 3, 2, 2), _draw(1, 2, 3, 2, 2)
    below = respaced.add_noise_before(x_0, eps, _level(i, 2))
    if i == 0:
        assert torch.equal(below, x_0)  # exactly the picture, not nearly
    else:
        assert torch.equal(below, respaced.add_noise(x_0, eps, _level(i - 1, 2)))


@given(st.integers(0, 999))
def test_prediction_undoes_noise(i: int) -> None:
    x_0, eps = _draw(0, 1, 3, 2, 2), _draw(1, 1, 3, 2, 2)
    x_t = FULL.add_noise(x_0, eps, _level(i))
    _close(FULL.predict_x_0(x_t, eps, _level(i)), x_0.numpy())
    _close(FULL.predict_eps(x_t, x_0, _level(i)), eps.numpy())


@given(st.integers(0, 999))
def test_predicted_x_0(i: int) -> None:
    x_t, eps, a = _draw(0, 1, 3, 2, 2), _draw(1, 1, 3, 2, 2), ALPHA_BAR[i]
    expected = (x_t.numpy() - np.sqrt(1 - a) * eps.numpy()) / np.sqrt(a)
    _close(FULL.predict_x_0(x_t, eps, _level(i)), expected)


@given(STEPS, st.data())
def test_posterior_mean_is_bayes_rule(steps: list[int], data: st.DataObject) -> None:
    """q(x_{t-1} | x_t, x_0) ∝ q(x_t | x_{t-1}) q(x_{t-1} | x_0): two Gaussians, multiplied."""
    i = data.draw(st.integers(1, len(steps) - 1)) if len(steps) > 1 else 0
    x_t, x_0 = _draw(0, 1, 3, 2, 2), _draw(1, 1, 3, 2, 2)
    mean = FULL.respaced(steps).posterior_mean(x_t, x_0, _level(i))
    if i == 0:
        _close(mean, x_0.numpy())  # nothing is unknown below the first level
        return
    a, before = ALPHA_BAR[steps[i]], ALPHA_BAR[steps[i - 1]]
    alpha = a / before
    # as functions of x_{t-1}: N(x_t; √α x, 1-α) and N(x; √ᾱ_{t-1} x_0, 1-ᾱ_{t-1})
    precision = alpha / (1 - alpha) + 1 / (1 - before)
    pull = np.sqrt(alpha) / (1 - alpha) * x_t.numpy() + np.sqrt(before) / (1 - before) * x_0.numpy()
    np.testing.assert_allclose(mean.numpy(), pull / precision, rtol=1e-8, atol=1e-10)
    variance = FULL.respaced(steps).posterior_variance[i]
    np.testing.assert_allclose(float(variance), 1 / precision, rtol=1e-8)


@given(STEPS, st.floats(-1, 1), st.data())
def test_learned_range_interpolates_logarithms(
    steps: list[int], v: float, data: st.DataObject
) -> None:
    i = data.draw(st.integers(0, len(steps) - 1))
    respaced, like = FULL.respaced(steps), torch.zeros(1, 3, 2, 2, dtype=torch.float64)
    before = _before(ALPHA_BAR[steps])
    beta = 1 - ALPHA_BAR[steps] / before
    posterior = beta * (1 - before) / (1 - ALPHA_BAR[steps])
    low = beta[0] if len(steps) == 1 else posterior[max(i, 1)]
    ours = respaced.log_variance(torch.full_like(like, v), _level(i), like)
    expected = (v + 1) / 2 * np.log(beta[i]) + (1 - v) / 2 * np.log(low)
    _close(ours, np.full(like.shape, expected))


def test_without_learned_variance_it_is_the_posterior_one() -> None:
    like = torch.zeros(1, 3, 2, 2, dtype=torch.float64)
    fixed = FULL.log_variance(None, _level(7), like)
    assert fixed.shape == like.shape
    assert torch.equal(fixed, FULL.log_variance(torch.full_like(like, -1), _level(7), like))


@pytest.mark.parametrize(
    ("kind", "v"),
    [("fixed_small", -1), ("fixed_small_log", -1), ("fixed_large", 1), ("fixed_large_log", 1)],
)
def test_the_scheduler_says_which_fixed_variance(kind: str, v: float) -> None:
    schedule = Schedule.from_scheduler(DDPMScheduler(variance_type=kind)).respaced(range(0, 500, 7))
    like = torch.zeros(1, 3, 2, 2, dtype=torch.float64)
    learned = schedule.log_variance(torch.full_like(like, v), _level(7), like)
    assert torch.equal(schedule.log_variance(None, _level(7), like), learned)


def test_variance_without_a_formula_is_refused() -> None:
    with pytest.raises(InputError, match="variance_type 'learned'"):
        Schedule.from_scheduler(DDPMScheduler(variance_type="learned"))


@pytest.mark.parametrize("spacing", [range(1000), spaced_timesteps(500, 50)])
def test_ddim_step_is_equation_2(spacing: range | tuple[int, ...]) -> None:
    respaced = FULL.respaced(spacing)
    alpha_bar = ALPHA_BAR[list(spacing)]
    x_0, eps = _draw(0, 1, 3, 2, 2), _draw(1, 1, 3, 2, 2)
    for i in (1, 20, len(spacing) - 1):
        a = alpha_bar[i - 1]
        expected = np.sqrt(a) * x_0.numpy() + np.sqrt(1 - a) * eps.numpy()
        _close(respaced.ddim_step(x_0, eps, _level(i)), expected)


def test_every_picture_of_a_batch_has_its_own_level() -> None:
    levels = torch.tensor([3, 700])
    x_0, eps, x_t = (_draw(k, 2, 3, 2, 2) for k in range(3))
    v = torch.tanh(_draw(3, 2, 3, 2, 2))
    for formula in (
        lambda s: FULL.add_noise(x_0[s], eps[s], levels[s]),
        lambda s: FULL.add_noise_before(x_0[s], eps[s], levels[s]),
        lambda s: FULL.predict_x_0(x_t[s], eps[s], levels[s]),
        lambda s: FULL.predict_eps(x_t[s], x_0[s], levels[s]),
        lambda s: FULL.posterior_mean(x_t[s], x_0[s], levels[s]),
        lambda s: FULL.log_variance(v[s], levels[s], x_t[s]),
    ):
        together = formula(slice(None))
        alone = torch.cat([formula(slice(k, k + 1)) for k in range(2)])
        assert torch.equal(together, alone)


def test_float32_loses_no_more_than_its_own_digits() -> None:
    # 1 - ᾱ near the clean image is 1e-4: computed in float32 it would lose half its digits
    x_0, eps = _draw(0, 1, 3, 8, 8), _draw(1, 1, 3, 8, 8)
    x_t = FULL.add_noise(x_0, eps, _level(0))
    ours = FULL.predict_eps(x_t.float(), x_0.float(), _level(0))
    assert ours.dtype == torch.float32
    noise = FULL.add_noise(torch.zeros(1, 1), torch.ones(1, 1), _level(0))
    assert float(noise) == pytest.approx(1e-2, rel=1e-7)  # √(1 - ᾱ_0) = √1e-4


# diffusers


@pytest.mark.parametrize("kind", ["learned_range", "fixed_small"])
@pytest.mark.parametrize("spacing", [None, spaced_timesteps(750, 40)])
@pytest.mark.parametrize("position", [1, 20, -1])
def test_agrees_with_diffusers_ddpm(
    kind: str, spacing: tuple[int, ...] | None, position: int
) -> None:
    scheduler = DDPMScheduler(beta_start=1e-4, beta_end=0.02, variance_type=kind, clip_sample=False)
    scheduler.alphas_cumprod = FULL.alpha_bar  # theirs is float32
    respaced = FULL
    if spacing is not None:
        scheduler.set_timesteps(timesteps=list(reversed(spacing)))
        respaced = FULL.respaced(spacing)
    i = position % len(respaced)
    t = int(respaced.timesteps[i])
    x_t, eps, v = (_draw(k, 1, 3, 4, 4) for k in range(3))
    v = torch.tanh(v)
    learned = kind == "learned_range"
    z = torch.randn(x_t.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)

    output = torch.cat([eps, v], 1) if learned else eps
    theirs = scheduler.step(output, t, x_t, generator=torch.Generator().manual_seed(9))

    x_0 = respaced.predict_x_0(x_t, eps, _level(i))
    mean = respaced.posterior_mean(x_t, x_0, _level(i))
    log_variance = respaced.log_variance(v if learned else None, _level(i), x_t)
    _close(theirs.pred_original_sample, x_0.numpy())
    ours = mean + (0.5 * log_variance).exp() * z
    np.testing.assert_allclose(ours.numpy(), theirs.prev_sample.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("t", LEVELS)
def test_agrees_with_diffusers_ddim(t: int) -> None:
    scheduler = DDIMScheduler(beta_start=1e-4, beta_end=0.02, clip_sample=False)
    scheduler.alphas_cumprod = FULL.alpha_bar
    scheduler.set_timesteps(1000)
    x_t, eps = _draw(0, 1, 3, 4, 4), _draw(1, 1, 3, 4, 4)
    theirs = scheduler.step(eps, t, x_t).prev_sample
    ours = FULL.ddim_step(FULL.predict_x_0(x_t, eps, _level(t)), eps, _level(t))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9, atol=1e-9)


# Spacing


@given(st.integers(2, 1000), st.integers(2, 1200))
def test_spaced_timesteps(start: int, steps: int) -> None:
    spaced = np.array(spaced_timesteps(start, steps))
    assert len(spaced) == min(start, steps)
    assert (spaced[0], spaced[-1]) == (0, start - 1)
    gaps = np.diff(spaced)
    assert gaps.min() >= 1  # ascending, each once
    assert gaps.max() - gaps.min() <= 1  # as evenly as integers can be
    FULL.respaced(spaced_timesteps(start, steps))


def test_spaced_timesteps_of_the_papers_setting() -> None:
    # 50 steps from 500: gaps of 499/49 = 10.18…, rounded
    spaced = spaced_timesteps(500, 50)
    assert spaced[:7] == (0, 10, 20, 31, 41, 51, 61)
    assert spaced_timesteps(5, 50) == (0, 1, 2, 3, 4)


@given(st.integers(2, 1000), st.integers(2, 1000))
def test_trailing_timesteps_leave_out_the_first_step(start: int, steps: int) -> None:
    spaced = np.array(spaced_timesteps(start, steps, "trailing"))
    count = min(start, steps)
    assert len(spaced) == count
    assert spaced[-1] == start - 1
    # as far from the picture, at t = -1, as from each other
    gaps = np.diff(np.concatenate([[-1], spaced]))
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1
    FULL.respaced(tuple(spaced.tolist()))


def test_trailing_timesteps_are_those_of_diffusers() -> None:
    scheduler = DDPMScheduler(timestep_spacing="trailing")
    scheduler.set_timesteps(20)
    assert spaced_timesteps(1000, 20, "trailing") == tuple(reversed(scheduler.timesteps.tolist()))


@pytest.mark.parametrize(("start", "steps"), [(1, 5), (0, 5), (5, 1), (5, 0), (-3, 5), (5, -3)])
def test_too_few_steps_are_refused(start: int, steps: int) -> None:
    with pytest.raises(InputError, match=f"{steps} steps from start {start}"):
        spaced_timesteps(start, steps)
