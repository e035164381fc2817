"""What small edits could save: a crop around the ROI, or deep activations of the step before.

    python -m benchmarks.small_edits OUT.json [--first 300] [--edits 20] [-n 2]
                                     [--start-from auto|colours|inversion]

Small edits (at most the model's `small_roi` pixels) of `pixelguide evaluate --maps true`, apart
from those that results are measured on, with the model's own settings, sampled

- as the editor does;
- in a square crop around the ROI with a margin of 8 or 16 pixels: the network sees only that;
- with the output of the coarsest decoder level taken over from the step before, at every other step
  or at all but the first.

Prints accuracy of the best candidate in the ROI by f_multi and by the independent segmenter, PSNR
to the true edit there, and the share of the forward pass's FLOPs that is left, with the standard
errors of differences to the first way. (The last way is not made faster here: what it would skip is
counted, its output replaced.)
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.setup import add_edits, judged, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.edit.plan import Plan, plan_edit
from pixelguide.edit.settings import EditSettings
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.costs import WorkCounter
from pixelguide.guidance.guidance import guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import noised_start, sample_edit
from pixelguide.images import from_model, to_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.seeds import generator

MEASURES = ("roi_accuracy", "independent_accuracy", "true_psnr")


@dataclass(frozen=True)
class Small:
    """One small edit, ready to sample. begin: float32 1×3×S×S, the painted picture or, from an
    inversion, x_t."""

    task: EditTask
    plan: Plan
    schedule: Schedule
    begin: Tensor


def small_edits(editor: Editor, arguments: argparse.Namespace) -> Iterator[Small]:
    """Those of the benchmark's edits that count as small."""
    full = editor.denoiser.schedule
    settings = EditSettings(start_from=arguments.start_from)
    if arguments.start_from == "inversion":  # the settings that were chosen for it
        settings = settings.model_copy(update={"start_timestep": 500, "guidance_scale": 400.0})
    for task in portrait_tasks(editor, arguments.edits, arguments.first, maps="true"):
        if editor.defaults.is_large(int(task.painted.sum())):
            continue
        plan = plan_edit(
            task.source, task.target, task.classes, settings, editor.defaults, len(full)
        )
        levels = spaced_timesteps(plan.start, plan.step_plan.steps, plan.step_plan.spacing)
        if plan.start_from == "colours":
            begin = to_model(plan.colours(task.image, editor._colours))
        else:
            up = full.respaced(spaced_timesteps(plan.start, plan.step_plan.inversion_steps))
            begin = invert(editor.denoiser, to_model(task.image), up)
        yield Small(task, plan, full.respaced(levels), begin)


def sampled(editor: Editor, edit: Small, window: tuple[slice, slice], count: int) -> Tensor:
    """Candidates N×3×h×w of what lies in `window`, made by the network from that alone."""
    plan, inside = edit.plan, torch.from_numpy(edit.task.roi)[window]
    target = torch.from_numpy(edit.task.target.ids.astype(np.int64))[window]
    draws = [generator(0, "candidate", k) for k in range(count)]
    x_t = edit.begin[(..., *window)]
    if plan.start_from == "colours":
        x_t = noised_start(x_t, edit.schedule, draws, plan.temperature)
    return sample_edit(
        guided(editor.denoiser, editor._guide, target, inside),
        to_model(edit.task.image)[(..., *window)],
        x_t,
        inside,
        edit.schedule,
        plan.scale,
        draws,
        plan.step_plan.sampler,
        temperature=plan.temperature,
    )


def whole(size: int) -> tuple[slice, slice]:
    """The window that leaves nothing out."""
    return slice(0, size), slice(0, size)


