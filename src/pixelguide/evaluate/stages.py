"""The stages of an edit, and of training classifiers, each run by the functions that edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.evaluate.subjects import Subject
from pixelguide.guidance.guidance import GuidedPrediction, guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import sample_edit
from pixelguide.images import from_model, to_model
from pixelguide.labels import LabelSet
from pixelguide.prior.denoiser import Denoiser, Prediction
from pixelguide.prior.schedule import Schedule
from pixelguide.seeds import generator
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining
from pixelguide.segment.training import train_classifiers

Amounts = NDArray[np.float64]
Read = Callable[[], Amounts]
"""What has been spent so far: seconds, say, or FLOPs and bytes. Differences are what counts."""
Stage = Callable[[Read], dict[str, Amounts]]
"""Runs once and says, part by part, what it spent."""

SCALE = 100.0
TRAINING = ClassifierTraining()
STACKED = TRAINING.together
TIMED_ITERATIONS = 20


@dataclass(frozen=True)
class Inputs:
    """What an edit starts from, drawn from fixed seeds.

    image: uint8 S×S×3. x_0, x_t: 1×3×S×S. target: int64 S×S. roi: bool S×S, a sixteenth of the
    picture, as 4096 pixels are of 256².
    """

    image: NDArray[np.uint8]
    x_0: Tensor
    x_t: Tensor
    target: Tensor
    roi: NDArray[np.bool_]

    @classmethod
    def of(cls, subject: Subject) -> Inputs:
        """For a subject's size, classes and noisiest level."""
        size, device = subject.denoiser.size, subject.denoiser.device
        draws = generator(0, "bench inputs")
        image = torch.randint(256, (size, size, 3), generator=draws, dtype=torch.uint8).numpy()
        x_0 = to_model(image, device)
        noise = torch.randn(x_0.shape, generator=draws).to(device)
        x_t = subject.schedule.add_noise(x_0, noise, torch.tensor([1]))
        classes = subject.guide.num_classes
        target = torch.randint(classes, (size, size), generator=draws).to(device)
        roi = np.zeros((size, size), np.bool_)
        roi[3 * size // 8 : 5 * size // 8, 3 * size // 8 : 5 * size // 8] = True
        return cls(image, x_0, x_t, target, roi)


def picture_stages(subject: Subject) -> dict[str, Stage]:
    """What is done once for a picture, however many candidates it gets.

    encode: uint8 picture to x_0. inversion step: one pass without gradients, and eq. 4.
    """
    denoiser, inputs = Watched(subject.denoiser), Inputs.of(subject)
    return {
        "encode": _plain("encode", lambda: to_model(inputs.image, denoiser.device)),
        "inversion": _plain(
            "inversion step", lambda: invert(denoiser, inputs.x_0, subject.schedule)
        ),
    }


def candidate_stages(subject: Subject, batch: int) -> dict[str, Stage]:
    """What is done for `batch` candidates, or pictures, at once.

    guided step: forward (the network), head (classifiers, loss, and back to the taps), backward
    (from the taps to x_t), update (eq. 9 to 11). composite: to uint8, and into the picture.
    features: a pass up to the last tap.
    """
    denoiser, inputs = Watched(subject.denoiser), Inputs.of(subject)
    inside = torch.from_numpy(inputs.roi).to(denoiser.device)
    predict = guided(denoiser, subject.guide, inputs.target, inside)
    pictures, starts = (
        each.expand(batch, -1, -1, -1).contiguous() for each in (inputs.x_0, inputs.x_t)
    )

    def guided_step(read: Read) -> dict[str, Amounts]:
        """Two steps of the sampler, of which the second repeats the first's prediction."""
        marks: list[Amounts] = []
        known: list[GuidedPrediction] = []

        def once(x: Tensor, levels: Schedule, i: int) -> GuidedPrediction:
            if not known:
                marks.append(denoiser.begin(read))
                known.append(predict(x, levels, i))
                marks.extend([*denoiser.marks, read()])
            return known[0]

        generators = [generator(0, "bench candidate", k) for k in range(batch)]
        first = read()
        sample_edit(once, inputs.x_0, starts, inside, subject.schedule, SCALE, generators)
        total = read() - first
        begun, forward, head, done = marks
        update = (total - (done - begun)) / 2
        return {
            "guided step": done - begun + update,
            "· forward": forward - begun,
            "· head": head - forward,
            "· backward": done - head,
            "· update": update,
        }

    def paste() -> object:
        return composite(inputs.image, from_model(pictures), inputs.roi)

    last = int(subject.schedule.timesteps[-1])
    return {
        "guided": guided_step,
        "composite": _plain("composite", paste),
        "features": _plain("features per timestep", lambda: denoiser.features(pictures, last)),
    }


def training_stage(subject: Subject) -> Stage:
    """One classifier of the guide, tuned in a stack of `STACKED` for all `TRAINING.tuning`.

    Extrapolated from `TIMED_ITERATIONS`; without feature extraction, which is a stage of its own,
    and without its share of the common classifier.
    """
    last = int(subject.schedule.timesteps[-1])
    denoiser = _Remembering(subject.denoiser, Inputs.of(subject).x_t, last)
    size, classes = denoiser.size, subject.guide.num_classes
    draws = generator(0, "bench labels")
    images = torch.randint(256, (2, size, size, 3), generator=draws, dtype=torch.uint8).numpy()
    ids = torch.randint(classes, (2, size, size), generator=draws, dtype=torch.uint8).numpy()
    labels = LabelSet(
        tuple(f"class {k}" for k in range(classes)), tuple((k, k, k) for k in range(classes))
    )
    pictures = LabelledPictures(images, ids, labels)
    settings = replace(
        TRAINING, starts=(last + 1,), steps=STACKED, together=STACKED, noise_draws=1, mirror=False,
        iterations=1,
    )  # fmt: skip

    def stage(read: Read) -> dict[str, Amounts]:
        # by the iterations alone: what two lengths of training differ by
        begun = read()
        train_classifiers(denoiser, pictures, replace(settings, tuning=1))
        between = read()
        train_classifiers(denoiser, pictures, replace(settings, tuning=1 + TIMED_ITERATIONS))
        stack = (read() - between) - (between - begun)
        return {"classifier training": stack * settings.tuning / (TIMED_ITERATIONS * STACKED)}

    return stage


def _plain(name: str, work: Callable[[], object]) -> Stage:
    def stage(read: Read) -> dict[str, Amounts]:
        begun = read()
        work()
        return {name: read() - begun}

    return stage


class Watched(Denoiser):
    """A denoiser that notes when its pass ends and when gradients reach its taps."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.__dict__.update(denoiser.__dict__)  # of a compiled network there is to be only one
        self._read: Read | None = None
        self.marks: list[Amounts] = []

    def begin(self, read: Read) -> Amounts:
        """Forget former marks; from now on mark what `read` tells. Returns what it tells now."""
        self._read, self.marks = read, []
        return read()

    def __call__(self, x_t: Tensor, schedule: Schedule, i: int) -> Prediction:
        """As the denoiser that is watched."""
        seen = super().__call__(x_t, schedule, i)
        self._mark()
        if seen.taps[-1].requires_grad:
            # only the classifiers read the last tap: its gradient is whole once they are done, and
            # autograd goes on into the network after that
            seen.taps[-1].register_hook(lambda _: self._mark())
        return seen

    @torch.no_grad()
    def features(self, x_t: Tensor, t: int) -> list[Tensor]:
        """As the denoiser that is watched, without gradients."""
        return super().features(x_t, t)

    def _mark(self) -> None:
        if self._read is not None:
            self.marks.append(self._read())


class _Remembering(Watched):
    """A denoiser whose features cost nothing: they were computed before, and are always the same.

    x_t: the one picture they are of.
    """

    def __init__(self, denoiser: Denoiser, x_t: Tensor, t: int) -> None:
        super().__init__(denoiser)
        self._known = super().features(x_t, t)

    def features(self, x_t: Tensor, t: int) -> list[Tensor]:
        """Those that are known, for as many pictures as x_t has."""
        return [tap.expand(len(x_t), -1, -1, -1) for tap in self._known]
