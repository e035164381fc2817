"""What an edit gives back, and its files."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap


@dataclass(frozen=True)
class Candidate:
    """One edited picture.

    index: k; the candidate draws from generator k whatever their number. image: uint8 H×W×3.
    roi_loss, roi_accuracy: cross-entropy (nats) of f_multi's reading of the result against the
    target map, and its share of right pixels, over the ROI. changed_pixels_outside: 0.
    """

    index: int
    image: NDArray[np.uint8]
    roi_loss: float
    roi_accuracy: float
    changed_pixels_outside: int


@dataclass(frozen=True)
class EditResult:
    """All candidates of one edit, in the order of their generators.

    roi: bool H×W, True = may change. settings: all that reproduces the edit. seconds: per stage.
    """

    candidates: tuple[Candidate, ...]
    source: LabelMap
    target: LabelMap
    roi: NDArray[np.bool_]
    settings: dict[str, Any]
    seconds: dict[str, float]

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Candidates from the lowest ROI loss to the highest (the paper's quantitative choice)."""
        return tuple(sorted(self.candidates, key=lambda candidate: candidate.roi_loss))

    @property
    def best(self) -> Candidate:
        """The candidate with the lowest ROI loss."""
        return self.ranked[0]

    def report(self) -> dict[str, Any]:
        """The content of `report.json`."""
        return {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            "best": _file(self.best),
            "candidates": [
                {
                    "file": _file(candidate),
                    "roi_accuracy": round(candidate.roi_accuracy, 6),
                    "roi_loss": round(candidate.roi_loss, 6),
                    "changed_pixels_outside": candidate.changed_pixels_outside,
                }
                for candidate in self.candidates
            ],
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }

    def save(self, folder: str | Path) -> None:
        """Write 00.png …, roi.png (white = may change), target.png, and report.json last."""
        folder = Path(folder)
        for candidate in self.candidates:
            save_png(folder / _file(candidate), candidate.image)
        save_png(folder / "roi.png", self.roi.astype(np.uint8) * 255)
        self.target.save(folder / "target.png")
        text = json.dumps(self.report(), indent=2) + "\n"
        write_atomically(folder / "report.json", text.encode())


def versions() -> dict[str, str]:
    """The versions a result depends on, as its report states them."""
    packages = ("pixelguide", "torch", "diffusers")
    return {**{name: version(name) for name in packages}, "python": platform.python_version()}


def _file(candidate: Candidate) -> str:
    return f"{candidate.index:02d}.png"