def around(roi: NDArray[np.bool_], margin: int, step: int) -> tuple[slice, slice]:
    """The smallest square, of a side that `step` divides, with the ROI and its margin."""
    size = len(roi)
    rows, columns = (np.flatnonzero(roi.any(axis)) for axis in (1, 0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 + 2 * margin
    side = min(size, -(-side // step) * step)

    def centred(places: NDArray[np.intp]) -> slice:
        first = int(np.clip((places[0] + places[-1] + 1 - side) // 2, 0, size - side))
        return slice(first, first + side)

    return centred(rows), centred(columns)


def coarsest_level(unet: UNet2DModel) -> list[nn.Module]:
    """The parts of the first decoder level; what the last gives is what the level does."""
    level = unet.up_blocks[0]
    parts = [level.resnets, getattr(level, "attentions", None), level.upsamplers]
    return [module for part in parts if part is not None for module in part]


@contextlib.contextmanager
def deep_reused(unet: UNet2DModel, every: int) -> Iterator[None]:
    """But for every so many passes, beginning with the first, the coarsest decoder level says what
    it said before."""
    known: list[Tensor] = []

    def replace(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
        if len(known) % every:
            known.append(known[-1])
            return known[-1]
        known.append(output.detach())
        return None

    *_, last = coarsest_level(unet)
    handle = last.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def forward_flops(denoiser: Denoiser, side: int) -> float:
    """Of one pass over side×side pixels."""
    with WorkCounter() as work, torch.no_grad():
        denoiser(torch.zeros(1, 3, side, side), denoiser.schedule, 10)
    return float(work.flops)


def deep_flops(denoiser: Denoiser) -> float:
    """What a pass spends on what `deep_reused` would let it skip."""
    unet = denoiser.unet
    modules: list[Any] = [unet.down_blocks[-1], unet.mid_block, *coarsest_level(unet)]
    with WorkCounter() as work, torch.no_grad():
        marks: list[float] = []
        handles = [
            hook
            for module in modules
            for hook in (
                module.register_forward_pre_hook(lambda *_: marks.append(work.flops)),
                module.register_forward_hook(lambda *_: marks.append(work.flops)),
            )
        ]
        denoiser(torch.zeros(1, 3, *[denoiser.size] * 2), denoiser.schedule, 10)
    for handle in handles:
        handle.remove()
    return sum(after - before for before, after in zip(marks[::2], marks[1::2], strict=True))


def main() -> None:
    """Sample every way, print, write."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    add_edits(parser, 300, 20)
    parser.add_argument("-n", "--num-images", type=int, default=2)
    starts = ("auto", "colours", "inversion")
    parser.add_argument("--start-from", default="auto", choices=starts)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained(arguments.model, "cpu")
    judge = judged(editor)
    size, count = editor.size, arguments.num_images
    step = 1 << (len(editor.denoiser.unet.config.block_out_channels) - 1)
    full = forward_flops(editor.denoiser, size)
    deep = deep_flops(editor.denoiser) / full

    def in_whole(edit: Small) -> tuple[Tensor, float]:
        return sampled(editor, edit, whole(size), count), 1.0

    def in_crop(margin: int) -> Callable[[Small], tuple[Tensor, float]]:
        def run(edit: Small) -> tuple[Tensor, float]:
            window = around(edit.task.roi, margin, step)
            x_0 = to_model(edit.task.image).repeat(count, 1, 1, 1)
            x_0[(..., *window)] = sampled(editor, edit, window, count)
            return x_0, forward_flops(editor.denoiser, window[0].stop - window[0].start) / full

        return run

    def with_reuse(every: int) -> Callable[[Small], tuple[Tensor, float]]:
        def run(edit: Small) -> tuple[Tensor, float]:
            steps = edit.plan.step_plan.steps
            reused = 1 - len(range(0, steps, every)) / steps
            with deep_reused(editor.denoiser.unet, every):
                return sampled(editor, edit, whole(size), count), 1 - deep * reused

        return run

    ways = {
        "the whole picture": in_whole,
        "a crop, margin 16": in_crop(16),
        "a crop, margin 8": in_crop(8),
        "deep activations at every other step": with_reuse(2),
        "deep activations of the first step": with_reuse(1000),
    }
    rows: dict[str, list[list[float]]] = {name: [] for name in ways}
    for edit in small_edits(editor, arguments):
        for name, way in ways.items():
            x_edit, share = way(edit)
            images = composite(edit.task.image, from_model(x_edit), edit.task.roi)
            editor.set_image(edit.task.image)
            scores = [own.roi_loss for own in editor.score(images, edit.task.target, edit.task.roi)]
            made = judge(edit.task, images[int(np.argmin(scores))])
            rows[name].append([*(float(made[key] or 0) for key in MEASURES), share])
    content = {"asked": {**vars(arguments), "out": None}, "rows": rows}
    arguments.out.write_text(json.dumps(content, indent=1) + "\n")
    sys.stdout.write("\n".join(table(rows)) + "\n")


def table(rows: dict[str, list[list[float]]]) -> Iterator[str]:
    """Lines of a Markdown table: means, and the standard errors of differences to the first way."""
    first = np.array(next(iter(rows.values())))
    yield f"| {len(first)} small edits | accuracy, f_multi | independent | PSNR, dB | FLOPs |"
    yield "|---|---|---|---|---|"
    for name, own in rows.items():
        values = np.array(own)
        error = (values - first).std(0, ddof=1) / np.sqrt(len(first))
        cells = [
            f"{mean:.{digits}f} ± {spread:.{digits}f}"
            for mean, spread, digits in zip(values.mean(0), error, (3, 3, 2), strict=False)
        ]
        yield f"| {name} | {' | '.join(cells)} | {values.mean(0)[3]:.0%} |"


if __name__ == "__main__":
    main()
