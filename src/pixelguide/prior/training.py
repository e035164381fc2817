"""Train a prior on a folder of pictures: EMA, several devices, resumable to the bit."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from diffusers import UNet2DModel
from diffusers.training_utils import EMAModel
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.files import check_writable
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.augmentation import reduce
from pixelguide.prior.batches import AHEAD, batches, split
from pixelguide.prior.bundle import refuse_classifiers
from pixelguide.prior.checkpoint import load_checkpoint, save_checkpoint
from pixelguide.prior.loss import hybrid_loss
from pixelguide.prior.manifest import write_parts
from pixelguide.prior.model_parts import prior_parts
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.precision import precision_note, training_precision
from pixelguide.prior.run_clock import RunClock
from pixelguide.prior.sampling import MeanColours, sample_grid
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.training_settings import PriorTraining
from pixelguide.seeds import generator as seeded

Progress = Callable[[dict[str, Any]], None]
WARMUP_SHARE = 0.05
"""Of a training: the rate has risen by then, so that one of an hour does not spend it on that."""


def train_prior(
    pictures: PictureFolder,
    folder: Path,
    network: Architecture | UNet2DModel,
    settings: PriorTraining,
    *,
    device: str = "auto",
    on_progress: Progress | None = None,
    on_note: Callable[[str], None] | None = None,
) -> UNet2DModel:
    """Train a prior and keep it in model folder `folder`; go on from its checkpoint if it has one.

    Step k draws everything from generators that depend on (seed, k) alone, so an interrupted run
    ends with the same weights as an uninterrupted one. Every `checkpoint_images` the folder
    receives the state to resume from, the averaged weights (fp16), and a sheet of samples.
    Under `accelerate launch` several processes share each batch; all of them call this, and the
    first one writes and tells.
    network: what to train: an architecture, to begin with fresh weights, or a network, to go on
    from its weights (a copy of it is trained). on_note: told where the training goes on with
    another number of threads, after which its weights are others, and of a slow precision.
    Returns the network with the averaged weights. Raises InputError on bad settings, for a network
    without learned variance, and for a `folder` with classifiers if there is something to train.
    """
    if settings.images < settings.batch_size or settings.batch_size < 1:
        raise InputError(f"{settings.images} images in batches of {settings.batch_size}")
    if settings.minutes is not None and settings.minutes <= 0:
        raise InputError(f"{settings.minutes} minutes", hint="Give more than 0.")
    check_writable(folder)
    if device not in ("auto", "cpu"):
        raise InputError(f"unknown device '{device}'", hint="Training takes 'auto' or 'cpu'.")
    place = PartialState(cpu=device == "cpu").device
    settings = replace(
        settings, mixed_precision=training_precision(settings.mixed_precision, place)
    )
    if on_note and (note := precision_note(settings.mixed_precision, place)):
        on_note(note)
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision=settings.mixed_precision)
    if settings.minutes is not None and accelerator.num_processes > 1:
        raise InputError(
            "several processes with a limit in minutes", hint="Their clocks differ: limit images."
        )
    if settings.batch_size % accelerator.num_processes:
        raise InputError(
            f"batches of {settings.batch_size} for {accelerator.num_processes} processes",
            "batch size",
            "Take a multiple: the processes share each batch evenly.",
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
    step = load_checkpoint(folder, unet, optimizer, ema, identity, on_note)
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
    train, held_out = split(len(pictures), settings.held_out)
    every = max(1, settings.checkpoint_images // settings.batch_size)
    recent: list[tuple[Tensor, Tensor]] = []
    clock = RunClock(settings, total_steps, step)

    with ThreadPoolExecutor(AHEAD) as pool:
        share = slice(accelerator.process_index, None, accelerator.num_processes)
        for batch in batches(pictures, train, settings, share, range(step, total_steps), pool):
            clock.start()
            x_0, eps, t = (
                (part.pin_memory() if on_gpu else part).to(accelerator.device, non_blocking=on_gpu)
                for part in batch
            )
            left = clock.left(step + 1)
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
            if step % 10 == 0:
                # of all processes: each has the losses of its share of the pictures
                means = torch.stack([torch.stack(own).mean() for own in zip(*recent, strict=True)])
                means = accelerator.reduce(means, "mean")
            if on_progress and accelerator.is_main_process and step % 10 == 0:
                on_progress(
                    {
                        "stage": "train prior",
                        "done": step * settings.batch_size,
                        "total": total_steps * settings.batch_size,
                        "share": max(0.0, 1 - clock.left(step)),
                        "loss": float(means[0]),
                        "vlb": float(means[1]),
                        "images_per_second": clock.pictures_per_second(step),
                    }
                )
            last = step == total_steps or left <= 0
            if (step % every == 0 or last) and accelerator.is_main_process:
                began = time.monotonic()
                ema.store(unet.parameters())
                ema.copy_to(unet.parameters())
                unseen = pictures.batch(held_out, pool)
                unseen = reduce(unseen) if settings.augmentation else unseen
                loss = held_out_loss(unet, unseen, schedule, settings)
                write_parts(folder, prior_parts(unet))
                draws = seeded(settings.seed, "samples", 0)
                sample_grid(unet, schedule, draws, folder, MeanColours.of(unseen))
                ema.restore(unet.parameters())
                save_checkpoint(folder, unet, optimizer, ema, step, identity)
                clock.checkpoint_took(time.monotonic() - began)
                if on_progress:
                    on_progress(
                        {
                            "stage": "checkpoint",
                            "done": step * settings.batch_size,
                            "total": total_steps * settings.batch_size,
                            "held_out_loss": loss,
                            "pace": clock.pictures_per_second(step),
                        }
                    )
            if last:
                break
    ema.copy_to(unet.parameters())
    if accelerator.num_processes > 1:
        accelerator.wait_for_everyone()  # the first one writes longer than the others
        accelerator.end_training()
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

    left: share of the training that lies ahead; 0 and below end it. The ramp up ends after
    `warmup_images`, or after `WARMUP_SHARE` of a short training. A training can be prolonged
    from its plateau; the falling rate then averages the noise of its steps away (Hägele et al.
    2024, arXiv 2405.18392).
    """
    warmup = settings.warmup_images / settings.batch_size
    one_step = 1 / (total_steps + 1)
    return min(
        1.0,
        max(step / warmup, (1 - left) / WARMUP_SHARE) if warmup else 1.0,
        max(left, 0.0) / (settings.cooldown * (1 - one_step) + one_step),
    )
