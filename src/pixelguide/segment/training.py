"""Train f_multi and {C_t} from a few labelled pictures, in one run that can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator as seeded
from pixelguide.segment.checkpoint import TrainingCheckpoint
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining, Job, guide_timesteps, plan_training
from pixelguide.segment.samples import PixelSample, moments, prepared

Progress = Callable[[dict[str, Any]], None]
_TOLD = 50  # steps between two reports


def train_classifiers(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    *,
    checkpoint: Path | None = None,
    on_progress: Progress | None = None,
    on_note: Callable[[str], None] | None = None,
) -> tuple[ClassifierBank, ClassifierBank]:
    """f_multi and {C_t} (Matsunaga et al. 2022, sec. 3.2 and A.1) on a frozen prior.

    AdamW on the cross-entropy of single pixels, as `plan_training` plans it. First f_multi; then
    one classifier of all the guide's timesteps mixed; then every C_t, from that one's weights and
    with the features of its own timestep. A member's draws depend on the seed and its timesteps,
    not on which others are trained beside it. checkpoint: a file that keeps finished jobs; a
    repeated call goes on behind them with the same result, if it has as many threads; else on_note
    is told so.
    Returns (segmenter, guide). Raises InputError when a checkpoint belongs to other settings.
    """
    plan = training_jobs(denoiser, pictures, settings)
    pictures = prepared(denoiser, pictures, settings)
    segmenter = untrained_bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    guide = untrained_bank(denoiser, pictures, [(t,) for t in guide_timesteps(settings)])
    store = TrainingCheckpoint(checkpoint, settings, pictures, denoiser)
    done = store.restore(segmenter, guide, on_note)
    finished, total = 0, sum(len(job.members) for job in plan)
    work, whole = 0.0, sum(map(job_work, plan))
    for job in plan:
        before, begun = finished, work
        finished, work = finished + len(job.members), work + job_work(job)
        if finished <= done:
            continue

        def tell(count: int, share: float, begun: float = begun, job: Job = job) -> None:
            if on_progress:
                share = (begun + share * job_work(job)) / whole
                on_progress(
                    {"stage": "train classifiers", "done": count, "total": total, "share": share}
                )

        tell(before, 0.0)
        sample = PixelSample(denoiser, pictures, settings, job.pixels)
        bank = segmenter if job.kind == "segmenter" else guide
        run_job(job, bank, sample, settings, denoiser.device, partial(tell, before))
        store.keep(segmenter, guide, finished)
        tell(finished, 1.0)
    return segmenter.eval(), guide.eval()


def train_segmenter(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> ClassifierBank:
    """f_multi alone; the same as `train_classifiers` gives."""
    plan = training_jobs(denoiser, pictures, settings)
    pictures = prepared(denoiser, pictures, settings)
    bank = untrained_bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    for job in plan:
        if job.kind == "segmenter":
            sample = PixelSample(denoiser, pictures, settings, job.pixels)
            run_job(job, bank, sample, settings, denoiser.device)
    bank.eval()
    return bank


def untrained_guide(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> ClassifierBank:
    """The bank that {C_t} of a training is kept in, untrained."""
    return untrained_bank(denoiser, pictures, [(t,) for t in guide_timesteps(settings)])


def train_guide(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    on_share: Callable[[float], None] | None = None,
) -> ClassifierBank:
    """{C_t} alone; the same as `train_classifiers` gives. on_share: told what share is done."""
    jobs = [job for job in training_jobs(denoiser, pictures, settings) if job.kind != "segmenter"]
    pictures = prepared(denoiser, pictures, settings)
    bank = untrained_guide(denoiser, pictures, settings)
    done, whole = 0.0, sum(map(job_work, jobs))
    for job in jobs:
        sample = PixelSample(denoiser, pictures, settings, job.pixels)
        run_job(job, bank, sample, settings, denoiser.device)
        done += job_work(job)
        if on_share:
            on_share(done / whole)
    bank.eval()
    return bank


def job_work(job: Job) -> int:
    """How long a job takes, in no unit: its classifiers' steps."""
    return job.iterations * len(job.members)


