"""Accuracy and truth of edits against the number of passes through the network.

    python -m benchmarks.fewer_passes OUT [--model portraits-64] [--first 60] [--edits 20] [-n 2]

Edits `first` … of the portrait benchmark, apart from those that results are measured on, each by
every way of `WAYS`, with the model's own starts and scales. Writes OUT/fewer-passes.json, .md and
.png: ROI accuracy of the best candidate by f_multi, PSNR to the true edit in the ROI, passes of one
candidate (those with a gradient apart), seconds. A killed run goes on with what is missing.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pixelguide.edit.editor import Editor
from pixelguide.edit.guidance import GuidedDenoiser, GuidedPrediction, guided, unguided
from pixelguide.edit.inversion import invert
from pixelguide.edit.region import composite, dilate, region_of_interest
from pixelguide.edit.sampling import sample_edit
from pixelguide.edit.settings import EditSettings
from pixelguide.edit.solvers import Sampler
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.portrait_edits import portrait_edits
from pixelguide.files import write_atomically
from pixelguide.images import from_model, to_model
from pixelguide.prior.denoiser import Denoiser, Prediction
from pixelguide.prior.schedule import Schedule, Spacing, spaced_timesteps
from pixelguide.seeds import generator


@dataclass(frozen=True)
class Way:
    """sampler, steps, inversion, spacing: as in `edit.passes`; with no inversion x_{t0} is x_0 with
    random noise. every: a gradient at every so many steps, its scale as many times larger. settled:
    no more gradients for a candidate once C_t reads so much of its ROI right; 2 is never."""

    sampler: Sampler
    steps: int
    inversion: int
    spacing: Spacing = "trailing"
    every: int = 1
    settled: float = 2.0

    @property
    def line(self) -> str:
        """The curve that it is a point of."""
        if self.every > 1:
            return f"{self.sampler}, gradient at every {self.every}nd step"
        if self.settled <= 1:
            return f"{self.sampler}, until {self.settled:.0%} are right"
        if self.inversion == 0:
            return f"{self.sampler}, no inversion"
        return f"{self.sampler}, {'as many' if self.inversion == self.steps else 'few'} steps up"


WAYS = (
    Way("ddpm", 50, 50, "linspace"),
    Way("ddpm", 20, 20, "linspace"),
    Way("ddpm", 10, 10, "linspace"),
    Way("ddim", 20, 20, "linspace"),
    Way("ddim", 10, 10, "linspace"),
    Way("dpm-2m", 20, 20, "linspace"),
    Way("dpm-2m", 10, 10, "linspace"),
    Way("sde-2m", 16, 4),
    Way("sde-2m", 8, 4),
    Way("sde", 24, 4),
    Way("sde", 16, 4),
    Way("sde", 11, 4),
    Way("sde", 8, 4),
    Way("sde", 6, 4),
    Way("sde", 11, 0),
    Way("sde", 16, 4, every=2),
    Way("sde", 16, 4, settled=0.95),
)


class Counter:
    """Passes of single candidates, with and without a gradient."""

    def __init__(self) -> None:
        self.guided = self.plain = 0


def chosen_steps(
    push: GuidedDenoiser, plain: GuidedDenoiser, way: Way, counter: Counter
) -> GuidedDenoiser:
    """`push` where `way` wants a gradient, `plain` elsewhere, each candidate by itself."""
    settled: list[bool] = []

    def predict(x_t: Tensor, schedule: Schedule, i: int) -> GuidedPrediction:
        settled.extend([False] * (len(x_t) - len(settled)))
        due = (len(schedule) - 1 - i) % way.every == 0
        pushed = [k for k in range(len(x_t)) if due and not settled[k]]
        left = [k for k in range(len(x_t)) if k not in pushed]
        counter.guided += len(pushed)
        counter.plain += len(left)
        parts = [
            (own, ask(x_t[own], schedule, i)) for ask, own in ((push, pushed), (plain, left)) if own
        ]
        step = _merged(parts)
        for k in range(len(x_t)):
            settled[k] = settled[k] or bool(step.accuracy[k] >= way.settled)
        return step

    return predict


def _merged(parts: list[tuple[list[int], GuidedPrediction]]) -> GuidedPrediction:
    order = torch.tensor([k for own, _ in parts for k in own]).argsort()

    def together(pick: Callable[[GuidedPrediction], Tensor]) -> Tensor:
        return torch.cat([pick(step) for _, step in parts])[order]

    variance = parts[0][1].prediction.v
    return GuidedPrediction(
        Prediction(
            together(lambda step: step.prediction.eps),
            together(lambda step: step.prediction.x_0),
            None if variance is None else together(lambda step: step.prediction.v),  # type: ignore[arg-type]
            [],
        ),
        together(lambda step: step.gradient),
        together(lambda step: step.loss),
        together(lambda step: step.accuracy),
    )


def _start(denoiser: Denoiser, x_0: Tensor, start: int, way: Way) -> Tensor:
    if way.inversion:
        levels = denoiser.schedule.respaced(spaced_timesteps(start, way.inversion))
        return invert(denoiser, x_0, levels)
    noise = torch.randn(x_0.shape, generator=generator(0, "start"))
    return denoiser.schedule.add_noise(x_0, noise, torch.tensor([start - 1]))


def measured(editor: Editor, way: Way, arguments: argparse.Namespace) -> dict[str, Any]:
    """Means over the edits."""
    denoiser, bank = editor.denoiser, editor._guide
    rows, counter, began = [], Counter(), time.monotonic()
    for case in portrait_edits(arguments.edits, editor.size, arguments.first):
        editor.set_image(case.before.image)
        source = editor.segment()
        target, classes = case.repaint(source)
        bare = region_of_interest(source, target, classes, dilation=0)
        roi = dilate(bare, editor.defaults.dilation)
        start, scale = editor.defaults.choose(EditSettings(), int(bare.sum()), 1000)
        x_0, inside = to_model(editor.image), torch.from_numpy(roi)
        wanted = torch.from_numpy(target.ids.astype(np.int64))
        x_edit = sample_edit(
            chosen_steps(
                guided(denoiser, bank, wanted, inside), unguided(denoiser), way, counter
            ),
            x_0,
            _start(denoiser, x_0, start, way).expand(arguments.num_images, -1, -1, -1),
            inside,
            denoiser.schedule.respaced(spaced_timesteps(start, way.steps, way.spacing)),
            scale * way.every,
            [generator(0, "candidate", k) for k in range(arguments.num_images)],
            way.sampler,
        )  # fmt: skip
        candidates = editor.score(composite(editor.image, from_model(x_edit), roi), target, roi)
        best = min(candidates, key=lambda candidate: candidate.roi_loss)
        rows.append((best.roi_accuracy, psnr(best.image, case.after.image, roi)))
    accuracy, truth = np.mean(rows, 0)
    candidates = arguments.edits * arguments.num_images
    return {
        **asdict(way),
        "line": way.line,
        "roi_accuracy": float(accuracy),
        "true_psnr": float(truth),
        "guided_passes": counter.guided / candidates,
        "plain_passes": counter.plain / candidates + max(0, way.inversion - 1),
        "seconds": (time.monotonic() - began) / arguments.edits,
    }


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| sampler | steps | inversion | ROI accuracy | PSNR, dB | guided passes | plain passes |"
    yield "|---|---|---|---|---|---|---|"
    for row in results:
        yield (
            f"| {row['line']} | {row['steps']} | {row['inversion']} | {row['roi_accuracy']:.3f} | "
            f"{row['true_psnr']:.2f} | {row['guided_passes']:.1f} | {row['plain_passes']:.1f} |"
        )


def plot(results: list[dict[str, Any]], path: Path) -> None:
    """Both measures against all passes, on one logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    measures = [("roi_accuracy", "ROI accuracy"), ("true_psnr", "PSNR to the true edit, dB")]
    for axes, (measure, title) in zip(figure.subplots(1, 2), measures, strict=True):
        for line in dict.fromkeys(row["line"] for row in results):
            own = [row for row in results if row["line"] == line]
            passes = [row["guided_passes"] + row["plain_passes"] for row in own]
            axes.plot(passes, [row[measure] for row in own], "o-", label=line, markersize=5)
        axes.set(xscale="log", xlabel="U-Net evaluations a candidate", ylabel=title)
        axes.set_xticks([10, 20, 30, 50, 100], ["10", "20", "30", "50", "100"])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure what is missing, write all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="portraits-64")
    parser.add_argument("--first", type=int, default=60)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("-n", "--num-images", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "fewer-passes.json"
    asked = {name: getattr(arguments, name) for name in ("model", "first", "edits", "num_images")}
    known = json.loads(file.read_text()) if file.is_file() else {}
    results: list[dict[str, Any]] = known["results"] if known.get("asked") == asked else []
    done = [Way(**{name: row[name] for name in Way.__dataclass_fields__}) for row in results]
    editor = Editor.from_pretrained(arguments.model)
    for way in WAYS:
        if way not in done:
            results.append(measured(editor, way, arguments))
            content = json.dumps({"asked": asked, "results": results}, indent=2) + "\n"
            write_atomically(file, content.encode())
    (arguments.out / "fewer-passes.md").write_text("\n".join(table(results)) + "\n")
    plot(results, arguments.out / "fewer-passes.png")


if __name__ == "__main__":
    main()
