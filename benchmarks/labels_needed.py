"""How many labelled pictures a category needs: mIoU of f_multi on held-out portraits.

    python -m benchmarks.labels_needed OUT [--model portraits-64] [--held-out 200]

Writes OUT/labels-needed.json and OUT/labels-needed.png.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.setup import add_model, option_parser, pyplot
from pixelguide.demo import measure_segmentation
from pixelguide.edit.editor import Editor
from pixelguide.portraits import write_portraits
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import default_taps
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining
from pixelguide.segment.training import train_segmenter

COUNTS = (5, 10, 20, 40)
LABEL_SEED = 20  # the seed whose first 20 portraits the shipped classifiers learned from


def main() -> None:
    """Measure and plot."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    add_model(parser)
    parser.add_argument("--held-out", type=int, default=200)
    arguments = parser.parse_args()
    folder = ModelFolder.open(arguments.model)
    unet = folder.unet()
    schedule = Schedule.from_scheduler(folder.scheduler())
    denoiser = Denoiser(unet, schedule, default_taps(unet))
    miou = {}
    with tempfile.TemporaryDirectory() as temporary:
        write_portraits(Path(temporary), max(COUNTS), LABEL_SEED, with_labels=True)
        for count in COUNTS:
            pictures = LabelledPictures.load(temporary, denoiser.size, count)
            bank = train_segmenter(denoiser, pictures, ClassifierTraining())
            # the guide plays no part in segmentation
            editor = Editor(denoiser, bank, bank, pictures.labels)
            miou[count] = measure_segmentation(editor, arguments.held_out)["miou"]
            sys.stdout.write(f"{count:3d} labels: mIoU {miou[count]:.3f}\n")
    arguments.out.mkdir(parents=True, exist_ok=True)
    content = {"model": folder.hash, "held_out": arguments.held_out, "miou": miou}
    (arguments.out / "labels-needed.json").write_text(json.dumps(content, indent=2) + "\n")
    plot(miou, arguments.out / "labels-needed.png")


def plot(miou: dict[int, float], path: Path) -> None:
    """mIoU against the number of labelled pictures."""
    plt = pyplot()

    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axes.plot(list(miou), list(miou.values()), "o-", color="#b4532a")
    axes.axhline(0.75, color="#999", linewidth=0.8, linestyle="--")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(miou), [str(count) for count in miou])
    axes.set_xlabel("labelled portraits")
    axes.set_ylabel("mIoU, held-out")
    axes.set_ylim(0, 1)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
