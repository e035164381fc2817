"""How edits depend on t0, on the guidance scale, and on what counts as a large region.

    python -m benchmarks.starts_and_scales OUT [--model portraits-64] [--first 0] [--edits 24]

The edits of `pixelguide evaluate --maps true`, half of them changes of hairstyle, whose regions are
large, each from its inversion with every pair of `STARTS` and `SCALES`. Writes OUT/NUMBER.json for
each edit, and of all that are there OUT/starts-and-scales.png (Matsunaga et al. 2022, fig. 6: the
accuracy that C_t sees in the ROI, step by step, against the signal-to-noise ratio of the step),
OUT/threshold.png (fig. 12: sizes of regions; accuracy for every threshold between small and large)
and OUT/starts-and-scales.md. Parts (--first, --edits) may run side by side into one folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.setup import add_edits, judged, option_parser, pyplot
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.judge import Judge
from pixelguide.files import write_atomically
from pixelguide.guidance.guidance import guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import Step, sample_edit
from pixelguide.images import from_model, to_model
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.seeds import generator

STARTS = (300, 500, 750)  # the paper's
SCALES = (160.0, 400.0, 800.0)  # the paper's 40, 100, 200, times what this prior wants more
STEPS, INVERSION = 25, 10
SMALL, LARGE = (500, 400.0), (750, 160.0)  # the paper's settings, so scaled
KINDS = (
    "change_hairstyle", "close_mouth", "change_hairstyle", "open_mouth", "change_hairstyle",
    "move_eye", "change_hairstyle", "close_eye",
)  # fmt: skip
COLOURS = ("#7a9cc6", "#2f5d8c", "#b4532a")


def main() -> None:
    """Edit, and plot."""

    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    add_edits(parser, 0, 24)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    editor = Editor.from_pretrained(arguments.model, "cpu")
    judge = judged(editor)
    arguments.out.mkdir(parents=True, exist_ok=True)
    tasks = portrait_tasks(editor, arguments.edits, arguments.first, kinds=KINDS, maps="true")
    for task in tasks:
        path = arguments.out / f"{task.name}.json"
        if not path.exists():
            content = measure(editor, judge, task)
            write_atomically(path, (json.dumps(content) + "\n").encode())
    cases = [json.loads(path.read_text()) for path in sorted(arguments.out.glob("*.json"))]
    plot_steps(cases, editor.denoiser.schedule, editor.defaults.small_roi, arguments.out)
    plot_threshold(cases, editor.defaults.small_roi, arguments.out)
    write_atomically(arguments.out / "starts-and-scales.md", table(cases, editor).encode())


def measure(editor: Editor, judge: Judge, task: EditTask) -> dict[str, Any]:
    """One candidate for each start and scale: what C_t sees at every step, and the result."""
    denoiser, x_0 = editor.denoiser, to_model(task.image)
    target, inside = task.target.ids.astype(np.int64), task.roi

    wanted, roi = torch.from_numpy(target), torch.from_numpy(inside)
    predict = guided(denoiser, editor._guide, wanted, roi)
    runs = []
    for t0 in STARTS:
        up = denoiser.schedule.respaced(spaced_timesteps(t0, INVERSION))
        x_t = invert(denoiser, x_0, up)
        levels = denoiser.schedule.respaced(spaced_timesteps(t0, STEPS))
        for scale in SCALES:
            steps: list[tuple[int, float]] = []

            def told(step: Step, steps: list[tuple[int, float]] = steps) -> None:
                steps.append((step.t, float(step.accuracy)))

            draws = [generator(0, "candidate", 0)]
            x = sample_edit(predict, x_0, x_t, roi, levels, scale, draws, "ddpm", told)
            made = judge(task, composite(task.image, from_model(x), task.roi)[0])
            kept = ("roi_accuracy", "independent_accuracy", "true_psnr")
            runs.append({"t0": t0, "scale": scale, "steps": steps} | {k: made[k] for k in kept})
    return {"task": task.name, "pixels": int(task.painted.sum()), "runs": runs}


def plot_steps(
    cases: Sequence[dict[str, Any]], schedule: Schedule, small_roi: int, out: Path
) -> None:
    """A panel for small and one for large regions: means over edits."""
    plt = pyplot()
    plt.rcParams["font.size"] = 9
    ratio = (schedule.alpha_bar / (1 - schedule.alpha_bar)).numpy()
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    groups = (
        ("small regions", [c for c in cases if c["pixels"] <= small_roi]),
        ("large regions", [c for c in cases if c["pixels"] > small_roi]),
    )
    for axes, (title, own) in zip(panels, groups, strict=True):
        for t0, colour in zip(STARTS, COLOURS, strict=True):
            for scale, style in zip(SCALES, (":", "-", "--"), strict=True):
                runs = [run for case in own for run in _of(case, t0, scale)]
                if not runs:
                    continue
                times = [t for t, _ in runs[0]["steps"]]
                seen = np.mean([[value for _, value in run["steps"]] for run in runs], 0)
                axes.plot(ratio[times], seen, style, color=colour, linewidth=1.2,
                          label=f"t0 {t0}, s {scale:.0f}")  # fmt: skip
        axes.set_xscale("log")
        axes.set_title(f"{title}: {len(own)} edits", fontsize=10)
        axes.set_xlabel("signal-to-noise ratio of the step")
    panels[0].set_ylabel("accuracy in the ROI, as C_t sees it")
    panels[1].legend(fontsize=7, frameon=False)
    figure.savefig(out / "starts-and-scales.png", dpi=120)


def plot_threshold(cases: Sequence[dict[str, Any]], small_roi: int, out: Path) -> None:
    """Sizes of regions, and what each threshold between `SMALL` and `LARGE` settings gives."""
    plt = pyplot()
    plt.rcParams["font.size"] = 9
    sizes = np.array([case["pixels"] for case in cases])
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.hist(sizes, bins=np.arange(0, sizes.max() + 100, 100), color=COLOURS[0])
    left.axvline(small_roi, color=COLOURS[2], linewidth=1)
    left.set_xlabel("pixels of the region before dilation")
    left.set_ylabel("edits")
    thresholds = np.unique(np.append(sizes, 0))
    for name, colour in (("independent_accuracy", COLOURS[1]), ("roi_accuracy", COLOURS[2])):
        as_small, as_large = (
            np.array([_of(case, *chosen)[0][name] for case in cases]) for chosen in (SMALL, LARGE)
        )
        means = [np.where(sizes <= limit, as_small, as_large).mean() for limit in thresholds]
        label = "independent segmenter" if name.startswith("ind") else "f_multi"
        right.step(thresholds, means, where="post", color=colour, label=label)
    right.axvline(small_roi, color="#888888", linewidth=1)
    right.set_xlabel("threshold, pixels")
    right.set_ylabel("mean accuracy in the ROI")
    right.legend(fontsize=8, frameon=False)
    figure.savefig(out / "threshold.png", dpi=120)


def table(cases: Sequence[dict[str, Any]], editor: Editor) -> str:
    """Means over small and over large regions for each start and scale."""
    titles = ("region", "edits", "t0", "s", "accuracy, independent", "f_multi", "PSNR, dB")
    lines = [f"| {' | '.join(titles)} |", "|---|---|---|---|---|---|---|"]
    names = ("independent_accuracy", "roi_accuracy", "true_psnr")
    for name, large in (("small", False), ("large", True)):
        own = [case for case in cases if editor.defaults.is_large(case["pixels"]) == large]
        for t0 in STARTS:
            for scale in SCALES:
                runs = [run for case in own for run in _of(case, t0, scale)]
                if runs:
                    means = [float(np.mean([run[key] for run in runs])) for key in names]
                    lines.append(f"| {name} | {len(runs)} | {t0} | {scale:.0f} | {means[0]:.3f} | "
                                 f"{means[1]:.3f} | {means[2]:.2f} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def _of(case: dict[str, Any], t0: int, scale: float) -> list[dict[str, Any]]:
    return [run for run in case["runs"] if (run["t0"], run["scale"]) == (t0, scale)]


if __name__ == "__main__":
    main()
