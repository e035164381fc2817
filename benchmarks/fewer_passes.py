"""Accuracy and truth of edits against the number of passes through the network.

    python -m benchmarks.fewer_passes OUT [--model portraits-64] [--first 300] [--edits 36] [-n 2]

Edits of `pixelguide evaluate --maps true`, apart from those that results are measured on, each by
every way of `WAYS`. Writes OUT/fewer-passes.md and .png: accuracy of the best candidate in the ROI
by f_multi and by the independent segmenter, PSNR to the true edit there, passes of one candidate.
The edits lie in OUT/edits; a killed run goes on with what is missing, and several runs
may share the edits (--first, --edits) before one of them all writes the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.setup import add_edits, judged, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.edit.settings import EditSettings
from pixelguide.evaluate.cases import EditTask, portrait_tasks
from pixelguide.evaluate.methods import Method, Outcome, Setup, method, settings_of
from pixelguide.evaluate.runner import Row, run_methods
from pixelguide.guidance.guidance import GuidedDenoiser, GuidedPrediction, unguided
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.schedule import Schedule

MEASURES = ("independent_accuracy", "roi_accuracy", "true_psnr")
PLOTTED = {
    "independent_accuracy": "accuracy in the ROI, independent segmenter",
    "true_psnr": "PSNR to the true edit, dB",
}
SCALE = 300.0  # of portraits-64 from colours; a gradient at every second step counts twice
PAPER = "start_from=inversion,start_timestep=500,guidance_scale=400"
"""Where edits of portraits-64 start if not from colours, see docs/results.md."""


@dataclass(frozen=True)
class Way:
    """line: the curve of the plot that it is a point of. settings: of `EditSettings`, beside the
    model's own. every, settled: see `PartlyGuided`."""

    line: str
    settings: str
    every: int = 1
    settled: float = 2.0

    @property
    def name(self) -> str:
        """As a method of `pixelguide evaluate`, with what that does not know behind it."""
        partly = "" if self.every == 1 and self.settled > 1 else f" {self.every} {self.settled}"
        return f"guided:{self.settings}{partly}"


def _line(line: str, start: str, sampler: str, steps: Sequence[int]) -> Iterator[Way]:
    for count in steps:
        yield Way(line, f"{start}schedule=fast,sampler={sampler},num_inference_steps={count}")


def _paper(counts: Sequence[int]) -> Iterator[Way]:
    for count in counts:
        passes = f"num_inference_steps={count},inversion_steps={count}"
        yield Way("inversion, ddpm, as many up", f"{PAPER},schedule=paper,{passes}")


WAYS = (
    *_paper((50, 20, 10)),
    *_line("inversion, sde, 4 up", f"{PAPER},", "sde", (24, 16, 11, 8, 6)),
    *_line("inversion, dpm-2m, 4 up", f"{PAPER},", "dpm-2m", (20, 10)),
    *_line("inversion, sde-2m, 4 up", f"{PAPER},", "sde-2m", (16, 8)),
    *_line("colours, sde", "", "sde", (16, 11, 8, 6, 5, 4, 3)),
    *_line("colours, sde-2m", "", "sde-2m", (11, 6, 4)),
    *_line("colours, ddpm", "", "ddpm", (24, 11, 6)),
    *_line("colours, ddim", "", "ddim", (11, 6, 5, 4, 3, 2)),
    Way("colours, sde, gradient at every 2nd", f"num_inference_steps=12,guidance_scale={2 * SCALE}",
        every=2),
    Way("colours, sde, gradient at every 2nd", f"num_inference_steps=6,guidance_scale={2 * SCALE}",
        every=2),
    Way("colours, sde, until 95 % are right", "num_inference_steps=6", settled=0.95),
)  # fmt: skip


@dataclass
class PartlyGuided:
    """Leaves gradients out: all but at every so many steps, the last among them, and those of a
    candidate of whose ROI C_t has once read the share `settled` right (2: never). guided: passes of
    single candidates with a gradient, so far."""

    every: int
    settled: float
    guided: int = 0

    def wrap(self, push: GuidedDenoiser, plain: GuidedDenoiser) -> GuidedDenoiser:
        """`push` where a gradient is due, `plain` elsewhere, each candidate by itself."""
        met: list[bool] = []

        def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
            met.extend([False] * (len(x_t) - len(met)))
            due = i % self.every == 0
            pushed = [k for k in range(len(x_t)) if due and not met[k]]
            left = [k for k in range(len(x_t)) if k not in pushed]
            self.guided += len(pushed)
            parts = [
                (own, ask(x_t[own], schedule, i))
                for ask, own in ((push, pushed), (plain, left))
                if own
            ]
            step = _merged(parts)
            for k in range(len(x_t)):
                met[k] = met[k] or bool(step.accuracy[k] >= self.settled)
            return step

        return predict


