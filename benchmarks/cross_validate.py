"""How well a category reads pictures that it was not taught: mIoU of f_multi by leaving some out.

    python -m benchmarks.cross_validate DATASET --model MODEL [--leave-out 5] [--members 1]

The labelled pictures are split into parts of `--leave-out`; for each part f_multi is trained on the
others and reads the pictures of the part. Pixels of all parts are counted together. Prints the IoU
of every class and their mean.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from benchmarks.setup import option_parser
from pixelguide.devices import choose_device
from pixelguide.errors import InputError
from pixelguide.evaluate.measures import confusion, intersection_over_union
from pixelguide.images import to_model
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.taps import default_taps
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining
from pixelguide.segment.segmenter import Segmenter
from pixelguide.segment.training import train_segmenter


def parts(count: int, leave_out: int, seed: int) -> list[NDArray[np.int64]]:
    """Indices of `count` pictures, shuffled by `seed`, in parts of `leave_out` (the last: fewer).

    Raises InputError when nothing would be left to learn from.
    """
    if not 1 <= leave_out < count:
        raise InputError(
            f"leaving out {leave_out} of {count} pictures",
            "leave-out",
            f"Leave out 1 to {count - 1}.",
        )
    order = np.random.default_rng(seed).permutation(count)
    return [order[first : first + leave_out] for first in range(0, count, leave_out)]


def cross_validate(
    denoiser: Denoiser,
    pictures: LabelledPictures,
    settings: ClassifierTraining,
    leave_out: int,
) -> NDArray[np.int64]:
    """Confusion matrix (true class, read class) over all pictures, each read by an f_multi that
    was trained without it."""
    counts = np.zeros((len(pictures.labels),) * 2, np.int64)
    for part in parts(len(pictures), leave_out, settings.seed):
        known = np.setdiff1d(np.arange(len(pictures)), part)
        bank = train_segmenter(denoiser, _chosen(pictures, known), settings)
        segmenter = Segmenter(denoiser, bank.to(denoiser.device), pictures.labels)
        for image, true in zip(pictures.images[part], pictures.label_ids[part], strict=True):
            read = segmenter(to_model(image, denoiser.device))[0]
            counts += confusion(read.ids, true, len(pictures.labels))
    return counts


def _chosen(pictures: LabelledPictures, indices: NDArray[np.int64]) -> LabelledPictures:
    return LabelledPictures(pictures.images[indices], pictures.label_ids[indices], pictures.labels)


def main() -> None:
    """Train, read, print."""
    parser = option_parser(__doc__)
    parser.add_argument("dataset")
    parser.add_argument(
        "--model", required=True, help="with the prior; its classifiers play no part"
    )
    parser.add_argument("--leave-out", type=int, default=5)
    parser.add_argument("--members", type=int, default=1, help="of the ensemble that votes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    folder = ModelFolder.open(arguments.model)
    unet = folder.unet().to(choose_device(arguments.device))
    denoiser = Denoiser.from_parts(unet, folder.scheduler(), default_taps(unet))
    pictures = LabelledPictures.load(arguments.dataset, denoiser.size)
    settings = ClassifierTraining(members=arguments.members, seed=arguments.seed)
    own = intersection_over_union(cross_validate(denoiser, pictures, settings, arguments.leave_out))
    for name, value in zip(pictures.labels.names, own, strict=True):
        sys.stdout.write(f"{name}: {value:.3f}\n")
    sys.stdout.write(
        f"mIoU {np.nanmean(own):.3f}, {len(pictures)} pictures, {arguments.leave_out} left out\n"
    )


if __name__ == "__main__":
    main()
