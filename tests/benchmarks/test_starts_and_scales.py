"""Starts and scales: what is averaged, and that the plots are drawn."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.starts_and_scales import (
    LARGE,
    SCALES,
    SMALL,
    STARTS,
    plot_steps,
    plot_threshold,
    table,
)
from pixelguide.edit.defaults import EditDefaults
from pixelguide.prior.schedule import Schedule


def case(pixels: int, accuracy: float) -> dict[str, Any]:
    """An edit that is `accuracy` right by the small settings, 0.5 by the large, 0.1 by others."""
    right = {SMALL: accuracy, LARGE: 0.5}
    runs = []
    for t0 in STARTS:
        for scale in SCALES:
            seen = right.get((t0, scale), 0.1)
            steps = [[t0 - 1, 0.2], [0, seen]]
            values = {"independent_accuracy": seen, "roi_accuracy": seen, "true_psnr": 20.0}
            runs.append({"t0": t0, "scale": scale, "steps": steps, **values})
    return {"task": f"of {pixels}", "pixels": pixels, "runs": runs}


def test_means_are_taken_over_small_and_over_large_regions() -> None:
    editor: Any = SimpleNamespace(defaults=EditDefaults(small_roi=300))
    text = table([case(100, 0.9), case(200, 0.7), case(900, 0.3)], editor)
    assert "| small | 2 | 500 | 400 | 0.800 | 0.800 | 20.00 |" in text
    assert "| large | 1 | 500 | 400 | 0.300 | 0.300 | 20.00 |" in text
    assert text.count("\n") == 2 + 2 * len(STARTS) * len(SCALES)


def test_plots_are_drawn(tmp_path: Path) -> None:
    cases = [case(100, 0.9), case(900, 0.3)]
    plot_steps(cases, Schedule.linear(), 300, tmp_path)
    plot_threshold(cases, 300, tmp_path)
    for name in ("starts-and-scales.png", "threshold.png"):
        assert (tmp_path / name).stat().st_size > 5000
