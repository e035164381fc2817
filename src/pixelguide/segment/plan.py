"""What a training of classifiers will do, and what it needs, known before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pixelguide.errors import InputError
from pixelguide.prior.schedule import spaced_timesteps

FEATURE_BYTES = 2  # features wait for their turn in fp16
FEWEST_PIXELS = 16  # of a picture; with fewer, most classes would be missed


@dataclass(frozen=True)
class ClassifierTraining:
    """Settings of the classifiers' training, with the reason beside each value."""

    segment_timesteps: tuple[int, ...] = (50, 150, 250)  # f_multi reads all three at once
    starts: tuple[int, ...] = (500, 750)  # every t of these schedules gets a classifier …
    steps: int = 50  # … of so many steps each
    batch_size: int = 256  # the paper has 64
    learning_rate: float = 1e-3  # the paper's
    weight_decay: float = 1.0  # AdamW's: with 20 pictures weights without it learn them by heart
    iterations: int = 6000  # with 20 pictures nine times through the chosen pixels
    noise_draws: int = 4  # each picture is seen under so many noises per timestep …
    pixels: int = 1024  # … and at so many random pixels each time: neighbours teach the same
    tuning: int = 300  # iterations of each C_t, which starts from a classifier of all timesteps
    mirror: bool = True  # mirror images are free labels
    members: int = 1  # classifiers in f_multi's ensemble; the paper has one, DatasetDDPM ten
    together: int = 7  # classifiers trained as one stack, at most
    memory: float = 2.0  # GiB of features held at once: less memory, fewer pixels of a picture
    seed: int = 0

    def check(self, timesteps: int) -> None:
        """Raise InputError for what a model of so many timesteps has not."""
        for start in self.starts:
            if not 2 <= start <= timesteps:
                raise InputError(f"start {start}", "starts", f"Each must lie in 2 … {timesteps}.")
            if not 2 <= self.steps <= start:
                raise InputError(
                    f"{self.steps} steps from start {start}",
                    "steps",
                    "Take at least 2, and at most one per timestep.",
                )
        if max(self.segment_timesteps) >= timesteps:
            raise InputError(
                f"a segmenter at timesteps {self.segment_timesteps}",
                "model",
                f"Take one with more than {max(self.segment_timesteps)} timesteps.",
            )


@dataclass(frozen=True)
class Job:
    """Classifiers that are trained at once, and what they see.

    common: one classifier of all the guide's timesteps, from which every member of the guide
    starts.
    """

    kind: Literal["segmenter", "common", "guide"]
    members: range
    iterations: int
    pixels: int
    feature_bytes: int


@dataclass(frozen=True)
class TrainingPlan:
    """Everything a training does, in order.

    passes: of the network, up to its last tap, one picture each.
    """

    jobs: tuple[Job, ...]
    passes: int

    @property
    def classifiers(self) -> int:
        """How many the category gets."""
        return sum(len(job.members) for job in self.jobs if job.kind != "common")

    @property
    def feature_bytes(self) -> int:
        """The most memory that features take at once, beside the model and one pass of it."""
        return max(job.feature_bytes for job in self.jobs)


def guide_timesteps(settings: ClassifierTraining) -> tuple[int, ...]:
    """Every timestep that an edit with default settings visits, ascending."""
    visited = {t for start in settings.starts for t in spaced_timesteps(start, settings.steps)}
    return tuple(sorted(visited))


def plan_training(
    settings: ClassifierTraining, pictures: int, size: int, channels: int
) -> TrainingPlan:
    """The plan for so many labelled pictures of size² pixels and so many tapped channels.

    Features of all pixels of all pictures would need hundreds of gigabytes at 256²
    (ddpm-segmentation keeps them all); a sample of them that fits `settings.memory` teaches as
    much. Raises InputError when almost nothing would fit.
    """
    shown = pictures * (2 if settings.mirror else 1) * settings.noise_draws
    budget = int(settings.memory * 2**30)

    def pixels_within(timesteps: int) -> tuple[int, int]:
        each = shown * channels * timesteps * FEATURE_BYTES  # bytes a pixel of every picture
        pixels = min(settings.pixels, size * size, budget // each)
        if pixels < min(FEWEST_PIXELS, settings.pixels, size * size):
            raise InputError(
                f"{settings.memory:g} GiB for features of {shown} views",
                "memory",
                "Allow more memory, or take fewer pictures or noise draws.",
            )
        return pixels, pixels * each

    jobs, passes = [], 0
    pixels, held = pixels_within(len(settings.segment_timesteps))
    for members in _slices(settings.members, settings.together):
        # all share their features
        jobs.append(Job("segmenter", members, settings.iterations, pixels, held))
        passes += shown * len(settings.segment_timesteps)
    pixels, held = pixels_within(1)
    jobs.append(Job("common", range(1), settings.iterations, pixels, held))
    passes += shown
    together = max(1, min(settings.together, budget // held))
    for members in _slices(len(guide_timesteps(settings)), together):
        jobs.append(Job("guide", members, settings.tuning, pixels, held * len(members)))
        passes += shown * len(members)
    return TrainingPlan(tuple(jobs), passes)


def _slices(count: int, width: int) -> list[range]:
    return [range(first, min(first + width, count)) for first in range(0, count, width)]
