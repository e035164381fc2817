"""Train f_multi and {C_t} from a few labelled pictures, in one run that can be resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import to_model
from pixelguide.labels import IGNORE
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.safe import load_weights, read_tensors
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.seeds import generator as seeded
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.features import pixel_features

Progress = Callable[[dict[str, Any]], None]
TOGETHER = 8
"""Pictures per pass of the network."""


@dataclass(frozen=True)
class ClassifierTraining:
    """Settings of the classifiers' training, with the reason beside each value."""

    segment_timesteps: tuple[int, ...] = (50, 150, 250)  # f_multi reads all three at once
    starts: tuple[int, ...] = (500, 750)  # every t of these schedules gets a classifier …
    steps: int = 50  # … of so many steps each
    batch_size: int = 256  # the paper has 64; stacked, four times as many cost a third more
    learning_rate: float = 1e-3  # the paper's
    iterations: int = 3000  # with 20 pictures about the paper's 4 epochs over the chosen pixels
    noise_draws: int = 4  # each picture is seen under so many noises per timestep …
    pixels: int = 1024  # … and at so many random pixels each time: neighbours teach the same
    mirror: bool = True  # mirror images are free labels
    members: int = 1  # classifiers in f_multi's ensemble; the paper has one, DatasetDDPM ten
    together: int = 7  # timesteps trained as one stack; bounds the memory
    seed: int = 0


def guide_timesteps(settings: ClassifierTraining) -> tuple[int, ...]:
    """Every timestep that an edit with default settings visits, ascending."""
    visited = {t for start in settings.starts for t in spaced_timesteps(start, settings.steps)}
    return tuple(sorted(visited))


