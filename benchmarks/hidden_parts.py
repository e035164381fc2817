"""Edits of real faces whose truth is known: a part is hidden and repainted from its own map.

    python -m benchmarks.hidden_parts tasks PICTURES TASKS --model faces-128 --pictures 40
    pixelguide evaluate --folder TASKS -o RESULTS --model faces-128 --method guided …
    python -m benchmarks.hidden_parts judge TASKS RESULTS LABELLED

`tasks` takes the pictures that the prior's training held out, reads each by f_multi, and paints
over a mouth, one eye, the brows and the hair, with a rim, in the flat mean colour of the face: the
edit starts from that picture and from a map that says face there, the target is the picture's own
map, the truth the picture. `evaluate` measures PSNR and SSIM in the region.

`judge` adds the accuracy in the region by a segmenter that shares nothing with the prior: a U-Net
of plain convolutions trained on LABELLED alone (20 pictures, varied in place, size and colour), as
means with 95 % intervals and as differences to the first method, edit by edit. It prints how well
that segmenter reads five of the 20 after learning from the other 15, and of the truth itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks.setup import add_model, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.bootstrap import bootstrap_mean
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.independent import SmallUNet
from pixelguide.evaluate.measures import confusion, intersection_over_union
from pixelguide.evaluate.runner import picture_path
from pixelguide.evaluate.task_folder import load_tasks, write_tasks
from pixelguide.guidance.region import dilate
from pixelguide.images import load_rgb, to_model
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.prior.batches import split
from pixelguide.prior.pictures import PictureFolder
from pixelguide.prior.training_settings import PriorTraining
from pixelguide.seeds import generator
from pixelguide.segment.dataset import LabelledPictures

PARTS: dict[str, tuple[str, ...]] = {
    "mouth": ("lips", "mouth interior", "teeth"),
    "eye": ("eye white", "iris"),
    "brows": ("eyebrow",),
    "hair": ("hair",),
}
SMALLEST = 12
"""Pixels that a part must have to be hidden."""
STEPS, BATCH, RATE = 700, 8, 3e-3
WIDTHS = (16, 32, 64, 96, 128)


def held_out(count: int, wanted: int) -> list[int]:
    """Indices of at most `wanted` pictures, spread evenly over those that `train prior` keeps for
    its loss of a folder of `count`."""
    _, known = split(count, PriorTraining().held_out)
    return [known[int(k)] for k in np.linspace(0, len(known) - 1, min(wanted, len(known)))]


def main() -> None:
    """Make the tasks, or judge what was made of them."""
    parser = option_parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    tasks = commands.add_parser("tasks")
    tasks.add_argument("pictures_folder", type=Path)
    tasks.add_argument("out", type=Path)
    add_model(tasks)
    tasks.add_argument("--pictures", type=int, default=40)
    judge = commands.add_parser("judge")
    judge.add_argument("tasks", type=Path)
    judge.add_argument("results", type=Path)
    judge.add_argument("labelled", type=Path)
    add_model(judge)
    for command in (tasks, judge):
        command.set_defaults(model="faces-128")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.command == "tasks":
        make_tasks(arguments)
    else:
        judge_results(arguments)


def make_tasks(arguments: argparse.Namespace) -> None:
    """Write the tasks of held-out pictures, evenly spread among them."""
    editor = Editor.from_pretrained(arguments.model, "cpu")
    pictures = PictureFolder(arguments.pictures_folder, editor.size)
    tasks = []
    for index in held_out(len(pictures), arguments.pictures):
        truth = pictures.picture(index)
        editor.set_image(truth)
        target = editor.segment()
        for part in PARTS:
            task = hidden(f"{index:05d}-{part}", part, truth, target, editor.defaults.dilation)
            if task is not None:
                tasks.append(task)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_tasks(arguments.out, tasks)
    sys.stdout.write(f"{len(tasks)} edits\n")


def hidden(
    name: str, part: str, truth: NDArray[np.uint8], target: LabelMap, rim: int
) -> EditTask | None:
    """The task that hides `part` of `truth` (uint8 S×S×3) and `rim` pixels around it; None where
    the picture shows too little of it."""
    labels = target.labels
    face = labels.id("face")
    shown = np.isin(target.ids, labels.ids(PARTS[part]))
    if part == "eye":  # the one in the left half: the other tells the colour
        shown[:, shown.shape[1] // 2 :] = False
    if shown.sum() < SMALLEST or not (target.ids == face).any():
        return None
    image, ids = truth.copy(), target.ids.copy()
    covered = dilate(shown, rim)
    image[covered] = np.round(truth[(target.ids == face) & ~covered].mean(0))
    ids[shown] = face
    source = LabelMap(ids, labels)
    return EditTask(name, part, image, source, target, PARTS[part], truth, "changed", rim)


def judge_results(arguments: argparse.Namespace) -> None:
    """Print the independent accuracy of each method, and write it beside the results."""
    editor = Editor.from_pretrained(arguments.model, "cpu")
    labelled = LabelledPictures.load(arguments.labelled, editor.size)
    folds = np.arange(len(labelled.images)) % 4 == 3
    tried = learnt(labelled.images[~folds], labelled.label_ids[~folds], len(editor.labels))
    counts = np.zeros((len(editor.labels),) * 2, np.int64)
    for image, ids in zip(labelled.images[folds], labelled.label_ids[folds], strict=True):
        counts += confusion(read(tried, image[None])[0], ids, len(editor.labels))
    overlaps = intersection_over_union(counts)
    say(f"the segmenter on {folds.sum()} pictures left out: mIoU {np.nanmean(overlaps):.3f}")
    network = learnt(labelled.images, labelled.label_ids, len(editor.labels))
    accuracies: dict[str, dict[str, float]] = defaultdict(dict)
    picks = json.loads((arguments.results / "summary.json").read_text("utf-8"))
    methods = list(dict.fromkeys(entry["method"] for entry in picks["summary"]))
    kinds = {}
    for task in load_tasks(arguments.tasks, editor):
        kinds[task.name] = task.kind
        if task.truth is not None:
            accuracies["the truth"][task.name] = accuracy(network, task.truth, task)
        for method in methods:
            path = picture_path(arguments.results, method, task.name, "best")
            if path.exists():
                accuracies[method][task.name] = accuracy(network, load_rgb(path), task)
    first = accuracies[methods[0]]
    for method, own in accuracies.items():
        values = np.array(list(own.values()))
        apart = np.array([own[name] - first[name] for name in own if name in first])
        say(f"{method}: {interval(values)}; to the first {interval(apart)}")
        for part in PARTS:
            values = np.array([value for name, value in own.items() if kinds[name] == part])
            say(f"    {part}: {interval(values)}")
    path = arguments.results / "independent.json"
    path.write_text(json.dumps(accuracies, indent=1) + "\n")


def interval(values: NDArray[np.float64]) -> str:
    """A mean and its 95 % interval by the bootstrap."""
    if not len(values):
        return "none"
    own = bootstrap_mean(values.tolist(), generator(0, "bootstrap", 0))
    return f"{own.mean:.3f} [{own.low:.3f}, {own.high:.3f}]"


def accuracy(network: SmallUNet, image: NDArray[np.uint8], task: EditTask) -> float:
    """Share of the region's pixels that `network` reads as the target map says."""
    counted = task.roi & (task.target.ids != IGNORE)
    return float((read(network, image[None])[0] == task.target.ids)[counted].mean())


