"""The curve is drawn from what an evaluation summarized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.realism_faithfulness import plot


def entry(method: str, distance: float, accuracy: float) -> dict[str, Any]:
    interval = {"mean": accuracy, "low": accuracy - 0.1, "high": accuracy + 0.1}
    measures = {"independent_accuracy": interval, "true_psnr": interval}
    return {"method": method, "pick": "best", "set": {"prior_frechet": distance},
            "measures": measures}  # fmt: skip


def test_it_is_drawn(tmp_path: Path) -> None:
    entries = [
        entry("guided", 0.1, 0.9),
        entry("sdedit:0.1", 0.2, 0.8),
        entry("sdedit:0.5", 1, 0.5),
    ]
    plot(entries, tmp_path)
    assert (tmp_path / "realism-faithfulness.png").stat().st_size > 5000
