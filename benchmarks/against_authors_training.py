"""Training classifiers side by side with the authors' script, on the same features.

    python -m benchmarks.against_authors_training --theirs PATH [--runs 3] [-o OUT.json]

PATH: see `authors`. Both sides get the activations of portraits-64 for all pixels of the same
labelled portraits under one noise: theirs trains one classifier a run, in float32, until its own
break; ours a guide of `--count` timesteps with its default settings, the common classifier that
they start from included. Nobody's time includes the network. Both are judged on held-out portraits
at the timesteps that theirs was run for. The ratio is count x theirs over ours.
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from benchmarks.authors_training import AuthorsTraining, Spent, Stopwatch
from benchmarks.setup import option_parser
from pixelguide.edit.result import versions
from pixelguide.errors import PixelguideError
from pixelguide.evaluate.ceilings import describe_machine
from pixelguide.portraits import write_portraits
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.prior.taps import default_taps
from pixelguide.seeds import generator
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.model_labels import load_labels
from pixelguide.segment.plan import ClassifierTraining, Job
from pixelguide.segment.samples import PixelSample
from pixelguide.segment.training import run_job

TRAINING = ClassifierTraining()
LABEL_SEED, HELD_OUT_SEED = 20, 977


class Extracted:
    """Features that are known before training begins; stands for a `PixelSample`."""

    def __init__(self, labels: Tensor, features: dict[int, Tensor]) -> None:
        """labels: int64 M. features: fp16 M×inputs by timestep."""
        self.labels, self._features = labels, features

    def features(self, timesteps: Sequence[int]) -> Tensor:
        """Those of one timestep, for the trainer to keep."""
        (t,) = timesteps
        return self._features[t].clone()

    def mixed_features(self, timesteps: Sequence[int]) -> Tensor:
        """Every pixel at one of `timesteps`, shared out evenly."""
        order = torch.randperm(len(self.labels), generator=generator(0, "benchmark mixture"))
        mixed = torch.empty_like(self._features[timesteps[0]])
        for k, t in enumerate(timesteps):
            rows = order[k :: len(timesteps)]
            mixed[rows] = self._features[t][rows]
        return mixed


def main() -> int:
    """Extract, train both, judge, print."""
    parser = option_parser(__doc__)
    parser.add_argument("--theirs", type=Path, required=True, help="clone with submodules")
    parser.add_argument("--pictures", type=int, default=20, help="labelled portraits")
    parser.add_argument("--count", type=int, default=50, help="classifiers of ours")
    parser.add_argument("--runs", type=int, default=3, help="runs of theirs, a timestep each")
    parser.add_argument("--tuning", type=int, default=TRAINING.tuning, help="iterations of each")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("-o", "--out", type=Path, help="JSON report to write")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console(highlight=False)
    try:
        theirs = AuthorsTraining(arguments.theirs)
        settings = replace(TRAINING, tuning=arguments.tuning)
        report = compare(theirs, settings, arguments.pictures, arguments.count, arguments.runs)
    except PixelguideError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"error: {error}")
        return error.exit_code
    report |= {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(torch.device("cpu")),
        "versions": versions(),
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    console.print(describe(report))
    return 0


def compare(
    theirs: AuthorsTraining, settings: ClassifierTraining, pictures: int, count: int, runs: int
) -> dict[str, Any]:
    """Seconds of both, and their accuracy on held-out pixels."""
    folder = ModelFolder.open("portraits-64")
    unet = folder.unet()
    denoiser = Denoiser.from_parts(unet, folder.scheduler(), default_taps(unet))
    timesteps = sorted(spaced_timesteps(500, count))
    # spread over the schedule, neither its first nor its last
    judged = [timesteps[(2 * k + 1) * count // (2 * runs)] for k in range(runs)]
    known = extracted(denoiser, pictures, LABEL_SEED, timesteps)
    held_out = extracted(denoiser, pictures, HELD_OUT_SEED, judged)

    channels = [tap.channels for tap in denoiser.taps]
    guide: ClassifierBank = ClassifierBank(
        num_classes=len(load_labels(folder)),
        timesteps=[[t] for t in timesteps],
        taps=[tap.index for tap in denoiser.taps],
        tap_channels=channels,
    )
    watch = Stopwatch()
    train_guide(guide, known, settings)
    ours = watch.read()

    results = []
    for t in judged:
        run = theirs.run(known.features((t,)).float(), known.labels, guide.num_classes)
        seen = held_out.features((t,)).float()
        with torch.no_grad():
            logits = {
                "theirs": run.classifier(seen),
                "ours": alone(guide, timesteps.index(t))(seen[None])[0],
            }
        accuracy = {side: correct(read, held_out.labels) for side, read in logits.items()}
        results.append(
            {
                "timestep": t,
                "iterations": run.iterations,
                "seconds": asdict(run.spent),
                "ratio": ratios(run.spent, ours, count),
                "accuracy": accuracy,
            }
        )
    return {
        "pixels": len(known.labels),
        "inputs": sum(channels),
        "classes": guide.num_classes,
        "classifiers": count,
        "settings": asdict(settings),
        "ours_seconds": asdict(ours),
        "runs": results,
    }


def extracted(denoiser: Denoiser, pictures: int, seed: int, timesteps: Sequence[int]) -> Extracted:
    """Features of all pixels of portraits, under one noise a timestep."""
    with tempfile.TemporaryDirectory() as temporary:
        write_portraits(Path(temporary), pictures, seed, with_labels=True)
        portraits = LabelledPictures.load(temporary, denoiser.size)
    settings = replace(TRAINING, noise_draws=1, seed=seed)
    sample = PixelSample(denoiser, portraits, settings, denoiser.size**2)
    return Extracted(sample.labels, {t: sample.features((t,)) for t in timesteps})


def train_guide(guide: ClassifierBank, known: Extracted, settings: ClassifierTraining) -> None:
    """Every member, by the jobs that a training of a category would do."""
    count, cpu = len(guide), torch.device("cpu")
    jobs = [Job("common", range(1), settings.iterations, 0, 0)]
    for first in range(0, count, settings.together):
        members = range(first, min(first + settings.together, count))
        jobs.append(Job("guide", members, settings.tuning, 0, 0))
    for job in jobs:
        run_job(job, guide, known, settings, cpu)  # type: ignore[arg-type]  # has what it asks for
    guide.eval()


def alone(guide: ClassifierBank, member: int) -> ClassifierBank:
    """A bank of one member of another."""
    chosen = slice(member, member + 1)
    bank: ClassifierBank = ClassifierBank(
        **{**guide.state(), "timesteps": [[*guide.timesteps[member]]]}
    )
    bank.load_state_dict({name: value[chosen] for name, value in guide.state_dict().items()})
    bank.eval()
    return bank


def correct(logits: Tensor, labels: Tensor) -> float:
    """Share of pixels whose largest logit is their label's."""
    return float((logits.argmax(1) == labels).float().mean())


