"""Side by side with the authors' code: the same weights, the same step, the time that each takes.

    python -m benchmarks.against_authors --theirs PATH [--adm256] [--device cpu] [-o OUT.json]

PATH: see `authors`. Both get the same ADM weights (random, or --weights CKPT.pt) and the same
random classifiers; ours through the converters that users have. First one guided step of both
must agree in loss, gradient and guided mean, in float32; then both are run in turn, in one process:
theirs in float32, ours in --our-precision, whose step is compared as well, to be told:

- guided step: their p_sample_loop_guidance and our sample_edit, two steps, seconds of one. Ours
  also noises and pastes the background, which theirs does outside that function.
- inversion step: their ddim_reverse_sample and our invert, one pass for the picture.
- feature head: from the activations to the gradients with respect to them, with a network that
  hands out kept activations and takes gradients back.
- whole edit, not run but added up: their 50 passes of each kind against --our-passes.

Ours is prepared as the editor prepares it, or --plain, or on a GPU with --graphs. Peaks are of
tensors, see `PeakBytes`; a step's includes the weights, transformed ones too. A ratio is ours over
theirs.
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.authors import ADM_256, AdmFlags, Authors, AuthorsStep
from benchmarks.same_parts import SCALE, Ours, Scene, make_scene, same_parts
from benchmarks.setup import option_parser
from pixelguide.devices import choose_device
from pixelguide.edit.result import versions
from pixelguide.errors import InputError, PixelguideError
from pixelguide.evaluate.ceilings import describe_machine, synchronize
from pixelguide.evaluate.costs import PeakBytes, weight_bytes
from pixelguide.guidance.guidance import guided
from pixelguide.prior.denoiser import Prediction
from pixelguide.prior.kernels.options import InferenceOptions
from pixelguide.prior.schedule import Schedule

Clock = Callable[[], float]
TOLERANCE = 1e-3
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
THEIR_PASSES = 50, 50  # of inversion and guided, in all their experiments


class Recalled(torch.autograd.Function):
    """Activations that were kept, as if a network had just made them of x.

    Notes in `marks`, by `clock`, when it hands them out and when their gradients are there.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, marks: list[float], clock: Clock, *kept: Tensor
    ) -> tuple[Tensor, ...]:
        """Hand out what was kept."""
        ctx.marks, ctx.clock, ctx.like = marks, clock, x
        synchronize(x.device)
        marks.append(clock())
        return tuple(activation.view_as(activation) for activation in kept)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Take the gradients, and go no further."""
        synchronize(ctx.like.device)
        ctx.marks.append(ctx.clock())
        return (torch.zeros_like(ctx.like), None, None, *[None] * len(gradients))


def main() -> int:
    """Check, measure, print; exit code 1 if a step does not agree."""
    parser = option_parser(__doc__)
    parser.add_argument("--theirs", type=Path, required=True, help="clone with submodules")
    parser.add_argument(
        "--adm256", action="store_true", help="the real shape; about 16 GiB of memory, 5 GB of disk"
    )
    parser.add_argument("--weights", type=Path, help="ADM checkpoint of that shape, not random")
    parser.add_argument("--batch", type=int, default=1, help="candidates at once")
    parser.add_argument("--repeats", type=int, default=7, help="pairs of runs")
    parser.add_argument(
        "--our-passes", default="49,50", help="INVERSION,GUIDED of a whole edit; %(default)s"
    )
    parser.add_argument("--plain", action="store_true", help="ours with diffusers' own layers")
    parser.add_argument("--our-precision", default="fp32", help="fp32 or bf16, of our network")
    parser.add_argument("--graphs", action="store_true", help="ours by CUDA graphs")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall",
        help="cpu: seconds of this process's work, which other processes disturb less",
    )  # fmt: skip
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--out", type=Path, help="JSON report to write")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120  # a file has no width
    try:
        device = choose_device(arguments.device)
        passes = our_passes(arguments.our_passes)
        flags = ADM_256 if arguments.adm256 else AdmFlags()
        theirs = Authors(arguments.theirs, flags, device)
        options = InferenceOptions(
            arguments.our_precision, plain=arguments.plain, graphs=arguments.graphs
        )
        ours = same_parts(theirs, arguments.weights, InferenceOptions(plain=arguments.plain))
        scene = make_scene(ours, arguments.batch)
        with exact_convolutions():
            expected = theirs.guided_step(scene.x_t, scene.target, scene.roi, SCALE)
            disagreement = compare(expected, ours, scene)
    except PixelguideError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"error: {error}")
        return error.exit_code
    agrees = all(value < TOLERANCE for value in disagreement.values())
    console.print(
        f"one guided step {'agrees' if agrees else 'DISAGREES'}: relative difference of "
        + ", ".join(f"{name} {value:.1e}" for name, value in disagreement.items())
    )
    if not agrees:
        return 1
    ours = ours.prepared(options)
    deviation = disagreement
    if options != InferenceOptions(plain=options.plain):
        deviation = compare(expected, ours, scene)
        console.print(
            f"as it is timed, {options.precision}: "
            + ", ".join(f"{name} {value:.1e}" for name, value in deviation.items())
        )
    results = measure(theirs, ours, scene, arguments.repeats, CLOCKS[arguments.clock])
    report = {
        "shape": flags.all(),
        "weights": str(arguments.weights or "random"),
        "batch": arguments.batch,
        "ours": asdict(options),
        "clock": arguments.clock,
        "roi_pixels": int(scene.roi.sum()),
        "relative_difference": disagreement,
        "relative_difference_as_timed": deviation,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(device),
        "versions": versions(),
        "results": results,
        "whole_edit": whole_edit(results, passes),
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    console.print(tabulated(report))
    return 0


@contextmanager
def exact_convolutions() -> Iterator[None]:
    """A GPU rounds float32 to 10 bits in convolutions unless told not to: more than TOLERANCE."""
    known = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = known


def compare(expected: AuthorsStep, ours: Ours, scene: Scene) -> dict[str, float]:
    """Relative differences of one guided step at the noisiest level."""
    last = len(ours.schedule) - 1
    level = torch.full((len(scene.x_t),), last)
    step = guided(ours.denoiser, ours.guide, scene.target, scene.roi)(
        scene.x_t, ours.schedule, last
    )
    clean = step.prediction.x_0.clamp(-1, 1)
    variance = ours.schedule.log_variance(step.prediction.v, level, scene.x_t).exp()
    mean = ours.schedule.posterior_mean(scene.x_t, clean, level) - SCALE * variance * step.gradient
    return {
        "loss": abs(float(step.loss.sum()) / expected.loss - 1),
        "gradient": float((step.gradient - expected.gradient).norm() / expected.gradient.norm()),
        "mean": float((mean - expected.mean).norm() / expected.mean.norm()),
    }


def measure(
    theirs: Authors, ours: Ours, scene: Scene, repeats: int, clock: Clock
) -> dict[str, Any]:
    """Seconds and peak bytes of a guided step, an inversion step and the feature head."""
    steps = len(ours.schedule)
    marks: list[float] = []
    with torch.no_grad():
        seen = ours.denoiser(scene.x_t, ours.schedule, steps - 1)
    output = torch.cat([seen.eps, seen.eps], 1)  # what it says plays no part

    def recalled(x: Tensor) -> list[Tensor]:
        return list(Recalled.apply(x, marks, clock, *seen.taps))  # type: ignore[no-untyped-call]

    def recalling(x: Tensor, _schedule: Schedule, _i: int) -> Prediction:
        return Prediction(seen.eps, seen.x_0, seen.v, recalled(x))

    # asks for nothing but one call, which is what a function can stand in for
    head = guided(recalling, ours.guide, scene.target, scene.roi)  # type: ignore[arg-type]

    def their_network(x: Tensor, _t: Tensor, **_: Any) -> tuple[Tensor, list[Tensor]]:
        return output, recalled(x)

    def step_of(sample: Callable[[], object], count: int = steps) -> Callable[[], float]:
        def run() -> float:
            synchronize(ours.denoiser.device)
            began = clock()
            sample()
            synchronize(ours.denoiser.device)
            return (clock() - began) / count

        return run

    def head_of(step: Callable[[], object]) -> Callable[[], float]:
        def run() -> float:
            marks.clear()
            step()
            return marks[1] - marks[0]

        return run

    place = (scene.x_t, scene.target, scene.roi, SCALE)
    runs = {
        "guided step": (
            step_of(lambda: theirs.sample(*place)),
            step_of(lambda: ours.sample(scene)),
        ),
        "inversion step": (
            step_of(lambda: theirs.inversion_step(scene.x_0), 1),
            step_of(lambda: ours.inversion_step(scene), 1),
        ),
        "feature head": (
            head_of(lambda: theirs.guided_step(*place, network=their_network)),
            head_of(lambda: head(scene.x_t, ours.schedule, steps - 1)),
        ),
    }
    classifiers = weight_bytes(ours.guide)  # of the same size in both
    weights = [weight_bytes(net) + classifiers for net in (theirs.network, ours.denoiser.unet)]
    results = {}
    for name, pair in runs.items():
        peaks = []
        for run, held in zip(pair, weights, strict=True):
            with PeakBytes() as memory:  # warms up as well
                run()
            peaks.append(memory.peak + (0 if name == "feature head" else held))
        seconds: tuple[list[float], list[float]] = ([], [])
        for repeat in range(repeats):
            for side in (0, 1) if repeat % 2 == 0 else (1, 0):
                seconds[side].append(pair[side]())
        results[name] = {
            "seconds": {"theirs": seconds[0], "ours": seconds[1]},
            "ratios": [own / other for other, own in zip(*seconds, strict=True)],
            "peak_bytes": {"theirs": peaks[0], "ours": peaks[1]},
        }
    return results


def our_passes(text: str) -> tuple[int, int]:
    """INVERSION,GUIDED as numbers. Raises InputError for anything else."""
    parts = text.split(",")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError(f"'{text}'", "--our-passes", "Give two numbers, such as 49,50.")
    return int(parts[0]), int(parts[1])


def whole_edit(results: dict[str, Any], passes: tuple[int, int]) -> dict[str, Any]:
    """Seconds of an edit of each side, from the medians of its steps: nobody ran all of them."""
    told: dict[str, Any] = {"passes": {"theirs": THEIR_PASSES, "ours": passes}, "seconds": {}}
    for side, (inversion, guided_steps) in told["passes"].items():
        one, other = (
            statistics.median(results[name]["seconds"][side])
            for name in ("inversion step", "guided step")
        )
        told["seconds"][side] = inversion * one + guided_steps * other
    told["ratio"] = told["seconds"]["ours"] / told["seconds"]["theirs"]
    return told


def tabulated(report: dict[str, Any]) -> Table:
    """The results; ratios of pairs of runs as median and range."""
    machine = report["machine"]
    table = Table(
        title=f"{report['shape']['image_size']} px, batch {report['batch']}, "
        f"{machine.get('gpu') or machine['cpu']}, {machine['threads']} threads"
    )
    for column in ("", "theirs ms", "ours ms", "ratio (least … most)", "theirs MB", "ours MB",
                   "ratio"):  # fmt: skip
        table.add_column(column, justify="right" if column else "left")
    for name, result in report["results"].items():
        seconds, ratios, peaks = (result[key] for key in ("seconds", "ratios", "peak_bytes"))
        table.add_row(
            name,
            *[f"{1e3 * statistics.median(seconds[side]):,.2f}" for side in ("theirs", "ours")],
            f"{statistics.median(ratios):.3f} ({min(ratios):.3f} … {max(ratios):.3f})",
            *[f"{peaks[side] / 1e6:,.1f}" for side in ("theirs", "ours")],
            f"{peaks['ours'] / peaks['theirs']:.3f}",
        )
    whole = report["whole_edit"]
    table.add_row(
        "whole edit, {}+{} against {}+{} passes".format(
            *whole["passes"]["theirs"], *whole["passes"]["ours"]
        ),
        *[f"{1e3 * whole['seconds'][side]:,.0f}" for side in ("theirs", "ours")],
        f"{whole['ratio']:.3f}",
    )
    return table


if __name__ == "__main__":
    sys.exit(main())
