"""What an edit gives back, and its files."""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.files import from_os_error, write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.photo.photograph import Pixels
from pixelguide.photo.photograph_files import OutputFormat
from pixelguide.prior.denoiser import Denoiser

REPORT = "report.json"
_OURS = re.compile(r"\d{2,}\.[a-z]+")  # names of candidates


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

    roi: bool S×S, True = may change. settings: all that reproduces the edit. seconds: per stage.
    full_size: for a picture that is a part of a photograph, the way back into it. original: uint8
    S×S×3, the picture edited. familiarity: that of the picture, where the model says what is usual.
    """

    candidates: tuple[Candidate, ...]
    source: LabelMap
    target: LabelMap
    roi: NDArray[np.bool_]
    settings: dict[str, Any]
    seconds: dict[str, float]
    full_size: FullSize | None = None
    original: NDArray[np.uint8] | None = None
    familiarity: dict[str, Any] | None = None

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Candidates from the lowest ROI loss to the highest (the paper's quantitative choice)."""
        return tuple(sorted(self.candidates, key=lambda candidate: candidate.roi_loss))

    @property
    def best(self) -> Candidate:
        """The candidate with the lowest ROI loss."""
        return self.ranked[0]

    def photograph(self, candidate: Candidate | None = None) -> Pixels:
        """The whole picture with a candidate, by default the best, in it: H×W×C of the type and
        size of what `set_image` was given."""
        chosen = candidate or self.best
        return self.full_size.picture(chosen.image) if self.full_size else chosen.image

    def open_raster(self, candidate: Candidate | None = None) -> bytes:
        """An OpenRaster file: the picture, a candidate (the best), its map and ROI as layers.

        Raises InputError for an edit without the picture it was made of.
        """
        chosen = candidate or self.best
        if self.full_size:
            return self.full_size.open_raster(chosen.image, self.target)
        if self.original is None:
            raise InputError("the result does not know its original", "OpenRaster")
        layers = edit_layers(self.original, chosen.image, self.target, self.roi)
        return open_raster(layers, chosen.image)

    def report(self) -> dict[str, Any]:
        """The content of `report.json`, of the model's picture alone."""
        return {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            "best": f"{self.best.index:02d}.png",
            "candidates": [
                {
                    "file": f"{candidate.index:02d}.png",
                    "roi_accuracy": round(candidate.roi_accuracy, 6),
                    "roi_loss": round(candidate.roi_loss, 6),
                    "changed_pixels_outside": candidate.changed_pixels_outside,
                }
                for candidate in self.candidates
            ],
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            **({"familiarity": self.familiarity} if self.familiarity else {}),
        }

    def save(self, folder: str | Path, output: OutputFormat = "png") -> dict[str, Any]:
        """Write 00.png …, roi.png (white = may change), target.png, and report.json last; return
        the report. The candidates of an earlier result in `folder` go first.

        For a part of a photograph 00.png … and roi.png have its size, `output` may be another
        format, and the report counts the photograph's pixels.
        """
        folder, report = Path(folder), self.report()
        start_over(folder)
        if self.full_size:
            self.full_size.save(folder, [c.image for c in self.candidates], report, output)
        else:
            for candidate in self.candidates:
                save_png(folder / f"{candidate.index:02d}.png", candidate.image)
            save_png(folder / "roi.png", self.roi.astype(np.uint8) * 255)
        self.target.save(folder / "target.png")
        text = json.dumps(report, indent=2) + "\n"
        write_atomically(folder / REPORT, text.encode())
        return report


def check_apart(picture: Path, folder: Path) -> None:
    """Raise InputError when a result in `folder` could replace the picture that it is made of."""
    if picture.resolve().parent == folder.resolve() and _OURS.fullmatch(picture.name):
        raise InputError(
            "the picture is one of an earlier result that goes to the same folder",
            str(picture),
            "Choose another folder.",
        )


def start_over(folder: Path) -> None:
    """Remove the report of an earlier result from `folder`, and the candidates it names: files and
    report are then always of one result. Raises InputError where that is not allowed."""
    path = folder / REPORT
    try:
        named = [str(entry["file"]) for entry in json.loads(path.read_bytes())["candidates"]]
    except FileNotFoundError:
        return
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        named = []  # something else, which is replaced
    try:
        path.unlink()
        for name in named:
            if _OURS.fullmatch(name):  # and so in this folder
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, path) from None


def circumstances(model: dict[str, str], denoiser: Denoiser) -> dict[str, Any]:
    """What a result depends on besides its settings. model: name and hash."""
    return {
        "model": model,
        "device": str(denoiser.device),
        "precision": str(denoiser.unet.dtype).removeprefix("torch."),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions a result depends on, as its report states them."""
    packages = ("pixelguide", "torch", "diffusers")
    return {**{name: version(name) for name in packages}, "python": platform.python_version()}
