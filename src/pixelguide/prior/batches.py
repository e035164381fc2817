"""What each step of a prior's training draws: pictures, noise and timesteps."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch
from torch import Tensor

from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.training_settings import PriorTraining
from pixelguide.seeds import generator as seeded

AHEAD = 4
"""Batches made ahead of the step that runs, each by a thread: a GPU waits for none of them."""


def split(count: int, held_out: int) -> tuple[list[int], list[int]]:
    """Indices to train on and to hold out: every n-th picture, at most a tenth of them."""
    held_out = min(held_out, max(1, count // 10))
    chosen = {int(k * count / held_out) for k in range(held_out)}
    train = [k for k in range(count) if k not in chosen] or [0]
    return train, sorted(chosen)


def as_noisy_as(size: int) -> Tensor:
    """int64 T: for each timestep the one that hides as much of a picture of `size` as it hides of
    one of 64²: log-SNR + 2 log(64 / size) (Hoogeboom et al. 2023, arXiv 2301.11093, sec. 3.1).

    Averaging to 64² divides the noise's variance by the number of pixels that become one.
    """
    alpha_bar = Schedule.linear().alpha_bar
    log_snr = torch.log(alpha_bar / (1 - alpha_bar))
    wanted = log_snr + 2 * math.log(64 / size)
    return (log_snr[None, :] - wanted[:, None]).abs().argmin(1)


def batches(
    pictures: PictureFolder,
    train: list[int],
    settings: PriorTraining,
    share: slice,
    steps: range,
    pool: ThreadPoolExecutor,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """This process's share of (x_0, ε, t) at each step, made while the steps before it run."""
    size = settings.batch_size
    as_noisy = as_noisy_as(pictures.size // settings.picture_size(1))

    @lru_cache(2)  # the threads are in one epoch or in two that touch
    def order(epoch: int) -> list[int]:
        generator = seeded(settings.seed, "epoch", epoch)
        return torch.randperm(len(train), generator=generator).tolist()

    def shuffled(n: int) -> int:
        """The n-th picture of the endless shuffled sequence."""
        epoch, position = divmod(n, len(train))
        return train[order(epoch)[position]]

    def load(step: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = seeded(settings.seed, "step", step)
        indices = [shuffled(n) for n in range(step * size, (step + 1) * size)]
        x_0 = pictures.batch(indices[share])
        mirror = (torch.rand(size, generator=generator) < 0.5) & settings.flip
        x_0 = torch.where(mirror[share, None, None, None], x_0.flip(-1), x_0)
        t = torch.randint(1000, (size,), generator=generator)
        if settings.shift_noise:
            shifted = torch.rand(size, generator=generator) < 0.5
            t = torch.where(shifted, as_noisy[t], t)
        if settings.augmentation:
            draws = settings.augmentation.draw(size, generator)
            x_0 = settings.augmentation.apply(x_0, draws[share])
        eps = torch.randn((size, *x_0.shape[1:]), generator=generator)
        return x_0, eps[share], t[share]

    upcoming = deque(pool.submit(load, step) for step in steps[:AHEAD])
    try:
        for step in steps:
            batch = upcoming.popleft().result()
            if step + AHEAD in steps:
                upcoming.append(pool.submit(load, step + AHEAD))
            yield batch
    finally:
        for batch_to_come in upcoming:
            batch_to_come.cancel()
