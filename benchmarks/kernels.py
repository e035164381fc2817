"""Where the time of a pass up and of a guided step goes, kernel by kernel.

    python -m benchmarks.kernels --shape adm-256 --precision bf16 --way graphs --device cuda
    python -m benchmarks.kernels --model portraits-64

By PyTorch's profiler: the kernels of a GPU, or the operators of a CPU, that take longest. A share
is of the time that all take; on a GPU, what they leave of a run's time is gaps between them.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile

from benchmarks.setup import (
    WAYS,
    add_subject_options,
    chosen_subject,
    heading,
    option_parser,
    run_as,
    timed,
)
from pixelguide.evaluate.ceilings import synchronize
from pixelguide.evaluate.stages import Inputs
from pixelguide.evaluate.subjects import Subject
from pixelguide.guidance.guidance import guided


@dataclass(frozen=True)
class Kernel:
    """What one kernel, or operator, takes in a run. calls may be a fraction where runs differ."""

    name: str
    calls: float
    milliseconds: float


def passes(subject: Subject, batch: int) -> dict[str, Callable[[], object]]:
    """The two passes that an edit of `batch` candidates repeats, ready to run."""
    denoiser, inputs = subject.denoiser, Inputs.of(subject)
    inside = torch.from_numpy(inputs.roi).to(denoiser.device)
    predict = guided(denoiser, subject.guide, inputs.target, inside)
    x_t = inputs.x_t.expand(batch, -1, -1, -1).contiguous()
    last = len(subject.schedule) - 1

    def up() -> object:
        with torch.no_grad():
            return denoiser(inputs.x_t, subject.schedule, last)

    return {"pass up": up, "guided pass": lambda: predict(x_t, subject.schedule, last)}


def kernels(work: Callable[[], object], device: torch.device, repeats: int) -> list[Kernel]:
    """The kernels of one run of `work`, the mean of `repeats`, the longest first."""
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * on_gpu
    with profile(activities=activities) as seen:
        for _ in range(repeats):
            work()
        synchronize(device)
    wanted = DeviceType.CUDA if on_gpu else DeviceType.CPU
    found = []
    for row in seen.key_averages():
        microseconds = row.self_device_time_total if on_gpu else row.self_cpu_time_total
        if row.device_type == wanted and microseconds:
            found.append(Kernel(row.key, row.count / repeats, microseconds / 1000 / repeats))
    return sorted(found, key=lambda kernel: -kernel.milliseconds)


def table(found: list[Kernel], most: int) -> str:
    """The first `most` of them as Markdown, and the rest in one row."""
    total = sum(kernel.milliseconds for kernel in found)
    rest = Kernel(
        "the rest",
        sum(kernel.calls for kernel in found[most:]),
        sum(kernel.milliseconds for kernel in found[most:]),
    )
    rows = [
        f"| {kernel.name[:90].replace('|', '/')} | {kernel.calls:g} | {kernel.milliseconds:.3f} | "
        f"{kernel.milliseconds / total:.1%} |"
        for kernel in [*found[:most], *([rest] if found[most:] else [])]
    ]
    return "\n".join(["| kernel | calls | ms | share |", "|---|---|---|---|", *rows])


def main() -> None:
    """Run, print."""
    parser = option_parser(__doc__)
    add_subject_options(parser)
    parser.add_argument("--batch", type=int, default=1, help="candidates at once")
    parser.add_argument("--way", choices=WAYS, default="eager", help="see benchmarks.whole_edit")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--most", type=int, default=25, help="rows of each table")
    arguments = parser.parse_args()
    subject = run_as(chosen_subject(arguments), arguments.way)
    device = subject.denoiser.device
    sys.stdout.write(f"{arguments.way}: {heading(subject)}")
    for name, work in passes(subject, arguments.batch).items():
        for _ in range(2):  # compiles, records, warms up
            work()
        alone = statistics.median(timed(work, device) for _ in range(arguments.repeats)) * 1000
        found = kernels(work, device, arguments.repeats)
        total = sum(kernel.milliseconds for kernel in found)
        sys.stdout.write(
            f"{name}: {alone:.2f} ms unwatched; its kernels {total:.2f} ms\n\n"
            f"{table(found, arguments.most)}\n\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
