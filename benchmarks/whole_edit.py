"""Seconds of a whole edit, from the picture to the candidates.

    python -m benchmarks.whole_edit --shape adm-256 --precision bf16 --ways eager,graphs --batch 1,4
    python -m benchmarks.whole_edit --model portraits-64

Inversion, guided sampling and composite of a fixed picture with a sixteenth of it to edit, from
t0 = 500 with the default schedule and with the paper's: after one edit that warms up, the median of
`--repeats`. Random weights (--shape) take as long as trained ones. Ways to run the network, one
after another: plain (diffusers' layers), compile, eager (the layers that an editor has), graphs.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import time
from collections.abc import Callable

import torch

from pixelguide.devices import choose_device
from pixelguide.evaluate.ceilings import describe_machine, synchronize
from pixelguide.evaluate.stages import SCALE, Inputs
from pixelguide.evaluate.subjects import START, Subject, subject_of_model, subject_of_shape
from pixelguide.guidance.guidance import guided
from pixelguide.guidance.inversion import invert
from pixelguide.guidance.region import composite
from pixelguide.guidance.sampling import sample_edit
from pixelguide.guidance.schedules import SCHEDULES, StepPlan
from pixelguide.images import from_model
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import InferenceOptions, prepare
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


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of one run."""
    synchronize(device)
    began = time.perf_counter()
    work()
    synchronize(device)
    return time.perf_counter() - began


WAYS = ("plain", "compile", "eager", "graphs")
"""In the order in which one network can be run by all of them: the last two change its layers."""


def run_as(subject: Subject, way: str) -> Subject:
    """The same network, changed in place, run in another way."""
    options = InferenceOptions(
        subject.options.precision,
        **{name: name == way for name in ("plain", "compile", "graphs")},
    )
    known = subject.denoiser
    prepare(known.unet, known.device, options)
    taps = tuple(tap.index for tap in known.taps)
    denoiser = Denoiser(
        known.unet, known.schedule, taps, known.prediction_type, options.compile, options.graphs
    )
    return dataclasses.replace(subject, denoiser=denoiser, options=options)


def add_subject_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which network runs where."""
    parser.add_argument("--model", default="portraits-64")
    parser.add_argument("--shape", help="random weights instead, see `pixelguide bench --help`")
    parser.add_argument("--size", type=int, help="with --shape: side of the pictures")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--device", default="auto")


def chosen_subject(arguments: argparse.Namespace) -> Subject:
    """The network that these options name, in diffusers' layers (see `run_as`)."""
    device = choose_device(arguments.device)
    options = InferenceOptions(arguments.precision, plain=True)
    if arguments.shape:
        return subject_of_shape(arguments.shape, arguments.size, device, options)
    return subject_of_model(arguments.model, device, options)


def heading(subject: Subject) -> str:
    """What runs where, for the head of a report."""
    machine = describe_machine(subject.denoiser.device)
    return (
        f"{subject.name}, {subject.options.precision}, {machine.get('gpu') or machine['cpu']}, "
        f"{machine['threads']} threads, torch {torch.__version__}\n\n"
    )


def main() -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
