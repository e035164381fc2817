"""Alg. 1: its steps by their formulas, what it may not touch, and what its draws depend on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from conftest import seeded
from pixelguide.guidance.guidance import GuidedDenoiser, GuidedPrediction, guided
from pixelguide.guidance.sampling import Step, noised_start, sample_edit
from pixelguide.guidance.solvers import REACH, Sampler
from pixelguide.prior.denoiser import Denoiser, Prediction
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.segment.classifier import ClassifierBank

# ᾱ as DDPM defines it
ALPHA_BAR = np.cumprod(1 - (1e-4 + (0.02 - 1e-4) * np.arange(1000) / 999))
SAMPLERS: list[Sampler] = ["ddpm", "ddim", "sde", "sde-2m", "dpm-2m"]


def _field(seed: int, count: int = 1) -> Tensor:
    return torch.randn(count, 3, 8, 8, generator=seeded(seed), dtype=torch.float64)


X_0 = torch.tanh(_field(0))
X_T = _field(1)
EPS, V, G = 0.9 * _field(2), torch.tanh(_field(3)), _field(4)


@pytest.fixture(scope="module")
def roi() -> Tensor:
    roi = torch.zeros(8, 8, dtype=torch.bool)
    roi[2:6, 3:7] = True
    return roi


def _answers(learned: bool = True) -> GuidedDenoiser:
    """The same ε, v and g whatever it is asked."""

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        count = len(x_t)
        eps, v, g = (field.expand(count, -1, -1, -1) for field in (EPS, V, G))
        x_0 = schedule.predict_x_0(x_t, eps, torch.full((count,), i))
        prediction = Prediction(eps, x_0, v if learned else None, [])
        half = torch.full((count,), 0.5)
        return GuidedPrediction(prediction, g, torch.full((count,), 2.0), half, half)

    return predict


def _draws(seed: int, steps: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """What a candidate draws at each step: first for the ROI, then for the background."""
    generator = seeded(seed)
    shape = (3, 8, 8)
    return [
        tuple(
            torch.randn(shape, generator=generator, dtype=torch.float64).numpy() for _ in range(2)
        )
        for _ in range(steps)
    ]


def _run(
    schedule: Schedule, roi: Tensor, scale: float, sampler: Sampler, learned: bool = True
) -> NDArray[np.float64]:
    out = sample_edit(_answers(learned), X_0, X_T, roi, schedule, scale, [seeded(7)], sampler)
    assert out.dtype == torch.float64
    return out[0].numpy()


def _two_levels(schedule: Schedule) -> tuple[Schedule, float, float]:
    """A schedule of t = 200 and 600 only, and their ᾱ."""
    return schedule.respaced((200, 600)), ALPHA_BAR[200], ALPHA_BAR[600]


# Steps


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_guided_ddpm_steps(schedule: Schedule, roi: Tensor, learned: bool, scale: float) -> None:
    respaced, below, above = _two_levels(schedule)
    x_t, x_0, eps, v, g = (field[0].numpy() for field in (X_T, X_0, EPS, V, G))
    draws = _draws(7, 2)

    # from level 1 to level 0
    beta = 1 - above / below
    f_theta = np.clip((x_t - np.sqrt(1 - above) * eps) / np.sqrt(above), -1, 1)
    mean = (
        np.sqrt(below) * beta / (1 - above) * f_theta
        + np.sqrt(1 - beta) * (1 - below) / (1 - above) * x_t
    )
    posterior = beta * (1 - below) / (1 - above)
    share = (v + 1) / 2 if learned else np.zeros_like(v)
    variance = beta**share * posterior ** (1 - share)  # learned range
    x_fg = mean - scale * variance * g + np.sqrt(variance) * draws[0][0]  # eq. 9
    x_bg = np.sqrt(below) * x_0 + np.sqrt(1 - below) * draws[0][1]  # eq. 10
    x_1 = np.where(roi.numpy(), x_fg, x_bg)  # eq. 11

    # from level 0 to the picture: the mean, without noise
    f_theta = np.clip((x_1 - np.sqrt(1 - below) * eps) / np.sqrt(below), -1, 1)
    variance = (1 - below) ** share * posterior ** (1 - share)
    expected = np.where(roi.numpy(), f_theta - scale * variance * g, x_0)

    ours = _run(respaced, roi, scale, "ddpm", learned)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_guided_ddim_steps(schedule: Schedule, roi: Tensor, scale: float) -> None:
    respaced, below, above = _two_levels(schedule)
    x_t, x_0, eps, g = (field[0].numpy() for field in (X_T, X_0, EPS, G))
    draws = _draws(7, 2)

    # Dhariwal & Nichol 2021, Alg. 2, for log p = -loss: ε̂ = ε + √(1-ᾱ) s g; of x_0 up to REACH
    push = REACH * np.tanh((1 - above) / np.sqrt(above) * scale * g / REACH)
    shifted = eps + np.sqrt(above / (1 - above)) * push
    f_theta = np.clip((x_t - np.sqrt(1 - above) * shifted) / np.sqrt(above), -1, 1)
    consistent = (x_t - np.sqrt(above) * f_theta) / np.sqrt(1 - above)
    x_fg = np.sqrt(below) * f_theta + np.sqrt(1 - below) * consistent
    x_bg = np.sqrt(below) * x_0 + np.sqrt(1 - below) * draws[0][1]
    x_1 = np.where(roi.numpy(), x_fg, x_bg)

    f_theta = np.clip((x_1 - np.sqrt(1 - below) * eps) / np.sqrt(below), -1, 1)  # the prior alone
    expected = np.where(roi.numpy(), f_theta, x_0)

    ours = _run(respaced, roi, scale, "ddim")
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_push_goes_against_the_gradient(schedule: Schedule, roi: Tensor, sampler: Sampler) -> None:
    respaced = schedule.respaced((0, 30))  # so little noise that nothing is clipped
    quiet = [seeded(3)]
    outs = []
    for scale in (0.0, 0.5):

        def predict(x_t: Tensor, own: Schedule, i: int) -> GuidedPrediction:
            eps = torch.zeros_like(x_t)
            prediction = Prediction(eps, own.predict_x_0(x_t, eps, torch.tensor([i])), None, [])
            return GuidedPrediction(prediction, G, *[torch.zeros(1)] * 3)

        quiet = [seeded(3)]
        outs.append(sample_edit(predict, X_0, 0.1 * X_0, roi, respaced, scale, quiet, sampler))
    moved = (outs[1] - outs[0])[0, :, roi]
    assert (moved * G[0, :, roi] < 0).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_network_is_asked_from_the_noisiest_level_down(
    schedule: Schedule, roi: Tensor, sampler: Sampler
) -> None:
    respaced = schedule.respaced((3, 50, 400))
    asked: list[int] = []
    inner = _answers()

    def predict(x_t: Tensor, own: Schedule, i: int) -> GuidedPrediction:
        assert own is respaced
        asked.append(i)
        return inner(x_t, own, i)

    sample_edit(predict, X_0, X_T, roi, respaced, 1.0, [seeded(0)], sampler)
    assert asked == [2, 1, 0]


# Outside of the ROI


@pytest.mark.parametrize("sampler", SAMPLERS)
@given(seed=st.integers(0, 2**20))
def test_outside_is_exactly_the_picture_at_the_end_and_its_noised_self_before(
    schedule: Schedule, sampler: Sampler, seed: int
) -> None:
    roi = torch.rand(8, 8, generator=seeded(seed)) < 0.4
    respaced = schedule.respaced((5, 100, 700))
    inner = _answers()
    seen: list[Tensor] = []

    def predict(x_t: Tensor, own: Schedule, i: int) -> GuidedPrediction:
        seen.append(x_t)
        return inner(x_t, own, i)

    out = sample_edit(predict, X_0, X_T, roi, respaced, 5.0, [seeded(seed)], sampler)
    assert out[0, :, ~roi].numpy().tobytes() == X_0[0, :, ~roi].numpy().tobytes()
    for x_t, share, (_, noise) in zip(seen[1:], ALPHA_BAR[[100, 5]], _draws(seed, 2), strict=True):
        expected = np.sqrt(share) * X_0[0].numpy() + np.sqrt(1 - share) * noise
        outside = ~roi.numpy()
        np.testing.assert_allclose(x_t[0].numpy()[:, outside], expected[:, outside], rtol=1e-9)


# The whole, on a network

Edit = Callable[..., Tensor]


@pytest.fixture(scope="module")
def edit(denoiser: Denoiser, guide_bank: ClassifierBank, x_0: Tensor) -> Edit:
    """A guided edit of four steps on the tiny network."""
    target = torch.ones(16, 16, dtype=torch.int64)
    region = torch.zeros(16, 16, dtype=torch.bool)
    region[4:12, 4:12] = True
    schedule = denoiser.schedule.respaced(spaced_timesteps(500, 4))
    x_t = torch.randn(1, 3, 16, 16, generator=seeded(8))

    def run(generators: list[torch.Generator], sampler: Sampler, **options: object) -> Tensor:
        predict = guided(denoiser, guide_bank, target, region)
        return sample_edit(
            predict, x_0, x_t, region, schedule, 10.0, generators, sampler, **options
        )

    return run


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_generators_same_bits(edit: Edit, x_0: Tensor, sampler: Sampler) -> None:
    first, again, other = (edit([seeded(seed)], sampler) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.isfinite().all()
    assert not torch.equal(first, x_0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_candidate_does_not_depend_on_the_others(edit: Edit, sampler: Sampler) -> None:
    three = edit([seeded(k) for k in range(3)], sampler)
    assert three.shape == (3, 3, 16, 16)
    for k in range(3):
        alone = edit([seeded(k)], sampler)
        # a batch is computed in another order, which costs the last digits
        assert torch.allclose(three[k], alone[0], rtol=1e-3, atol=1e-4)
        assert (three[k] - three[(k + 1) % 3]).abs().max() > 0.01


def guided_square(
    denoiser: Denoiser, guide_bank: ClassifierBank
) -> tuple[GuidedDenoiser, Tensor, Schedule]:
    """Guidance to one class in a square, that square, and three levels down from t0 = 500."""
    region = torch.zeros(16, 16, dtype=torch.bool)
    region[4:12, 4:12] = True
    wanted = torch.ones(16, 16, dtype=torch.int64)
    levels = denoiser.schedule.respaced(spaced_timesteps(500, 3))
    return guided(denoiser, guide_bank, wanted, region), region, levels


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_pass_serves_the_start_that_candidates_share(
    denoiser: Denoiser, guide_bank: ClassifierBank, x_0: Tensor, sampler: Sampler
) -> None:
    predict, region, schedule = guided_square(denoiser, guide_bank)
    x_t = torch.randn(1, 3, 16, 16, generator=seeded(8))

    def run(start: Tensor) -> tuple[Tensor, list[int]]:
        draws = [seeded(k) for k in range(3)]
        with denoiser.counted() as calls:
            return sample_edit(predict, x_0, start, region, schedule, 5.0, draws, sampler), calls

    (shared, few), (own, many) = run(x_t), run(x_t.repeat(3, 1, 1, 1))
    assert few == [1, 3, 3]
    assert many == [3, 3, 3]
    assert torch.allclose(shared, own, rtol=1e-3, atol=1e-4)


def test_global_generator_is_neither_read_nor_changed(edit: Edit) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        state = torch.random.get_rng_state()
        first = edit([seeded(1)], "ddpm")
        assert torch.equal(torch.random.get_rng_state(), state)
        torch.manual_seed(2)
        assert torch.equal(edit([seeded(1)], "ddpm"), first)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_watching_reports_every_step_and_changes_nothing(
    edit: Edit, x_0: Tensor, sampler: Sampler
) -> None:
    steps: list[Step] = []
    watched = edit([seeded(1), seeded(2)], sampler, on_step=steps.append)
    assert torch.equal(watched, edit([seeded(1), seeded(2)], sampler))
    assert [(step.number, step.total) for step in steps] == [(k, 4) for k in (1, 2, 3, 4)]
    assert [step.t for step in steps] == list(reversed(spaced_timesteps(500, 4)))
    for step in steps:
        assert step.x_0.shape == (2, 3, 16, 16)
        assert step.x_0.abs().max() <= 1
        assert torch.equal(step.x_0[1, :, 0], x_0[0, :, 0])  # outside, the picture itself
        assert step.loss.shape == step.accuracy.shape == (2,)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_priors_own_picture_is_shown_and_at_the_end_the_result(
    denoiser: Denoiser, guide_bank: ClassifierBank, x_0: Tensor, sampler: Sampler
) -> None:
    ask, region, schedule = guided_square(denoiser, guide_bank)
    seen: list[Tensor] = []

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        step = ask(x_t, schedule, i)
        seen.append(step.prediction.x_0.clamp(-1, 1))
        return step

    shown: list[Tensor] = []
    x_t = torch.randn(1, 3, 16, 16, generator=seeded(8))
    result = sample_edit(
        predict, x_0, x_t, region, schedule, 1e4, [seeded(1)], sampler,
        lambda step: shown.append(step.x_0),
    )  # fmt: skip
    for picture, own in zip(shown[:-1], seen[:-1], strict=True):
        assert torch.equal(picture, torch.where(region, own, x_0))
    assert torch.equal(shown[-1], torch.where(region, result, x_0).clamp(-1, 1))


def test_an_error_of_the_watcher_ends_the_edit(edit: Edit) -> None:
    def stop(step: Step) -> None:
        raise KeyboardInterrupt(step.number)

    with pytest.raises(KeyboardInterrupt, match="1"):
        edit([seeded(1)], "ddpm", on_step=stop)


def test_a_noised_start_is_the_picture_and_noise_of_its_level() -> None:
    schedule = Schedule.linear().respaced([0, 99, 299])
    seen = noised_start(X_0, schedule, [seeded(1), seeded(2), seeded(1)])
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])
    noise = (seen - ALPHA_BAR[299] ** 0.5 * X_0) / (1 - ALPHA_BAR[299]) ** 0.5
    assert noise.mean().abs() < 0.2
    assert noise.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 2.0])
def test_the_temperature_is_a_factor_of_all_noise(
    schedule: Schedule, roi: Tensor, temperature: float
) -> None:
    respaced, _, _ = _two_levels(schedule)
    start = noised_start(X_0, respaced, [seeded(1)], temperature)
    cold, hot = (noised_start(X_0, respaced, [seeded(1)], factor) for factor in (0, 1))
    torch.testing.assert_close(start, cold + temperature * (hot - cold))

    def first_step(factor: float) -> Tensor:
        """x_t as the second pass sees it."""
        seen: list[Tensor] = []

        def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
            seen.append(x_t)
            return _answers()(x_t, schedule, i)

        draws = [seeded(7)]
        sample_edit(predict, X_0, X_T, roi, three, 1.0, draws, "sde", None, factor)
        return seen[1]

    three = schedule.respaced((30, 200, 400))
    signal = float(three.alpha_bar[1]) ** 0.5
    cold, hot = first_step(0), first_step(1)
    torch.testing.assert_close(first_step(temperature), cold + temperature * (hot - cold))
    torch.testing.assert_close(cold[..., ~roi], signal * X_0[..., ~roi])
    assert not torch.equal(hot[..., roi], cold[..., roi])


def test_the_last_pass_is_given_no_weaker_noise_in_the_region(
    schedule: Schedule, roi: Tensor
) -> None:
    """It would take it for texture."""
    respaced, _, _ = _two_levels(schedule)

    def given(temperature: float, seed: int) -> Tensor:
        """x_t as the last pass sees it."""
        seen: list[Tensor] = []
        sample_edit(
            _answers(), X_0, X_T, roi, respaced, 1.0, [seeded(seed)], "sde",
            lambda step: seen.append(step.x_t), temperature,
        )  # fmt: skip
        return seen[0]

    for temperature, alike in ((0.5, True), (1.0, False)):
        one, other = given(temperature, 1), given(temperature, 2)
        assert torch.equal(one[..., roi], other[..., roi]) == alike
        assert not torch.equal(one[..., ~roi], other[..., ~roi])
