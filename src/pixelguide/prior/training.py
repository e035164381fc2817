"""Train a prior on a folder of pictures: EMA, several devices, resumable to the bit."""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers import UNet2DModel
from diffusers.training_utils import EMAModel
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.augmentation import OVERSAMPLING, Augmentation, reduce
from pixelguide.prior.bundle import refuse_classifiers, write_parts
from pixelguide.prior.checkpoint import load_checkpoint, save_checkpoint
from pixelguide.prior.loss import hybrid_loss
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.sampling import sample_grid
from pixelguide.prior.schedule import Schedule
from pixelguide.seeds import generator as seeded

Progress = Callable[[dict[str, Any]], None]
_AHEAD = 4
"""Batches made ahead of the step that runs, each by a thread: a GPU waits for none of them."""


@dataclass(frozen=True)
class PriorTraining:
    """Settings of a prior's training, with the reason beside each value."""

    images: int = 500_000  # pictures to see; a small category looks right from about 100 k on
    minutes: float | None = None  # end this run by then, for a machine that is lent for so long
    batch_size: int = 16  # on few cores many small steps learn more per hour than few large ones
    learning_rate: float = 8e-4  # small networks on short trainings bear eight times ADM's 1e-4
    warmup_images: int = 8_000  # Adam's second moments settle before full steps are taken
    cooldown: float = 0.25  # share of the images, at the end, over which the rate falls to zero
    ema_decay: float = 0.999  # averages over the last 1,000 steps once warmed up
    clip_norm: float = 1.0  # a rare bad batch costs one step instead of the run
    flip: bool = True  # mirror half of the pictures
    augmentation: Augmentation | None = None  # some thousand pictures would be learnt by heart
    shift_noise: bool = False  # half of the timesteps as noisy for a larger picture as at 64²
    held_out: int = 256  # pictures never trained on, for the loss that is reported
    checkpoint_images: int = 10_000  # a kill costs at most this many
    mixed_precision: str = "no"  # "bf16" gains only where the processor multiplies bf16 natively
    compile: bool = False  # takes minutes to start, then saves about a third
    seed: int = 0

    def picture_size(self, size: int) -> int:
        """Side in pixels at which pictures are read for a network of `size`."""
        return size * OVERSAMPLING if self.augmentation else size


