"""Features of labelled pixels, gathered for training without ever holding a whole feature map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.images import to_model
from pixelguide.labels import IGNORE
from pixelguide.prior.denoiser import Denoiser
from pixelguide.seeds import generator as seeded
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.features import pixel_features
from pixelguide.segment.plan import ClassifierTraining


def smallest_label(size: int) -> int:
    """Labels of fewer pixels of a picture of size² are specks."""
    return max(1, round(20 * (size / 256) ** 2))


def prepared(
    denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining
) -> LabelledPictures:
    """`pictures` without specks (the paper's 1-19 pixels at 256², by area), mirrored if wanted."""
    pictures = pictures.without_specks(smallest_label(denoiser.size))
    return pictures.mirrored() if settings.mirror else pictures


MOST_WEIGHT = 8.0
"""How many times as often as of the common classes pixels of a rare one are drawn, at most."""


def class_weights(ids: Tensor) -> Tensor:
    """How often pixels of each class are drawn, float32 256 by id, from int64 ids of any shape.

    A class of a fourth of the pixels that classes have on average is drawn twice as often for its
    size: with uniform draws the dark of an open mouth, a thousandth of a face, is hardly learnt.
    """
    counts = torch.bincount(ids.flatten(), minlength=256).float()
    counts[IGNORE] = 0
    known = counts > 0
    mean = counts.sum() / known.sum().clamp(min=1)
    weights = (mean / counts.clamp(min=1)).sqrt().clamp(1, MOST_WEIGHT)
    return torch.where(known, weights, 1.0)


def _drawn(row: Tensor, weights: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Indices of `pixels` of the ids `row`, int64 P, without repeats, by the weights of their ids:
    those with the largest keys log(u) / weight (Efraimidis & Spirakis 2006)."""
    keys = torch.rand(len(row), generator=generator).log() / weights[row]
    return keys.topk(min(pixels, len(row))).indices


PIECE = 1024
"""Rows of features that are worked on at once, to stay in the cache."""


class PixelSample:
    """Labelled pixels of labelled pictures, drawn once: what every classifier learns from. Rare
    classes are drawn more often (see `class_weights`).

    The same pixels for all classifiers, so that they share their labels.
    """

    def __init__(
        self, denoiser: Denoiser, pictures: LabelledPictures, settings: ClassifierTraining,
        pixels: int,
    ) -> None:  # fmt: skip
        """pixels: how many of each picture in each noise draw. Raises InputError if none of them
        is labelled."""
        self._denoiser, self._pictures, self._seed = denoiser, pictures, settings.seed
        generator = seeded(settings.seed, "pixels")
        ids = torch.from_numpy(pictures.label_ids.astype(np.int64)).flatten(1)
        self._places: list[list[Tensor]] = []  # of each noise draw, of each picture: int64 P
        labels = []
        weights = class_weights(ids)
        for _ in range(settings.noise_draws):
            own = [_drawn(row, weights, pixels, generator) for row in ids]
            own = [places[row[places] != IGNORE] for row, places in zip(ids, own, strict=True)]
            self._places.append(own)
            labels += [row[places] for row, places in zip(ids, own, strict=True)]
        self.labels = torch.cat(labels)
        if len(self.labels) == 0:
            raise InputError("no labelled pixel", "dataset", "Label at least one part.")

    def __len__(self) -> int:
        return len(self.labels)

    @torch.no_grad()
    def features(self, timesteps: Sequence[int]) -> Tensor:
        """fp16 len(self)×inputs on the CPU: every sampled pixel's activations at `timesteps`.

        One noise per picture and draw serves all timesteps of a classifier, as it does when a
        picture is segmented (eq. 6 of Matsunaga et al. 2022), and depends on the seed and on these
        timesteps alone.
        """
        generator = seeded(self._seed, "noise", *timesteps)
        # as many pictures a pass as activations of eight pictures of 64² take
        together = max(1, min(8, 8 * 64**2 // self._denoiser.size**2))
        rows = torch.empty(len(self), self._channels * len(timesteps), dtype=torch.float16)
        filled = 0
        for draw in self._places:
            for first in range(0, len(draw), together):
                places = draw[first : first + together]
                filled = self._fill(rows, filled, first, places, timesteps, generator)
        return rows

    @torch.no_grad()
    def mixed_features(self, timesteps: Sequence[int]) -> Tensor:
        """fp16 len(self)×inputs on the CPU: every picture, in every draw, at one of `timesteps`.

        They are shared out evenly and at random; noise and shares depend on the seed and on
        `timesteps` alone.
        """
        generator = seeded(self._seed, "mixed noise", *timesteps)
        views = [(k, own) for draw in self._places for k, own in enumerate(draw)]
        rows = torch.empty(len(self), self._channels, dtype=torch.float16)
        filled = 0
        turns = torch.randperm(len(views), generator=generator).tolist()
        for (k, own), turn in zip(views, turns, strict=True):
            t = timesteps[turn * len(timesteps) // len(views)]
            filled = self._fill(rows, filled, k, [own], (t,), generator)
        return rows

    @property
    def _channels(self) -> int:
        return sum(tap.channels for tap in self._denoiser.taps)

    def _fill(
        self, rows: Tensor, filled: int, first: int, places: Sequence[Tensor],
        timesteps: Sequence[int], generator: torch.Generator,
    ) -> int:  # fmt: skip
        """Write features of pictures first, first + 1 … at `places`; how many rows are full."""
        denoiser = self._denoiser
        few = to_model(self._pictures.images[first : first + len(places)], denoiser.device)
        noise = torch.randn(few.shape, generator=generator).to(few.device)
        activations = []
        for t in timesteps:
            x_t = denoiser.schedule.add_noise(few, noise, torch.full((len(few),), t))
            activations += denoiser.features(x_t, t)
        for k, own in enumerate(places):
            alone = [activation[k : k + 1] for activation in activations]
            found = pixel_features(alone, own.to(denoiser.device), denoiser.size)[0]
            rows[filled : filled + len(own)] = found.half()
            filled += len(own)
        return filled


def moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation, float32, of each column of fp16 M×inputs, in one pass over them.

    A deviation is at least 1e-4: constant features are not blown up.
    """
    count = len(rows)
    pivot = rows[:PIECE].float().mean(0)  # subtracted first, so that squares lose no precision
    sums, squares = (torch.zeros(rows.shape[1], dtype=torch.float64) for _ in range(2))
    for part in rows.split(PIECE):
        away = part.float() - pivot
        sums += away.sum(0)
        squares += away.square_().sum(0)
    mean = sums / count
    variance = (squares - count * mean.square()) / max(1, count - 1)
    return (mean + pivot).float(), variance.clamp(min=1e-8).sqrt().float()