@torch.no_grad()
def read(network: SmallUNet, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Class ids uint8 N×S×S of pictures uint8 N×S×S×3."""
    ids: NDArray[np.uint8] = network(to_model(images)).argmax(1).to(torch.uint8).numpy()
    return ids


def learnt(images: NDArray[np.uint8], ids: NDArray[np.uint8], classes: int) -> SmallUNet:
    """A segmenter that has learnt from pictures uint8 N×S×S×3 with maps uint8 N×S×S."""
    torch.manual_seed(0)  # torch initializes layers from its global generator only
    network = SmallUNet(classes, WIDTHS)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    pictures, maps = to_model(images), torch.from_numpy(ids).long()
    for step in range(STEPS):
        draws = generator(0, "segmenter", step)
        chosen = torch.randint(len(pictures), (BATCH,), generator=draws)
        seen, asked = varied(pictures[chosen], maps[chosen], draws)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min((step + 1) / 50, 1.0, 2 * (STEPS - step) / STEPS)
        loss = functional.cross_entropy(network(seen), asked, ignore_index=IGNORE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def varied(pictures: Tensor, maps: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pictures N×3×S×S and maps N×S×S, each moved, mirrored, blurred and coloured at random."""
    count = len(pictures)
    shift, turn, zoom = (torch.randn(count, n, generator=draws) for n in (2, 1, 1))
    mirror = torch.where(torch.rand(count, generator=draws) < 0.5, 1.0, -1.0)
    angle, scale = 0.12 * turn[:, 0], torch.exp(0.12 * zoom[:, 0])
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 0, 1] = mirror * scale * angle.cos(), -scale * angle.sin()
    affine[:, 1, 0], affine[:, 1, 1] = mirror * scale * angle.sin(), scale * angle.cos()
    affine[:, :, 2] = 0.08 * shift
    grid = functional.affine_grid(affine, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    ids = functional.grid_sample(
        maps[:, None].float(), grid, "nearest", "reflection", align_corners=False
    )
    gain = 1 + 0.2 * torch.randn(count, 1, 1, 1, generator=draws)
    tint = 0.12 * torch.randn(count, 3, 1, 1, generator=draws)
    coloured = (gain * moved + tint).clamp(-1, 1)
    blurred = functional.avg_pool2d(functional.pad(coloured, (1, 1, 1, 1), mode="replicate"), 3, 1)
    soft = torch.rand(count, 1, 1, 1, generator=draws)
    return soft * coloured + (1 - soft) * blurred, ids[:, 0].long()


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
