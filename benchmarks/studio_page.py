"""How long one waits at the Studio's page: to begin, for a map, for a preview, for four candidates.

    python -m benchmarks.studio_page [--model faces-128] [--repeats 3]

Drives Debian's chromium by playwright (extra `dev`) over a photograph of 24 megapixels, in which
the prior's samples stand for people. Each repeat starts a Studio of its own over an empty folder;
medians are printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from benchmarks.setup import option_parser
from pixelguide.evaluate.ceilings import describe_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, FACE = 6000, 4000, 1400
"""24 megapixels, and a side of each of two people in them."""
VIEWPORT = {"width": 2560, "height": 1600}
"""A canvas of about four megapixels."""
STROKE = """async () => {
  const { stage } = await (await import('/web/js/main.js')).started;
  const box = stage.canvas.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const send = (type, x, y) => stage.canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, bubbles: true, clientX: box.x + x, clientY: box.y + y }));
  const context = stage.canvas.getContext("2d");
  const spent = [], [x, y] = [box.width / 2, box.height / 2];
  send("pointerdown", x, y);
  for (let k = 1; k <= 120; k++) {
    await frame();
    let drawing = 0;
    const starts = frame().then(() => (drawing = performance.now()));
    const asked = performance.now();
    send("pointermove", x + 2 * k, y + 120 * Math.sin(k / 9));
    const painted = performance.now() - asked;
    await Promise.all([starts, frame()]);
    context.getImageData(0, 0, 1, 1); // not recorded for later but drawn
    spent.push(painted + performance.now() - drawing);
  }
  send("pointerup", x, y);
  return [spent, box.width * box.height];
}"""
"""A stroke, event by event: milliseconds that each takes with all that is drawn, and the canvas."""


def photograph(path: Path) -> None:
    """Two of the samples of faces-128 in 24 megapixels of smooth ground with grain, as a JPEG."""
    noise = np.random.default_rng(0)
    ground = Image.fromarray(noise.integers(60, 200, (4, 6, 3), dtype=np.uint8))
    whole = ground.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    sheet = resources.files("pixelguide") / "models" / "faces-128" / "samples.png"
    with sheet.open("rb") as file, Image.open(file) as samples:
        for k, left in enumerate((600, 3600)):
            face = samples.convert("RGB").crop((128 * k, 0, 128 * k + 128, 128))
            whole.paste(face.resize((FACE, FACE), Image.Resampling.LANCZOS), (left, 1200))
    grain = noise.integers(-5, 6, (HEIGHT, WIDTH, 1), dtype=np.int16)
    pixels = np.clip(np.asarray(whole).astype(np.int16) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=92)


@contextmanager
def running(
    model: str | None, data: Path, checkout: Path = ROOT
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The Studio of a checkout: its address and its process. model: None for its own."""
    command = [sys.executable, "-m", "pixelguide", "studio", "--no-open", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, *(["--model", model] if model else []), "--data", str(data)],
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        cwd=data.parent,  # of the current folder's models none is meant
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # of what is broken off at the end
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        if not found:
            raise SystemExit(f"the studio does not say where it is: {line}")
        yield found[0], process
    finally:
        process.terminate()
        process.wait(60)


def measured(browser: Any, model: str, folder: Path) -> dict[str, float]:
    """The waits of one visit, seconds; of brush events the 95th percentile, milliseconds."""
    times = {}
    began = time.monotonic()

    def note(name: str) -> None:
        nonlocal began
        times[name] = time.monotonic() - began
        began = time.monotonic()

    with running(model, folder / f"data-{began}") as (address, _):
        page = browser.new_context(viewport=VIEWPORT).new_page()
        page.set_default_timeout(300_000)
        page.goto(address)
        page.wait_for_selector("#picker .face")
        note("command to usable page, s")
        page.locator("#picker input[type=file]").set_input_files(folder / "photograph.jpg")
        page.wait_for_selector("#use-part")
        page.wait_for_selector(".crop .loading", state="detached")
        note("24 MP dropped to its part being chosen, s")
        size = page.locator("dialog input[type=range]")
        size.fill(str(FACE))
        view = page.locator(".crop").bounding_box()
        scale = view["width"] / WIDTH
        page.mouse.click(view["x"] + 1300 * scale, view["y"] + 1900 * scale)
        began = time.monotonic()
        page.click("#use-part")
        page.wait_for_selector("#plan .hint")
        note("part of 24 MP to its map, s")
        spent, pixels = page.evaluate(STROKE)
        times["brush event, 95 %, ms"] = float(np.percentile(spent, 95))
        times["canvas, MP"] = pixels / 1e6
        page.keyboard.press("z")
        page.click("[data-starter]")
        began = asked = time.monotonic()
        page.click("#run")
        page.wait_for_selector(".card img[src^='data:image/png']")
        note("Edit to the first preview, s")
        page.wait_for_selector("#keep")
        times["Edit to four candidates, s"] = time.monotonic() - asked
        page.context.close()
    return times


def main() -> None:
    """Run and print."""
    from playwright.sync_api import sync_playwright

    parser = option_parser(__doc__)
    parser.add_argument("--model", default="faces-128")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        photograph(folder / "photograph.jpg")
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        runs = [measured(browser, options.model, folder) for _ in range(options.repeats)]
        browser.close()
    result = {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0]}
    load = [round(value, 1) for value in os.getloadavg()]
    machine = describe_machine(torch.device("cpu"))
    sys.stdout.write(json.dumps({"machine": machine, "load": load, **result}, indent=1) + "\n")


if __name__ == "__main__":
    main()
