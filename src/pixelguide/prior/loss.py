"""The training loss of a prior with learned variance."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pixelguide.prior.schedule import Schedule


def hybrid_loss(
    output: Tensor, x_0: Tensor, x_t: Tensor, eps: Tensor, i: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """L_simple and L_vlb of each batch element (Nichol & Dhariwal 2021, arXiv 2102.09672, eq. 16).

    output: N×2C×H×W, the network's ε and v; x_0, x_t, eps: N×C×H×W; i: int64 N, levels.
    Returns two tensors N; the training loss is the mean of their sum. L_vlb is in bits per
    dimension, with the mean detached so that it teaches the variance alone, and stands for the
    whole chain's bound at λ = 0.001 and T = 1000, as in ADM.
    """
    predicted, v = output.float().chunk(2, dim=1)
    simple = (predicted - eps).square().flatten(1).mean(1)

    true_mean = schedule.posterior_mean(x_t, x_0, i)
    true_log_variance = schedule.log_variance(None, i, x_t)
    mean = schedule.posterior_mean(
        x_t, schedule.predict_x_0(x_t, predicted.detach(), i).clamp(-1, 1), i
    )
    log_variance = schedule.log_variance(v, i, x_t)

    divergence = 0.5 * (
        log_variance
        - true_log_variance
        - 1
        + torch.exp(true_log_variance - log_variance)
        + (true_mean - mean).square() * torch.exp(-log_variance)
    )
    likelihood = -discretized_log_likelihood(x_0, mean, 0.5 * log_variance)
    first = (i == 0).reshape(-1, *[1] * (x_t.ndim - 1))
    vlb = torch.where(first.to(x_t.device), likelihood, divergence).flatten(1).mean(1)
    return simple, vlb / math.log(2)


def discretized_log_likelihood(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log-probability of 8-bit values x in [-1, 1] under a Gaussian (DDPM eq. 13), elementwise."""
    half, scale = 1 / 255, log_scale.exp()
    above = torch.where(
        x > 0.999, torch.ones_like(x), torch.special.ndtr((x + half - mean) / scale)
    )
    below = torch.where(
        x < -0.999, torch.zeros_like(x), torch.special.ndtr((x - half - mean) / scale)
    )
    return (above - below).clamp(min=1e-12).log()
