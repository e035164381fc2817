"""Seconds of a whole edit, from the picture to the candidates.

    python -m benchmarks.whole_edit --shape adm-256 --precision bf16 --ways eager,graphs --batch 1,4
    python -m benchmarks.whole_edit --model portraits-64

Inversion, guided sampling and composite of a fixed picture with a sixteenth of it to edit, from
t0 = 500 with the default schedule and with the paper's: after one edit that warms up, the median of
`--repeats`. Random weights (--shape) take as long as trained ones. Ways to run the network, one
after another: plain (diffusers' layers), compile, eager (the layers that an editor has), graphs.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

import torch

from benchmarks.setup import (
    WAYS,
    add_subject_options,
    chosen_subject,
    heading,
    option_parser,
    run_as,
    timed,
)
from pixelguide.evaluate.stages import SCALE, Inputs
from pixelguide.evaluate.subjects import START, Subject
from pixelguide.guidance.guidance import guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import sample_edit
from pixelguide.guidance.schedules import SCHEDULES, StepPlan
from pixelguide.images import from_model
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.seeds import generator


def whole_edit(subject: Subject, step_plan: StepPlan, batch: int) -> Callable[[], object]:
    """An edit of `batch` candidates, ready to run."""
    denoiser, inputs = subject.denoiser, Inputs.of(subject)
    inside = torch.from_numpy(inputs.roi).to(denoiser.device)
    up, down = (
        denoiser.schedule.respaced(timesteps)
        for timesteps in (
            spaced_timesteps(START, step_plan.inversion_steps),
            spaced_timesteps(START, step_plan.steps, step_plan.spacing),
        )
    )
    predict = guided(denoiser, subject.guide, inputs.target, inside)

    def run() -> object:
        x_t = invert(denoiser, inputs.x_0, up)
        draws = [generator(0, "candidate", k) for k in range(batch)]
        x_edit = sample_edit(
            predict, inputs.x_0, x_t, inside, down, SCALE, draws, step_plan.sampler
        )
        return composite(inputs.image, from_model(x_edit), inputs.roi)

    return run


def main() -> None:
    """Run, print."""
    parser = option_parser(__doc__)
    add_subject_options(parser)
    parser.add_argument("--batch", default="1", help="candidates at once, by commas")
    parser.add_argument("--ways", default="eager", help="by commas; %(default)s")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    ways = arguments.ways.split(",")
    if set(ways) - set(WAYS):
        parser.error(f"--ways: any of {', '.join(WAYS)}")
    subject = chosen_subject(arguments)
    device = subject.denoiser.device
    sys.stdout.write(
        f"{heading(subject)}"
        "| way | schedule | passes up, guided | batch | seconds | least … most | first edit |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    for way in sorted(ways, key=WAYS.index):
        subject = run_as(subject, way)
        for name, step_plan in SCHEDULES.items():
            for batch in map(int, arguments.batch.split(",")):
                work = whole_edit(subject, step_plan, batch)
                first = timed(work, device)
                runs = [timed(work, device) for _ in range(arguments.repeats)]
                sys.stdout.write(
                    f"| {way} | {name} | {step_plan.inversion_steps - 1}, {step_plan.steps} "
                    f"| {batch} | "
                    f"{statistics.median(runs):.3f} | {min(runs):.3f} … {max(runs):.3f} | "
                    f"{first:.1f} |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
