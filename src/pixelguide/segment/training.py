"""Train f_multi and {C_t} from a few labelled pictures, in one run that can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator as seeded
from pixelguide.segment.checkpoint import TrainingCheckpoint
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining, Job, guide_timesteps, plan_training
from pixelguide.segment.samples import PixelSample, mean_and_deviation, prepared

Progress = Callable[[dict[str, Any]], None]


def train_classifiers(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    *,
    checkpoint: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[ClassifierBank, ClassifierBank]:
    """f_multi and {C_t} (Matsunaga et al. 2022, sec. 3.2 and A.1) on a frozen prior.

    AdamW on the cross-entropy of single pixels, as `plan_training` plans it. Each member draws its
    weights from its own seed and its features from that of its timesteps, so members do not depend
    on which others are trained beside them. checkpoint: a file that keeps finished members; a
    repeated call goes on behind them with the same result.
    Returns (segmenter, guide). Raises InputError when a checkpoint belongs to other settings.
    """
    plan = _plan(denoiser, pictures, settings)
    pictures = prepared(denoiser, pictures, settings)
    segmenter = _bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    guide = _bank(denoiser, pictures, [(t,) for t in guide_timesteps(settings)])
    store = TrainingCheckpoint(checkpoint, settings, pictures, denoiser)
    done = store.restore(segmenter, guide)
    finished = 0
    for job in plan:
        finished += len(job.members)
        if finished <= done:
            continue
        bank = segmenter if job.bank == "segmenter" else guide
        _train(denoiser, bank, job, pictures, settings)
        store.keep(segmenter, guide, finished)
        if on_progress:
            total = sum(len(each.members) for each in plan)
            on_progress({"stage": "train classifiers", "done": finished, "total": total})
    return segmenter.eval(), guide.eval()


def train_segmenter(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> ClassifierBank:
    """f_multi alone; the same as `train_classifiers` gives."""
    plan = _plan(denoiser, pictures, settings)
    pictures = prepared(denoiser, pictures, settings)
    bank = _bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    for job in plan:
        if job.bank == "segmenter":
            _train(denoiser, bank, job, pictures, settings)
    bank.eval()
    return bank


def _plan(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> tuple[Job, ...]:
    channels = sum(tap.channels for tap in denoiser.taps)
    return plan_training(settings, len(pictures), denoiser.size, channels).jobs


def _bank(
    denoiser: Denoiser, pictures: LabelledPictures, timesteps: Sequence[tuple[int, ...]]
) -> ClassifierBank:
    """An untrained bank for these classes on the denoiser's taps."""
    bank: ClassifierBank = ClassifierBank(
        num_classes=len(pictures.labels),
        timesteps=[list(member) for member in timesteps],
        taps=[tap.index for tap in denoiser.taps],
        tap_channels=[tap.channels for tap in denoiser.taps],
    )
    return bank


def _train(
    denoiser: Denoiser,
    bank: ClassifierBank,
    job: Job,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
) -> None:
    """Train some members of a bank at once: stacked, they share every matrix product."""
    device = denoiser.device
    own = [bank.timesteps[k] for k in job.members]
    stack = ClassifierBank(**{**bank.state(), "timesteps": [list(t) for t in own]}).to(device)
    for position, k in enumerate(job.members):
        stack.initialize(position, seeded(settings.seed, "member", k, *own[position]))
    sample = PixelSample(denoiser, pictures, settings, job.pixels)
    distinct = sorted(set(own))  # an ensemble's members share their features
    features = [sample.features(timesteps) for timesteps in distinct]  # each M×inputs, fp16
    which = [distinct.index(timesteps) for timesteps in own]
    scales = [mean_and_deviation(rows) for rows in features]
    mean = torch.stack([mean for mean, _ in scales]).to(device)
    deviation = torch.stack([deviation for _, deviation in scales]).to(device)
    labels = sample.labels.to(device)

    optimizer = torch.optim.AdamW(
        stack.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    order = seeded(settings.seed, "order")
    batches = _endless_batches(len(labels), settings.batch_size, order)
    stack.train()
    for iteration in range(settings.iterations):
        batch = next(batches)
        # half a cosine: the last steps settle what the first ones found
        progress = iteration / settings.iterations
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + np.cos(np.pi * progress))
        x = torch.stack([rows[batch] for rows in features]).to(device).float()
        x = (x - mean[:, None]) / deviation[:, None]
        logits = stack(x[which])  # K×B×classes
        wanted = labels[batch.to(device)].expand(len(own), -1)
        # the mean over pixels, summed over members: each has the gradient it would have alone
        loss = F.cross_entropy(logits.transpose(1, 2), wanted) * len(own)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    stack.standardize_inputs(mean[which], deviation[which])
    trained = stack.state_dict()
    with torch.no_grad():
        for name, value in bank.state_dict().items():
            value[job.members.start : job.members.stop] = trained[name].to(value.device)


def _endless_batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Index batches over reshuffled epochs, without end."""
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order.split(size) if count < size else order[: count - count % size].split(size)
