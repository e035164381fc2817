"""How long one waits from the command until one can paint, beside another checkout's Studio.

    python -m benchmarks.studio_start --against CHECKOUT [--models a,b] [--repeats 3]

CHECKOUT is a clone of this repository at any revision; this environment's Python runs both, in
turn, each time over an empty folder and in a fresh Chromium. Of each the model as it comes, and of
this one also those of --models. Seconds since the command: "chosen from", pictures are shown to
begin with; "painted on", the first of them is open with its map. "work" is the processor's time
of server and worker until then, which says more where others want the processor too. Prints the
medians, and their share of the other checkout's.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.setup import option_parser
from benchmarks.studio_page import running
from pixelguide.evaluate.ceilings import describe_machine

OWN = Path(__file__).parents[1]


def measured(chromium: Any, source: Path, model: str | None, data: Path) -> dict[str, float]:
    """One visit: seconds from the command."""
    browser = chromium()
    began = time.monotonic()
    with running(model, data, source) as (address, studio):
        said = time.monotonic()
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(300_000)
        page.goto(address)
        page.wait_for_selector("#picker .face")
        shown, shown_work = time.monotonic(), work(studio.pid)
        page.click("#picker .face")
        page.wait_for_selector("#plan .hint")
        painted, painted_work = time.monotonic(), work(studio.pid)
        browser.close()
    return {
        "answers": said - began,
        "chosen from": shown - began,
        "chosen from, work": shown_work,
        "painted on": painted - began,
        "painted on, work": painted_work,
    }


def work(process: int) -> float:
    """Seconds of processor time of a process and its children (Linux)."""
    tree = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(child) for each in tree for child in each.read_text().split()]
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(work, children))


def main() -> None:
    """Run and print."""
    from playwright.sync_api import sync_playwright

    parser = option_parser(__doc__)
    parser.add_argument("--against", type=Path, required=True, metavar="CHECKOUT")
    parser.add_argument("--models", default="portraits-64")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    cases: dict[str, tuple[Path, str | None]] = {
        "other": (options.against, None),
        "own": (OWN, None),
    }
    cases |= {f"own, {model}": (OWN, model) for model in options.models.split(",") if model}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:

        def chromium() -> Any:
            arguments = ["--no-sandbox", "--disable-gpu"]
            return driver.chromium.launch(executable_path=program, args=arguments)

        for turn in range(options.repeats + 1):
            for name, (source, model) in cases.items():
                found = measured(chromium, source, model, Path(folder) / f"{turn}-{name}")
                if turn:  # the first one warms the disk cache
                    runs[name].append(found)
    medians = {
        name: {key: statistics.median(run[key] for run in own) for key in own[0]}
        for name, own in runs.items()
    }
    result = {
        name: {
            key: {"s": round(value, 2), "share": round(value / medians["other"][key], 2)}
            for key, value in own.items()
        }
        for name, own in medians.items()
    }
    load = [round(value, 1) for value in os.getloadavg()]
    told = {"machine": describe_machine(torch.device("cpu")), "load": load, **result}
    sys.stdout.write(json.dumps({**told, "runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
