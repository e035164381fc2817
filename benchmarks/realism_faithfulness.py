"""The curve of realism against faithfulness, from an evaluation with SDEdit at several t0.

    pixelguide evaluate -o OUT --method guided --method sdedit:0.1 --method sdedit:0.2 …
    python -m benchmarks.realism_faithfulness OUT

Writes OUT/realism-faithfulness.png: PSNR to the true edit and the independent segmenter's accuracy
in the ROI, against the distance of all pictures from the true edits (FID where it was measured,
else the Fréchet distance in the prior's features). The true edit, which is at no distance from
itself, is left out. After Matsunaga et al. 2022, appendix B.2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.setup import option_parser, pyplot
from pixelguide.evaluate.judge import MEASURES
from pixelguide.evaluate.summary import SET_MEASURES
from pixelguide.evaluate.tables import FACTORS

FAITHFULNESS = ("independent_accuracy", "true_psnr")


def main() -> None:
    """Read and plot."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    entries = json.loads((arguments.out / "summary.json").read_text())["summary"]
    plot([entry for entry in entries if entry["pick"] == "best"], arguments.out)


def plot(entries: list[dict[str, Any]], out: Path) -> None:
    """One panel for each measure of faithfulness, with its intervals."""
    plt = pyplot()

    realism = "fid" if all("fid" in entry["set"] for entry in entries) else "prior_frechet"
    figure, panels = plt.subplots(1, len(FAITHFULNESS), figsize=(9, 3.6), layout="constrained")
    for axes, measure in zip(panels, FAITHFULNESS, strict=True):
        shown = [
            entry for entry in entries
            if measure in entry["measures"] and entry["method"] != "truth"
        ]  # fmt: skip
        for name, colour, joined in (("sdedit", "#3a6ea5", "o-"), ("", "#b4532a", "s")):
            own = [entry for entry in shown if entry["method"].startswith("sdedit") == bool(name)]
            x = [entry["set"][realism] * FACTORS.get(realism, 1.0) for entry in own]
            y = [entry["measures"][measure]["mean"] for entry in own]
            axes.plot(x, y, joined, color=colour, markersize=4)
            for entry, left, height in zip(own, x, y, strict=True):
                ends = entry["measures"][measure]
                axes.plot([left, left], [ends["low"], ends["high"]], color=colour, linewidth=0.8)
                axes.annotate(_short(entry["method"]), (left, height), (5, 3), fontsize=8,
                              textcoords="offset points")  # fmt: skip
        axes.set_xlabel(SET_MEASURES[realism])
        axes.set_ylabel(MEASURES[measure].title)
        figure.savefig(out / "realism-faithfulness.png", dpi=150)


def _short(method: str) -> str:
    """guided:… as guided, sdedit:t0=0.1,… as SDEdit 0.1."""
    kind, _, settings = method.partition(":")
    if kind != "sdedit":
        return kind
    return f"SDEdit {settings.split(',')[0].removeprefix('t0=')}"


if __name__ == "__main__":
    main()