def training_jobs(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> tuple[Job, ...]:
    """What a training of these pictures, as they were loaded, does."""
    channels = sum(tap.channels for tap in denoiser.taps)
    return plan_training(settings, len(pictures), denoiser.size, channels).jobs


def untrained_bank(
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


def run_job(
    job: Job,
    bank: ClassifierBank,
    sample: PixelSample,
    settings: ClassifierTraining,
    device: torch.device,
    on_share: Callable[[float], None] | None = None,
) -> None:
    """Train what `job` names at once: stacked, its members share every matrix product. on_share:
    told now and then what share of its steps is done.

    bank: takes the result. The common classifier becomes every member of the guide, so the guide's
    jobs find in the bank what they start from, after an interruption too.
    """
    own = [(0,)] if job.kind == "common" else [bank.timesteps[k] for k in job.members]
    stack = ClassifierBank(**{**bank.state(), "timesteps": [list(t) for t in own]})
    if job.kind == "common":
        features, chosen = [sample.mixed_features([t for (t,) in bank.timesteps])], slice(None)
    else:  # an ensemble's members share their features
        features = [sample.features(timesteps) for timesteps in dict.fromkeys(own)]
        chosen = slice(job.members.start, job.members.stop)
    scales = [moments(rows) for rows in features]
    mean = torch.stack([mean for mean, _ in scales])
    deviation = torch.stack([deviation for _, deviation in scales])
    if job.kind == "guide":
        stack.load_state_dict({name: value[chosen] for name, value in bank.state_dict().items()})
        # the same function, of (features - mean) / deviation
        stack.standardize_inputs(-mean / deviation, 1 / deviation)
    else:
        for position, k in enumerate(job.members):
            stack.initialize(position, seeded(settings.seed, "member", k, *own[position]))
    stack.to(device)
    _fit(stack, features, mean, deviation, sample.labels, settings, job.iterations, on_share)
    stack.cpu().standardize_inputs(mean, deviation)
    trained = stack.state_dict()
    with torch.no_grad():
        for name, value in bank.state_dict().items():
            value[chosen] = trained[name]


def _fit(
    stack: ClassifierBank,
    features: Sequence[Tensor],
    mean: Tensor,
    deviation: Tensor,
    labels: Tensor,
    settings: ClassifierTraining,
    iterations: int,
    on_share: Callable[[float], None] | None = None,
) -> None:
    """Train a stack in place on (features - mean) / deviation: one fp16 M×inputs for all members,
    or for each, with as many means and deviations.

    Batches are standardized, not all features: few of them are seen more than once. Every member
    sees the same pixels in the same order.
    """
    device, size = stack.weight1.device, min(settings.batch_size, len(labels))
    labels = labels.to(device)
    mean, inverse = mean[:, None].to(device), (1 / deviation)[:, None].to(device)
    gathered = torch.empty(len(features), size, features[0].shape[1], dtype=features[0].dtype)
    optimizer = torch.optim.AdamW(
        stack.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,  # the plain one passes over the weights a dozen times
    )
    batches = _endless_batches(len(labels), size, seeded(settings.seed, "order"))
    stack.train()
    for iteration, batch in enumerate(islice(batches, iterations)):
        if on_share and iteration % _TOLD == 0 and iteration:
            on_share(iteration / iterations)
        # half a cosine: the last steps settle what the first ones found
        for group in optimizer.param_groups:
            factor = 0.5 * (1 + np.cos(np.pi * iteration / iterations))
            group["lr"] = settings.learning_rate * factor
        for rows, place in zip(features, gathered, strict=True):
            torch.index_select(rows, 0, batch, out=place)
        x = gathered.to(device).float().sub_(mean).mul_(inverse).expand(len(stack), -1, -1)
        logits = stack(x)  # K×B×classes
        wanted = labels[batch.to(device)].expand(len(stack), -1)
        # the mean over pixels, summed over members: each has the gradient it would have alone
        loss = F.cross_entropy(logits.mT, wanted) * len(stack)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def _endless_batches(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Index batches over reshuffled epochs, without end."""
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order[: count - count % size].split(size)
