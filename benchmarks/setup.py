"""What several benchmarks set up alike: options, networks, judged editors, clocks and plots."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import torch

from pixelguide.devices import choose_device
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.ceilings import describe_machine, synchronize
from pixelguide.evaluate.judge import Judge, independent_of
from pixelguide.evaluate.subjects import Subject, subject_of_model, subject_of_shape
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import InferenceOptions, prepare


def option_parser(description: str | None) -> argparse.ArgumentParser:
    """The options of a benchmark; its module's text is the help."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """The option that names the model."""
    parser.add_argument("--model", default="portraits-64")


def add_edits(parser: argparse.ArgumentParser, first: int, edits: int) -> None:
    """The options that say by which model which edits of the portrait benchmark are made."""
    add_model(parser)
    parser.add_argument("--first", type=int, default=first)
    parser.add_argument("--edits", type=int, default=edits)


def judged(editor: Editor) -> Judge:
    """The judge of an editor's results, with the independent segmenter where there is one."""
    return Judge(editor, independent_of(editor))


def pyplot() -> Any:
    """matplotlib's pyplot as the documents' figures have it: no window, no box."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
    return plt


def peak_memory() -> int:
    """Bytes, at most resident so far, of this process."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


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
