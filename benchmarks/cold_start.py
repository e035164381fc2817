"""How long a user waits: whole processes of this revision and of another one, in turn.

    python -m benchmarks.cold_start --against REV [--repeats 7] [--steps] [-o OUT.json]

REV is any revision of this repository. Both, REV and the revision that is checked out here, are
checked out below out/cold-start/ and get an environment of their own there, of the versions in
their constraints.txt, so that both are found on the disk alike; they are kept for the next time.
Every command runs once to warm the disk cache and then `--repeats` times, the revisions taking
turns, with one thread of torch (OMP_NUM_THREADS=1 unless it is set). Prints the medians of wall
clock, CPU time and greatest resident size, and this revision's share of the other's. --steps: the
guided step and the inversion step of `pixelguide bench` too, as a processor with AVX2 runs them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "out" / "cold-start"
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
FACE, MAP = "faces/000003.png", "painted.png"
COMMANDS = {
    "edit -n 4": ["pixelguide", "edit", FACE, "--map", MAP, "-n", "4", "--seed", "0", "-o", "edit"],
    "segment": ["pixelguide", "segment", FACE, "-o", "map.png"],
    "from pixelguide import Editor": ["python", "-c", "from pixelguide import Editor"],
    "import torch": ["python", "-c", "import torch"],
    "--help": ["pixelguide", "--help"],
    "--version": ["pixelguide", "--version"],
    "labels check": ["pixelguide", "labels", "check", "labelled"],
    "models": ["pixelguide", "models"],
    "edit, map missing": ["pixelguide", "edit", FACE, "--map", "none.png", "-o", "none"],
}
"""What is run, in a folder that `prepare` fills."""


@dataclass(frozen=True)
class Revision:
    """A checkout and the environment that runs it."""

    name: str
    binaries: Path

    def run(self, command: list[str], folder: Path, **environment: str) -> dict[str, float]:
        """Seconds of wall clock and CPU and MiB of memory of one process. A command that is meant
        to fail may; one that cannot start raises OSError."""
        program, *arguments = command
        shutil.rmtree(folder / "edit", ignore_errors=True)  # results are not overwritten unasked
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            [self.binaries / program, *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1", **os.environ, **environment},
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0  # it was waited for
        return {
            "wall": time.perf_counter() - began,
            "cpu": used.ru_utime + used.ru_stime,
            "MiB": used.ru_maxrss / 1024,
        }


def revision(name: str) -> Revision:
    """The revision's checkout and environment below `PLACE`, made if they are not there."""
    commit = _output("git", "-C", str(ROOT), "rev-parse", "--short", name)
    checkout, environment = PLACE / commit, PLACE / f"{commit}-env"
    if not checkout.exists():
        _output("git", "-C", str(ROOT), "worktree", "prune")
        _output("git", "-C", str(ROOT), "worktree", "add", "--detach", str(checkout), commit)
    if not (environment / ".ready").exists():
        _output(sys.executable, "-m", "venv", str(environment))
        pip = [str(environment / "bin/python"), "-m", "pip", "install", "--quiet",
               "-c", str(checkout / "constraints.txt")]  # fmt: skip
        _output(*pip, "torch")
        _output(*pip, "-e", f"{checkout}[dev]")
        (environment / ".ready").touch()
    return Revision(commit, environment / "bin")


def prepare(revision: Revision, folder: Path) -> None:
    """Fill `folder` with portraits, a labelled set, and a map whose mouth is painted open."""
    import numpy as np
    from PIL import Image

    for arguments in (["faces"], ["labelled", "--with-labels"]):
        command = ["pixelguide", "portraits", *arguments, "--count", "8", "--seed", "1000"]
        revision.run(command, folder)
    revision.run(["pixelguide", "segment", FACE, "-o", MAP], folder)
    with Image.open(folder / MAP) as painted:
        ids, palette = np.array(painted), painted.getpalette()
    ids[44:47, 27:38] = 13  # teeth of portraits-64
    image = Image.fromarray(ids)
    image.putpalette(palette or [])
    image.save(folder / MAP)


def steps(revision: Revision, folder: Path) -> dict[str, float]:
    """Median seconds of the steps of `pixelguide bench` on the built-in model."""
    out = folder / f"bench-{revision.name}.json"
    command = ["pixelguide", "bench", "--batch", "1,4", "--repeats", "9", "-o", str(out)]
    revision.run(command, folder, **AVX2)
    return {
        f"{stage['stage']}, batch {stage['batch'] or 1}": stage["seconds"]["median"]
        for stage in json.loads(out.read_text())["stages"]
        if stage["stage"] in ("guided step", "inversion step")
    }


def main() -> None:
    """Measure, print the table, and write all of it if wanted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--against", required=True, metavar="REV")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("-o", "--out", type=Path)
    options = parser.parse_args()
    ours, theirs = revision("HEAD"), revision(options.against)
    folder = PLACE / "desk"
    folder.mkdir(parents=True, exist_ok=True)
    prepare(ours, folder)
    found: dict[str, Any] = {}
    print(f"| command | measure | {theirs.name} | {ours.name} | share |")  # noqa: T201
    print("| --- | --- | --- | --- | --- |")  # noqa: T201
    for name, command in COMMANDS.items():
        runs: dict[str, list[dict[str, float]]] = {each.name: [] for each in (theirs, ours)}
        for turn in range(options.repeats + 1):
            for each in (theirs, ours):
                measured = each.run(command, folder)
                if turn:  # the first one warms the disk cache
                    runs[each.name].append(measured)
        found[name] = {
            measure: [statistics.median(run[measure] for run in own) for own in runs.values()]
            for measure in ("wall", "cpu", "MiB")
        }
        for measure, (before, now) in found[name].items():
            _print_row(name, measure, before, now)
    if options.steps:
        turns = [(steps(theirs, folder), steps(ours, folder)) for _ in range(3)]
        for name in turns[0][0]:
            before, now = (statistics.median(turn[k][name] for turn in turns) for k in (0, 1))
            found[name] = {"seconds": [before, now]}
            _print_row(name, "s, AVX2", before, now)
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


def _print_row(name: str, measure: str, before: float, now: float) -> None:
    share = now / before
    print(f"| `{name}` | {measure} | {before:.3g} | {now:.3g} | {share:.2f} |", flush=True)  # noqa: T201


def _output(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    main()
