"""The hybrid loss against its formulas written out, and what its gradient may reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pixelguide.prior.loss import discretized_log_likelihood, hybrid_loss
from pixelguide.prior.schedule import Schedule

Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def _batch(levels: Tensor, schedule: Schedule, seed: int = 0) -> Batch:
    """Output, x_0, x_t and ε; x_0 of 8-bit values, as pictures are."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(levels), 3, 4, 4)
    x_0 = torch.randint(0, 256, shape, generator=generator) / 127.5 - 1
    eps = torch.randn(shape, generator=generator)
    output = torch.randn(len(levels), 6, 4, 4, generator=generator)
    return output, x_0, schedule.add_noise(x_0, eps, levels), eps


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def test_loss_is_the_formula(schedule: Schedule) -> None:
    levels = torch.tensor([0, 1, 40, 999])
    output, x_0, _, eps = _batch(levels, schedule)
    x_0, eps = x_0.double(), eps.double()
    x_t = schedule.add_noise(x_0, eps, levels)
    simple, vlb = hybrid_loss(output, x_0, x_t, eps, levels, schedule)
    alpha_bar = schedule.alpha_bar.numpy()
    for n, t in enumerate(levels.tolist()):
        a, before = alpha_bar[t], alpha_bar[t - 1] if t else 1.0
        beta = 1 - a / before
        posterior = beta * (1 - before) / (1 - a) if t else None
        # beta-tilde at t = 0 is zero: Nichol & Dhariwal 2021 put that of t = 1 in its place
        low = posterior or (alpha_bar[0] - alpha_bar[1]) / alpha_bar[0] * (1 - alpha_bar[0]) / (
            1 - alpha_bar[1]
        )
        terms, errors = [], []
        for x, noisy, noise, guess, v in zip(
            x_0[n].flatten().tolist(),
            x_t[n].flatten().tolist(),
            eps[n].flatten().tolist(),
            output[n, :3].flatten().tolist(),
            output[n, 3:].flatten().tolist(),
            strict=True,
        ):
            errors.append((guess - noise) ** 2)
            log_variance = (v + 1) / 2 * math.log(beta) + (1 - v) / 2 * math.log(low)
            clean = min(1.0, max(-1.0, (noisy - math.sqrt(1 - a) * guess) / math.sqrt(a)))
            on_x_0 = math.sqrt(before) * beta / (1 - a)
            on_x_t = math.sqrt(a / before) * (1 - before) / (1 - a)
            mean = on_x_0 * clean + on_x_t * noisy
            if t == 0:
                scale = math.exp(log_variance / 2)
                above = 1.0 if x > 0.999 else _normal_cdf((x + 1 / 255 - mean) / scale)
                below = 0.0 if x < -0.999 else _normal_cdf((x - 1 / 255 - mean) / scale)
                terms.append(-math.log(max(above - below, 1e-12)))
            else:
                true = on_x_0 * x + on_x_t * noisy
                assert posterior is not None
                terms.append(
                    0.5
                    * (
                        log_variance
                        - math.log(posterior)
                        - 1
                        + posterior / math.exp(log_variance)
                        + (true - mean) ** 2 / math.exp(log_variance)
                    )
                )
        assert float(simple[n]) == pytest.approx(np.mean(errors), rel=1e-6)
        assert float(vlb[n]) == pytest.approx(np.mean(terms) / math.log(2), rel=1e-6)


def test_variance_bound_does_not_teach_the_mean(schedule: Schedule) -> None:
    levels = torch.tensor([0, 5, 600])
    output, x_0, x_t, eps = _batch(levels, schedule)
    simple, vlb = hybrid_loss(output.requires_grad_(), x_0, x_t, eps, levels, schedule)
    (of_vlb,) = torch.autograd.grad(vlb.sum(), output, retain_graph=True)
    (of_simple,) = torch.autograd.grad(simple.sum(), output)
    assert not of_vlb[:, :3].any()
    assert of_vlb[:, 3:].flatten(1).any(1).all()
    assert of_simple[:, :3].all()
    assert not of_simple[:, 3:].any()


def test_perfect_output_has_no_loss_above_the_first_level(schedule: Schedule) -> None:
    levels = torch.tensor([1, 100, 999])
    output, x_0, x_t, eps = _batch(levels, schedule)
    output = torch.cat([eps, torch.full_like(eps, -1)], 1)  # the true noise, the true variance
    simple, vlb = hybrid_loss(output, x_0, x_t, eps, levels, schedule)
    assert not simple.any()
    # x_0 comes back from x_t with float32's digits, divided by √ᾱ_999 = 0.006 at worst
    assert vlb.abs().max() < 1e-3


def test_half_precision_output_is_computed_in_single(schedule: Schedule) -> None:
    levels = torch.tensor([0, 999])
    output, x_0, x_t, eps = _batch(levels, schedule)
    rounded = hybrid_loss(output.half(), x_0, x_t, eps, levels, schedule)
    expected = hybrid_loss(output.half().float(), x_0, x_t, eps, levels, schedule)
    for ours, theirs in zip(rounded, expected, strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours, theirs)


@given(st.floats(-1.2, 1.2), st.floats(-4, 1))
def test_probabilities_of_all_values_sum_to_one(mean: float, log_scale: float) -> None:
    values = (torch.arange(256, dtype=torch.float64) / 127.5) - 1
    logs = discretized_log_likelihood(
        values, torch.full_like(values, mean), torch.full_like(values, log_scale)
    )
    # each of the 256 is at least 1e-12, for its logarithm's sake
    assert float(logs.exp().sum()) == pytest.approx(1, abs=1e-9)
