"""What small edits could save: a crop around the ROI, or deep activations of the step before.

    python -m benchmarks.small_edits OUT.json [--first 60] [--edits 20] [-n 2]

Small edits (at most the model's `small_roi` pixels) with the default schedule, sampled

- as the editor does;
- in a square crop around the ROI with a margin of 8 or 16 pixels: the network sees only that;
- with the output of the coarsest decoder level taken over from the step before at every other step.

Prints ROI accuracy of the best candidate by f_multi, PSNR to the true edit in the ROI, and the
share of the forward pass's FLOPs that is left. (The second way is not made faster here: what it
would skip is counted, its output replaced.)
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
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelguide.edit.editor import Editor
from pixelguide.edit.guidance import guided
from pixelguide.edit.inversion import invert
from pixelguide.edit.passes import SCHEDULES
from pixelguide.edit.region import composite, dilate, region_of_interest
from pixelguide.edit.sampling import sample_edit
from pixelguide.edit.settings import EditSettings
from pixelguide.evaluate.costs import WorkCounter
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.portrait_edits import EditCase, portrait_edits
from pixelguide.images import from_model, to_model
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.seeds import generator

PASSES = SCHEDULES["fast"]


@dataclass(frozen=True)
class Small:
    """One small edit, ready to sample. target: int64 S×S. roi: bool S×S."""

    case: EditCase
    labels: Any
    target: Tensor
    roi: NDArray[np.bool_]
    start: int
    scale: float
    x_t: Tensor


def small_edits(editor: Editor, arguments: argparse.Namespace) -> Iterator[Small]:
    """Those of the benchmark's edits that count as small."""
    denoiser = editor.denoiser
    for case in portrait_edits(arguments.edits, editor.size, arguments.first):
        editor.set_image(case.before.image)
        source = editor.segment()
        target, classes = case.repaint(source)
        bare = region_of_interest(source, target, classes, dilation=0)
        if bare.sum() > editor.defaults.small_roi:
            continue
        start, scale = editor.defaults.choose(EditSettings(), int(bare.sum()), 1000)
        up = denoiser.schedule.respaced(spaced_timesteps(start, PASSES.inversion_steps))
        yield Small(
            case,
            target,
            torch.from_numpy(target.ids.astype(np.int64)),
            dilate(bare, editor.defaults.dilation),
            start,
            scale,
            invert(denoiser, to_model(editor.image), up),
        )


def sampled(editor: Editor, edit: Small, window: tuple[slice, slice], count: int) -> Tensor:
    """Candidates N×3×h×w of what lies in `window`, made by the network from that alone."""
    denoiser, inside = editor.denoiser, torch.from_numpy(edit.roi)[window]
    levels = spaced_timesteps(edit.start, PASSES.steps, PASSES.spacing)
    return sample_edit(
        guided(denoiser, editor._guide, edit.target[window], inside),
        to_model(edit.case.before.image)[(..., *window)],
        edit.x_t[(..., *window)],
        inside,
        denoiser.schedule.respaced(levels),
        edit.scale,
        [generator(0, "candidate", k) for k in range(count)],
        PASSES.sampler,
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


@contextlib.contextmanager
def deep_reused(unet: nn.Module) -> Iterator[None]:
    """At every other pass the coarsest decoder level says what it said at the pass before."""
    known: list[Tensor] = []

    def replace(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
        if known:
            return known.pop()
        known.append(output.detach())
        return None

    handle = unet.up_blocks[0].register_forward_hook(replace)  # type: ignore[index,operator]
    try:
        yield
    finally:
        handle.remove()


def forward_flops(editor: Editor, side: int) -> float:
    """Of one pass over side×side pixels."""
    denoiser = editor.denoiser
    with WorkCounter() as work, torch.no_grad():
        denoiser(torch.zeros(1, 3, side, side), denoiser.schedule, 10)
    return float(work.flops)


def deep_flops(editor: Editor) -> float:
    """What a pass spends on what `deep_reused` would let it skip."""
    unet, spent = editor.denoiser.unet, 0.0
    modules = [unet.down_blocks[-1], unet.mid_block, unet.up_blocks[0]]
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
        editor.denoiser(torch.zeros(1, 3, *[editor.size] * 2), editor.denoiser.schedule, 10)
    for handle in handles:
        handle.remove()
    for before, after in zip(marks[::2], marks[1::2], strict=True):
        spent += after - before
    return spent


def main() -> None:
    """Sample every way, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="portraits-64")
    parser.add_argument("--first", type=int, default=60)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("-n", "--num-images", type=int, default=2)
    arguments = parser.parse_args()
    editor = Editor.from_pretrained(arguments.model)
    size, count = editor.size, arguments.num_images
    step = 1 << (len(editor.denoiser.unet.config.block_out_channels) - 1)
    full = forward_flops(editor, size)
    half_reused = 1 - deep_flops(editor) / full / 2

    def in_whole(edit: Small) -> tuple[Tensor, float]:
        return sampled(editor, edit, whole(size), count), 1.0

    def in_crop(margin: int) -> Callable[[Small], tuple[Tensor, float]]:
        def run(edit: Small) -> tuple[Tensor, float]:
            window = around(edit.roi, margin, step)
            x_0 = to_model(edit.case.before.image).repeat(count, 1, 1, 1)
            x_0[(..., *window)] = sampled(editor, edit, window, count)
            return x_0, forward_flops(editor, window[0].stop - window[0].start) / full

        return run

    def with_reuse(edit: Small) -> tuple[Tensor, float]:
        with deep_reused(editor.denoiser.unet):
            return sampled(editor, edit, whole(size), count), half_reused

    ways = {
        "the whole picture": in_whole,
        "a crop, margin 16": in_crop(16),
        "a crop, margin 8": in_crop(8),
        "deep activations every other step": with_reuse,
    }
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for edit in small_edits(editor, arguments):
        for name, way in ways.items():
            x_edit, share = way(edit)
            images = composite(edit.case.before.image, from_model(x_edit), edit.roi)
            candidates = editor.score(images, edit.labels, edit.roi)
            best = min(candidates, key=lambda candidate: candidate.roi_loss)
            truth = psnr(best.image, edit.case.after.image, edit.roi)
            rows[name].append((best.roi_accuracy, truth, share))
    results = {name: [float(value) for value in np.mean(own, 0)] for name, own in rows.items()}
    edits = len(rows["the whole picture"])
    content = {"asked": {**vars(arguments), "out": None}, "edits": edits, "results": results}
    arguments.out.write_text(json.dumps(content, indent=2) + "\n")
    sys.stdout.write(f"| {edits} small edits | ROI accuracy | PSNR, dB | FLOPs of a pass |\n")
    sys.stdout.write("|---|---|---|---|\n")
    for name, (accuracy, truth, share) in results.items():
        sys.stdout.write(f"| {name} | {accuracy:.3f} | {truth:.2f} | {share:.0%} |\n")


if __name__ == "__main__":
    main()