def _merged(parts: list[tuple[list[int], GuidedPrediction]]) -> GuidedPrediction:
    order = torch.tensor([k for own, _ in parts for k in own]).argsort()

    def together(pick: Callable[[GuidedPrediction], Any]) -> Any:
        values = [pick(step) for _, step in parts]
        return None if values[0] is None else torch.cat(values)[order]

    return GuidedPrediction(
        Prediction(
            together(lambda step: step.prediction.eps),
            together(lambda step: step.prediction.x_0),
            together(lambda step: step.prediction.v),
            [],
        ),
        together(lambda step: step.gradient),
        together(lambda step: step.loss),
        together(lambda step: step.accuracy),
        together(lambda step: step.doubt),
    )


class PartlyGuidedEditor(Editor):
    """An editor with something between its guidance and its sampler."""

    partly = PartlyGuided(1, 2.0)

    def _predictor(self, *plan: Any) -> GuidedDenoiser:
        push = super()._predictor(*plan)
        return self.partly.wrap(push, unguided(self.denoiser))


def as_method(way: Way, editor: PartlyGuidedEditor, count: int) -> Method:
    """A way as what `run_methods` runs. evaluations: passes of all candidates with a gradient."""
    edit = method(f"guided:{way.settings}", Setup(editor, {}, count)).run

    def run(task: EditTask, seed: int) -> Outcome:
        editor.partly = PartlyGuided(way.every, way.settled)
        outcome = edit(task, seed)
        return replace(outcome, evaluations=editor.partly.guided)

    return Method(way.name, run)


def passes_of(way: Way, editor: Editor) -> int:
    """Passes of one candidate, the inversion's among them, with and without gradients."""
    chosen: EditSettings = EditSettings.check(way.name, settings_of(way.name, way.settings))
    start, _ = editor.defaults.choose(chosen, 0, len(editor.denoiser.schedule))
    begin = editor.defaults.start_from if chosen.start_from == "auto" else chosen.start_from
    passes = chosen.step_plan(start, start_from=begin)
    return passes.steps + (passes.inversion_steps - 1 if begin == "inversion" else 0)


def summary(rows: Sequence[Row], editor: Editor) -> list[dict[str, Any]]:
    """A way each: means over the edits that all have, of the candidate picked as best."""
    result = []
    for way in WAYS:
        own = [row for row in rows if row["method"] == way.name and row["pick"] == "best"]
        entry: dict[str, Any] = {"line": way.line, "passes": passes_of(way, editor)}
        for name in MEASURES:
            entry[name] = float(np.mean([row[name] for row in own]))
        guided = [row["evaluations"] / row["candidates"] for row in own]
        result.append({**entry, "guided": float(np.mean(guided))})
    return result


def table(entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    titles = ("start and sampler", "passes", "with gradient", "accuracy, independent", "f_multi",
              "PSNR, dB")  # fmt: skip
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in entries:
        yield (
            f"| {row['line']} | {row['passes']} | {row['guided']:.1f} | "
            f"{row['independent_accuracy']:.3f} | {row['roi_accuracy']:.3f} | "
            f"{row['true_psnr']:.2f} |"
        )


def plot(entries: Sequence[dict[str, Any]], path: Path) -> None:
    """The measures against all passes, on one logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    ticks = (3, 6, 11, 20, 50, 100)
    for axes, (measure, title) in zip(figure.subplots(1, 2), PLOTTED.items(), strict=True):
        for line in dict.fromkeys(row["line"] for row in entries):
            own = [row for row in entries if row["line"] == line]
            style = "s--" if line.startswith("inversion") else "o-"
            passes = [row["passes"] for row in own]
            axes.plot(passes, [row[measure] for row in own], style, label=line, markersize=4)
        axes.set(xscale="log", xlabel="U-Net evaluations a candidate", ylabel=title)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Make what is missing, write all."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    add_edits(parser, 300, 36)
    parser.add_argument("-n", "--num-images", type=int, default=2)
    arguments = parser.parse_args()
    editor = PartlyGuidedEditor.from_pretrained(arguments.model, "cpu")
    judge = judged(editor)
    tasks = list(portrait_tasks(editor, arguments.edits, arguments.first, maps="true"))
    methods = [as_method(way, editor, arguments.num_images) for way in WAYS]
    shared = {"model": editor._model, "num_images": arguments.num_images}
    rows = run_methods(tasks, methods, judge, arguments.out, settings=shared)
    entries = summary(rows, editor)
    (arguments.out / "fewer-passes.md").write_text("\n".join(table(entries)) + "\n")
    plot(entries, arguments.out / "fewer-passes.png")


if __name__ == "__main__":
    main()