def train_classifiers(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    *,
    checkpoint: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[ClassifierBank, ClassifierBank]:
    """f_multi and {C_t} (Matsunaga et al. 2022, sec. 3.2 and A.1) on a frozen prior.

    Adam on the cross-entropy of single pixels. Each member draws its weights and its noise from
    its own seed, so members do not depend on which others are trained beside them. checkpoint: a
    file that keeps finished members; a repeated call goes on behind them with the same result.
    Returns (segmenter, guide). Raises InputError when a checkpoint belongs to other settings.
    """
    pictures = prepared(denoiser, pictures, settings)
    segmenter = _bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    guide = _bank(denoiser, pictures, [(t,) for t in guide_timesteps(settings)])
    jobs = [(segmenter, range(settings.members))] + [
        (guide, range(first, min(first + settings.together, len(guide))))
        for first in range(0, len(guide), settings.together)
    ]
    store = _Store(checkpoint, settings, pictures, denoiser)
    total = sum(len(members) for _, members in jobs)
    done = store.restore(segmenter, guide)
    finished = 0
    for bank, members in jobs:
        finished += len(members)
        if finished <= done:
            continue
        train_members(denoiser, bank, members, pictures, settings)
        store.keep(segmenter, guide, finished)
        if on_progress:
            on_progress({"stage": "train classifiers", "done": finished, "total": total})
    return segmenter.eval(), guide.eval()


def train_segmenter(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> ClassifierBank:
    """f_multi alone; the same as `train_classifiers` gives."""
    pictures = prepared(denoiser, pictures, settings)
    bank = _bank(denoiser, pictures, [settings.segment_timesteps] * settings.members)
    train_members(denoiser, bank, range(len(bank)), pictures, settings)
    bank.eval()
    return bank


def prepared(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> LabelledPictures:
    """`pictures` without specks (the paper's 1-19 pixels at 256², by area), mirrored if wanted."""
    pictures = pictures.without_specks(max(1, round(20 * (denoiser.size / 256) ** 2)))
    return pictures.mirrored() if settings.mirror else pictures


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


def train_members(
    denoiser: Denoiser,
    bank: ClassifierBank,
    members: range,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
) -> None:
    """Train some members of a bank at once: stacked, they share every matrix product."""
    device = denoiser.device
    stack = ClassifierBank(
        **{**bank.state(), "timesteps": [list(bank.timesteps[k]) for k in members]}
    ).to(device)
    places = _places(pictures, settings)
    every = torch.from_numpy(pictures.label_ids.astype(np.int64)).flatten(1)
    labels = torch.stack([every.gather(1, own) for own in places]).flatten()
    labelled = (labels != IGNORE).nonzero()[:, 0]
    if len(labelled) == 0:
        raise InputError("no labelled pixel", "dataset", "Label at least one part.")
    features = []
    for position, k in enumerate(members):
        own_generator = seeded(settings.seed, "member", k, *bank.timesteps[k])
        stack.initialize(position, own_generator)
        own = _features(denoiser, pictures, bank.timesteps[k], places, own_generator)
        features.append(own[labelled])
    inputs = torch.stack(features)  # K×M×inputs, fp16
    labels = labels[labelled].to(device)
    mean = torch.stack([own.float().mean(0) for own in inputs])
    deviation = torch.stack([own.float().std(0) for own in inputs]).clamp(min=1e-4)

    optimizer = torch.optim.Adam(stack.parameters(), lr=settings.learning_rate)
    order = seeded(settings.seed, "order")
    batches = _endless_batches(len(labels), settings.batch_size, order)
    stack.train()
    for iteration in range(settings.iterations):
        batch = next(batches)
        # half a cosine: the last steps settle what the first ones found
        progress = iteration / settings.iterations
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + np.cos(np.pi * progress))
        x = (inputs[:, batch].to(device).float() - mean[:, None]) / deviation[:, None]
        logits = stack(x)  # K×B×classes
        wanted = labels[batch.to(device)].expand(len(members), -1)
        # the mean over pixels, summed over members: each has the gradient it would have alone
        loss = F.cross_entropy(logits.transpose(1, 2), wanted) * len(members)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    stack.standardize_inputs(mean, deviation)
    trained = stack.state_dict()
    with torch.no_grad():
        for name, value in bank.state_dict().items():
            value[members.start : members.stop] = trained[name].to(value.device)


def _places(pictures: LabelledPictures, settings: ClassifierTraining) -> Tensor:
    """Pixels to learn from, int64 draws×N×pixels: the same for all members, as are the labels."""
    count = pictures.label_ids[0].size
    generator = seeded(settings.seed, "pixels")
    chosen = [
        torch.randperm(count, generator=generator)[: settings.pixels]
        for _ in range(settings.noise_draws * len(pictures))
    ]
    return torch.stack(chosen).view(settings.noise_draws, len(pictures), -1)


@torch.no_grad()
def _features(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    timesteps: Sequence[int],
    places: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """fp16 (draws·N·pixels)×inputs: features at `places` under one noise per picture and draw.

    One noise serves all timesteps of a draw, as it does when a picture is segmented (eq. 6).
    """
    x_0, rows = to_model(pictures.images, denoiser.device), []
    for draw in places:
        for few, pixels in zip(x_0.split(TOGETHER), draw.split(TOGETHER), strict=True):
            noise = torch.randn(few.shape, generator=generator).to(few.device)
            activations = []
            for t in timesteps:
                x_t = denoiser.schedule.add_noise(few, noise, torch.full((len(few),), t))
                activations += denoiser.features(x_t, t)
            for k, own in enumerate(pixels.to(denoiser.device)):
                alone = [activation[k : k + 1] for activation in activations]
                rows.append(pixel_features(alone, own, denoiser.size)[0].half().cpu())
    return torch.cat(rows)


def _endless_batches(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Index batches over reshuffled epochs, without end."""
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order.split(size) if count < size else order[: count - count % size].split(size)


class _Store:
    """Finished members of an unfinished run, in one safetensors file."""

    def __init__(
        self,
        path: Path | None,
        settings: ClassifierTraining,
        pictures: LabelledPictures,
        denoiser: Denoiser,
    ) -> None:
        self.path = path
        data = hashlib.sha256(pictures.images.tobytes() + pictures.label_ids.tobytes())
        # features of two priors, or of two sets of taps, must not meet in one bank
        data.update(repr(denoiser.taps).encode())
        for value in denoiser.unet.state_dict().values():
            data.update(value.cpu().numpy().tobytes())
        self.identity = json.dumps({**asdict(settings), "data": data.hexdigest()}, sort_keys=True)

    def restore(self, segmenter: ClassifierBank, guide: ClassifierBank) -> int:
        if self.path is None or not self.path.exists():
            return 0
        tensors = read_tensors(self.path)
        identity = bytes(tensors.pop("identity").tolist()).decode()
        if identity != self.identity:
            raise InputError(
                "checkpoint of a training with other settings, data or prior",
                self.path.name,
                "Delete it, or repeat its settings.",
            )
        done = int(tensors.pop("done"))
        for prefix, bank in (("segmenter.", segmenter), ("guide.", guide)):
            own = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
            load_weights(bank, own, self.path.name)
        return done

    def keep(self, segmenter: ClassifierBank, guide: ClassifierBank, done: int) -> None:
        if self.path is None:
            return
        tensors = {f"segmenter.{name}": value for name, value in segmenter.state_dict().items()}
        tensors |= {f"guide.{name}": value for name, value in guide.state_dict().items()}
        tensors["done"] = torch.tensor(done)
        tensors["identity"] = torch.tensor(list(self.identity.encode()), dtype=torch.uint8)
        write_atomically(self.path, safetensors.torch.save(tensors))