def ratios(theirs: Spent, ours: Spent, count: int) -> dict[str, float]:
    """How many times as long `count` runs of theirs take."""
    return {"wall": count * theirs.wall / ours.wall, "cpu": count * theirs.cpu / ours.cpu}


def describe(report: dict[str, Any]) -> str:
    """The report in a few lines."""
    ours, count = report["ours_seconds"], report["classifiers"]
    lines = [
        f"{report['pixels']} pixels, {report['inputs']} inputs, {report['classes']} classes, "
        f"{report['machine']['threads']} threads",
        f"ours, {count} classifiers: {ours['wall']:.1f} s ({ours['cpu']:.1f} s of work)",
    ]
    for run in report["runs"]:
        seconds, accuracy, ratio = run["seconds"], run["accuracy"], run["ratio"]
        lines.append(
            f"theirs, t = {run['timestep']}: {seconds['wall']:.1f} s ({seconds['cpu']:.1f}), "
            f"{run['iterations']} iterations; {count} of them take {ratio['wall']:.1f} "
            f"({ratio['cpu']:.1f}) times as long as ours; held-out accuracy theirs "
            f"{accuracy['theirs']:.4f}, ours {accuracy['ours']:.4f}"
        )
    median = statistics.median(run["ratio"]["wall"] for run in report["runs"])
    lines.append(f"median ratio {median:.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