def train_prior(
    pictures: PictureFolder,
    folder: Path,
    network: Architecture | UNet2DModel,
    settings: PriorTraining,
    *,
    device: str = "auto",
    on_progress: Progress | None = None,
) -> UNet2DModel:
    """Train a prior and keep it in model folder `folder`; go on from its checkpoint if it has one.

    Step k draws everything from generators that depend on (seed, k) alone, so an interrupted run
    ends with the same weights as an uninterrupted one. Every `checkpoint_images` the folder
    receives the state to resume from, the averaged weights (fp16), and a sheet of samples.
    network: what to train: an architecture, to begin with fresh weights, or a network, to go on
    from its weights (a copy of it is trained).
    Returns the network with the averaged weights. Raises InputError on bad settings, for a network
    without learned variance, and for a `folder` with classifiers if there is something to train.
    """
    if settings.images < settings.batch_size or settings.batch_size < 1:
        raise InputError(f"{settings.images} images in batches of {settings.batch_size}")
    if settings.minutes is not None and settings.minutes <= 0:
        raise InputError(f"{settings.minutes} minutes", hint="Give more than 0.")
    if settings.mixed_precision not in ("no", "bf16", "fp16"):
        raise InputError(
            f"unknown mixed precision '{settings.mixed_precision}'", hint="Use no, bf16 or fp16."
        )
    check_writable(folder)
    if device not in ("auto", "cpu"):
        raise InputError(f"unknown device '{device}'", hint="Training takes 'auto' or 'cpu'.")
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=settings.mixed_precision)
    if settings.minutes is not None and accelerator.num_processes > 1:
        raise InputError(
            "several processes with a limit in minutes", hint="Their clocks differ: limit images."
        )
    if isinstance(network, Architecture):
        unet = network.build(seeded(settings.seed, "weights", 0))
    else:
        unet = copy.deepcopy(network).train().requires_grad_(True)
    if pictures.size != settings.picture_size(unet.config.sample_size):
        raise InputError(
            f"pictures of {pictures.size} pixels for a network of {unet.config.sample_size}"
        )
    if unet.config.out_channels != 2 * unet.config.in_channels:
        raise InputError(
            "a network without learned variance",
            f"{unet.config.out_channels} channels come out of it",
            "Start from one that answers noise and variance, or from none.",
        )
    on_gpu = accelerator.device.type == "cuda"
    # tensor cores want channels last; a fused optimizer is one kernel instead of hundreds
    unet.to(accelerator.device, memory_format=torch.channels_last if on_gpu else None)
    optimizer = torch.optim.AdamW(
        unet.parameters(),
        lr=settings.learning_rate,
        weight_decay=0.0,
        betas=(0.9, 0.99),
        fused=on_gpu,
    )
    ema = EMAModel(
        unet.parameters(), decay=settings.ema_decay, use_ema_warmup=True, power=0.75, foreach=True
    )
    ema.to(accelerator.device)
    # all that decides what the next step does; how long and how fast is free to change
    free = ("images", "minutes", "checkpoint_images", "compile")
    identity = {name: value for name, value in asdict(settings).items() if name not in free}
    # trainings that were begun before these settings existed had neither
    identity = {
        name: value
        for name, value in identity.items()
        if name not in ("augmentation", "shift_noise") or value
    }
    identity["network"] = {
        name: value for name, value in unet.config.items() if not name.startswith("_")
    }
    step = load_checkpoint(folder, unet, optimizer, ema, identity)
    total_steps = settings.images // settings.batch_size
    if step < total_steps:
        refuse_classifiers(folder)

    model, optimizer = accelerator.prepare(unet, optimizer)
    schedule = Schedule.linear()
    # on a GPU, levels that wait on the CPU would stop it a dozen times a step
    levels = schedule.to(accelerator.device) if on_gpu else schedule

    def losses(x_0: Tensor, eps: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        x_t = levels.add_noise(x_0, eps, t)
        with accelerator.autocast():
            output = model(x_t, t).sample
        return hybrid_loss(output, x_0, x_t, eps, t, levels)

    measure = torch.compile(losses) if settings.compile else losses
    train, held_out = _split(len(pictures), settings.held_out)
    every = max(1, settings.checkpoint_images // settings.batch_size)
    recent: list[tuple[Tensor, Tensor]] = []
    began, first_step = time.monotonic(), step

    def remaining(step: int) -> float:
        """Share of the training, by steps or by the clock, that lies behind step `step`."""
        by_steps = (total_steps + 1 - step) / (total_steps + 1)
        if settings.minutes is None:
            return by_steps
        return min(by_steps, 1 - (time.monotonic() - began) / (60 * settings.minutes))

    with ThreadPoolExecutor(_AHEAD) as pool:
        share = slice(accelerator.process_index, None, accelerator.num_processes)
        for batch in _batches(pictures, train, settings, share, range(step, total_steps), pool):
            x_0, eps, t = (
                (part.pin_memory() if on_gpu else part).to(accelerator.device, non_blocking=on_gpu)
                for part in batch
            )
            left = remaining(step + 1)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * _rate(step + 1, left, total_steps, settings)
            simple, vlb = measure(x_0, eps, t)
            accelerator.backward((simple + vlb).mean())
            norm = accelerator.clip_grad_norm_(model.parameters(), settings.clip_norm)
            # one bad batch must not end in weights of NaN; fp16's scaler sees to that by itself
            if settings.mixed_precision == "fp16" or torch.isfinite(norm):
                optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            ema.step(unet.parameters())
            step += 1
            recent = [*recent[-99:], (simple.mean().detach(), vlb.mean().detach())]
            if on_progress and accelerator.is_main_process and step % 10 == 0:
                on_progress(
                    {
                        "stage": "train prior",
                        "done": step * settings.batch_size,
                        "total": total_steps * settings.batch_size,
                        "loss": float(torch.stack([simple for simple, _ in recent]).mean()),
                        "vlb": float(torch.stack([vlb for _, vlb in recent]).mean()),
                        "images_per_second": (step - first_step)
                        * settings.batch_size
                        / (time.monotonic() - began),
                    }
                )
            last = step == total_steps or left <= 0
            if (step % every == 0 or last) and accelerator.is_main_process:
                ema.store(unet.parameters())
                ema.copy_to(unet.parameters())
                unseen = pictures.batch(held_out, pool)
                unseen = reduce(unseen) if settings.augmentation else unseen
                loss = held_out_loss(unet, unseen, schedule, settings)
                write_parts(folder, prior_parts(unet))
                sample_grid(unet, schedule, seeded(settings.seed, "samples", 0), folder)
                ema.restore(unet.parameters())
                save_checkpoint(folder, unet, optimizer, ema, step, identity)
                if on_progress:
                    on_progress(
                        {
                            "stage": "checkpoint",
                            "done": step * settings.batch_size,
                            "total": total_steps * settings.batch_size,
                            "held_out_loss": loss,
                        }
                    )
            if last:
                break
    ema.copy_to(unet.parameters())
    return unet


@torch.no_grad()
def held_out_loss(
    unet: torch.nn.Module, x_0: Tensor, schedule: Schedule, settings: PriorTraining
) -> float:
    """Mean L_simple on pictures never trained on (N×3×S×S), the same t and noise at every call."""
    generator = seeded(settings.seed, "held out", 0)
    device = next(unet.parameters()).device
    t = ((torch.arange(len(x_0)) + 0.5) * len(schedule) / len(x_0)).long()
    eps = torch.randn(x_0.shape, generator=generator)
    losses = []
    for part in torch.arange(len(x_0)).split(32):
        clean, noise, level = (tensor[part].to(device) for tensor in (x_0, eps, t))
        x_t = schedule.add_noise(clean, noise, level)
        simple, _ = hybrid_loss(unet(x_t, level).sample, clean, x_t, noise, level, schedule)
        losses.append(simple)
    return float(torch.cat(losses).mean())


def _rate(step: int, left: float, total_steps: int, settings: PriorTraining) -> float:
    """Share of the learning rate at step 1 … total: a ramp up, a plateau, a ramp down to zero.

    left: share of the training that lies ahead; 0 and below end it. A training can be prolonged
    from its plateau; the falling rate then averages the noise of its steps away (Hägele et al.
    2024, arXiv 2405.18392).
    """
    warmup = settings.warmup_images / settings.batch_size
    one_step = 1 / (total_steps + 1)
    return min(
        1.0,
        step / warmup if warmup else 1.0,
        max(left, 0.0) / (settings.cooldown * (1 - one_step) + one_step),
    )


def _split(count: int, held_out: int) -> tuple[list[int], list[int]]:
    """Indices to train on and to hold out: every n-th picture, at most a tenth of them."""
    held_out = min(held_out, max(1, count // 10))
    chosen = {int(k * count / held_out) for k in range(held_out)}
    train = [k for k in range(count) if k not in chosen] or [0]
    return train, sorted(chosen)


def _as_noisy(size: int) -> Tensor:
    """int64 T: for each timestep the one that hides as much of a picture of `size` as it hides of
    one of 64²: log-SNR + 2 log(64 / size) (Hoogeboom et al. 2023, arXiv 2301.11093, sec. 3.1).

    Averaging to 64² divides the noise's variance by the number of pixels that become one.
    """
    alpha_bar = Schedule.linear().alpha_bar
    log_snr = torch.log(alpha_bar / (1 - alpha_bar))
    wanted = log_snr + 2 * math.log(64 / size)
    return (log_snr[None, :] - wanted[:, None]).abs().argmin(1)


def _batches(
    pictures: PictureFolder,
    train: list[int],
    settings: PriorTraining,
    share: slice,
    steps: range,
    pool: ThreadPoolExecutor,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """This process's share of (x_0, ε, t) at each step, made while the steps before it run."""
    size = settings.batch_size
    as_noisy = _as_noisy(pictures.size // settings.picture_size(1))

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

    upcoming = deque(pool.submit(load, step) for step in steps[:_AHEAD])
    try:
        for step in steps:
            batch = upcoming.popleft().result()
            if step + _AHEAD in steps:
                upcoming.append(pool.submit(load, step + _AHEAD))
            yield batch
    finally:
        for batch_to_come in upcoming:
            batch_to_come.cancel()
