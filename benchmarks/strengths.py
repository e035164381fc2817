"""One guidance strength for all: the paper's s, and strength in units of the noise.

    python -m benchmarks.strengths [--model portraits-64] [--guide BANK_MODEL] [--first 400]
        [--edits 32] [--tasks FOLDER] [--gradient 30,100,300,1000] [--noise 1.5,3,5]

Edits `first` … of the portrait benchmark (or those of FOLDER, whose truth is known) with each
strength, everything else as `edit.json` says. --guide: another model on the same prior whose guide
is used; --labelled trains one, with or without --weight-decay (0). Prints means
over the edits: PSNR to the true edit in the region, accuracy by f_multi.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.setup import add_edits, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.task_folder import load_tasks
from pixelguide.prior.bundle import ModelFolder
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import ClassifierTraining
from pixelguide.segment.storage import load_bank
from pixelguide.segment.training import train_classifiers


def main() -> None:
    """Edit, measure, print."""
    parser = option_parser(__doc__)
    add_edits(parser, 400, 32)
    parser.add_argument("--tasks", type=Path)
    parser.add_argument("--guide", type=Path)
    parser.add_argument("--labelled", type=Path, help="train a guide on these instead")
    parser.add_argument("--weight-decay", type=float, default=1.0)
    parser.add_argument("--gradient", default="30,100,300,1000")
    parser.add_argument("--noise", default="1.5,3,5")
    arguments = parser.parse_args()
    editor = opened(arguments)
    measured: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for task in tasks_of(arguments, editor):
        editor.set_image(task.image)
        for unit in ("gradient", "noise"):
            for scale in map(float, filter(None, getattr(arguments, unit).split(","))):
                result = editor.edit(
                    task.target, source=task.source, edit_classes=task.classes, num_images=1,
                    roi=task.roi_mode, dilation=task.dilation, rank="agreement",
                    guidance_scale=scale, guidance_unit=unit,
                )  # fmt: skip
                truth = task.image if task.truth is None else task.truth
                numbers = psnr(result.best.image, truth, result.roi), result.best.roi_accuracy
                measured.setdefault((unit, scale), []).append(numbers)
    sys.stdout.write("| unit | strength | edits | PSNR, dB | accuracy, f_multi |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for (unit, scale), pairs in measured.items():
        near, accuracy = np.mean(pairs, 0)
        sys.stdout.write(f"| {unit} | {scale:g} | {len(pairs)} | {near:.2f} | {accuracy:.4f} |\n")


def opened(arguments: argparse.Namespace) -> Editor:
    """The editor, with the guide that was asked for."""
    editor = Editor.from_pretrained(arguments.model, "cpu")
    if arguments.guide:
        editor._guide = load_bank(ModelFolder.open(arguments.guide), "guide")
    if arguments.labelled:
        pictures = LabelledPictures.load(arguments.labelled, editor.size)
        settings = ClassifierTraining(
            starts=(400,), steps=16, iterations=3000, tuning=200, noise_draws=3,
            weight_decay=arguments.weight_decay,
        )  # fmt: skip
        _, editor._guide = train_classifiers(editor.denoiser, pictures, settings)
    return editor


def tasks_of(arguments: argparse.Namespace, editor: Editor) -> list[EditTask]:
    """The edits; only those whose truth is known."""
    if arguments.tasks:
        tasks = load_tasks(arguments.tasks, editor)[: arguments.edits]
        return [task for task in tasks if task.truth is not None]
    return list(portrait_tasks(editor, arguments.edits, arguments.first))


if __name__ == "__main__":
    main()
