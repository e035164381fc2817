"""How much memory the features of a training take, beside the model, at the shape of ADM-256.

    python -m benchmarks.training_memory [--pictures 34] [--memory 2]

The network is a stand-in that answers at once with activations of the shapes of blocks 5, 6, 7, 8
and 12 of ADM-256 (2816 channels), so what is measured is everything but the network itself: the
sampled features, their standardization, the stacked classifiers and their optimizer. One f_multi
and the first stack of the guide are trained for a few steps. Peak resident memory above what the
process held before is printed; it does not depend on the number of steps.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

from benchmarks.setup import option_parser, peak_memory
from pixelguide.annotations import built_in_label_sets
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import Tap
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining, plan_training
from pixelguide.segment.training import train_classifiers

TAPS = (Tap(5, 1024, 8), Tap(6, 512, 8), Tap(7, 512, 8), Tap(8, 512, 4), Tap(12, 256, 2))
GIB = 2**30


class Stub:
    """A denoiser with ADM-256's taps that computes nothing."""

    size = 256
    device = torch.device("cpu")
    taps = TAPS

    def __init__(self) -> None:
        self.schedule = Schedule.linear()
        self.unet = torch.nn.Identity()

    def features(self, x_t: torch.Tensor, t: int) -> list[torch.Tensor]:
        """Fresh activations, which the caller may free, as a network's are."""
        return [
            torch.full((len(x_t), tap.channels, 256 // tap.stride, 256 // tap.stride), float(t))
            for tap in TAPS
        ]


def main() -> None:
    """Measure and print."""
    parser = option_parser(__doc__)
    parser.add_argument("--pictures", type=int, default=34)
    parser.add_argument("--memory", type=float, default=2.0)
    arguments = parser.parse_args()
    labels = built_in_label_sets()["ffhq_34"]
    rng = np.random.default_rng(0)
    shape = (arguments.pictures, 256, 256)
    pictures = LabelledPictures(
        rng.integers(0, 256, (*shape, 3), np.uint8),
        rng.integers(0, len(labels), shape).astype(np.uint8),
        labels,
    )
    # seven timesteps fill one stack of the guide; one view of each picture, of which as many pixels
    # as the memory allows, takes an eighth of the time and the same memory as eight views
    settings = ClassifierTraining(
        memory=arguments.memory, starts=(500,), steps=7, iterations=20, pixels=4096,
        noise_draws=1, mirror=False,
    )  # fmt: skip
    channels = sum(tap.channels for tap in TAPS)
    plan = plan_training(settings, len(pictures), Stub.size, channels)
    before = peak_memory()
    train_classifiers(Stub(), pictures, settings)  # type: ignore[arg-type]
    sys.stdout.write(
        f"{arguments.pictures} pictures, {plan.classifiers} classifiers: planned "
        f"{plan.feature_bytes / GIB:.2f} GiB of features, "
        f"peak {(peak_memory() - before) / GIB:.2f} GiB "
        f"above {before / GIB:.2f}; pixels of a picture: "
        f"{', '.join(str(job.pixels) for job in plan.jobs)}\n"
    )


if __name__ == "__main__":
    main()
