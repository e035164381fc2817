"""What an edit gives back, and its files."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.result_folder import REPORT, prepare
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.photo.photograph import Pixels
from pixelguide.photo.photograph_files import OutputFormat
from pixelguide.segment.picture_statistics import UNLIKELY

if TYPE_CHECKING:
    from pixelguide.prior.denoiser import Denoiser

ODD = 2.0
"""Of the logarithm of a candidate's oddity, in nats of ROI loss: chosen on 60 results marked by eye
(docs/results.md)."""


@dataclass(frozen=True)
class Candidate:
    """One edited picture, and how well it follows the map.

    Parameters
    ----------
    index : int
        Its number k; it draws from generator k, whatever their number.
    image : numpy.ndarray
        The picture, uint8 S×S×3 in RGB.
    roi_loss : float
        Cross-entropy in nats of f_multi's reading of it against the target map, mean over the ROI.
    roi_accuracy : float
        Share of the ROI's pixels that f_multi reads as the target map has them, 0 … 1.
    changed_pixels_outside : int
        Pixels outside the ROI that differ from the picture: 0.
    oddity : float, optional
        How odd it is to the prior inside the ROI: its error through noise there, as a multiple of
        what is usual (see `oddities`); None where that was not asked for or is not known.
    colours : dict, optional
        Of classes whose colour was asked for or to be kept: {"wanted", "asked", "reached",
        "delta_e"}, colours as #rrggbb, their distance by CIEDE2000.
    odd_from : float
        The oddity from which on it is unlikely; the category says it (`PictureStatistics`).
    """

    index: int
    image: NDArray[np.uint8]
    roi_loss: float
    roi_accuracy: float
    changed_pixels_outside: int
    oddity: float | None = None
    colours: dict[str, Any] | None = None
    odd_from: float = UNLIKELY

    @property
    def unlikely(self) -> bool:
        """Whether it is odder than results that a person accepts are."""
        return self.oddity is not None and self.oddity > self.odd_from

    @property
    def rank(self) -> tuple[bool, float]:
        """What candidates are sorted by; the best has the lowest.

        Likely ones come first; then the loss counts, and `ODD` times the logarithm of the oddity.
        """
        odd = 0.0 if self.oddity is None else ODD * math.log(max(self.oddity, 1e-6))
        return self.unlikely, self.roi_loss + odd

    def scores(self) -> dict[str, Any]:
        """Describe it as `report.json` does.

        Returns
        -------
        dict
            Its scores by name.
        """
        known = {} if self.oddity is None else {
            "oddity": round(self.oddity, 4), "unlikely": self.unlikely,
        }  # fmt: skip
        return {
            "roi_accuracy": round(self.roi_accuracy, 6),
            "roi_loss": round(self.roi_loss, 6),
            "changed_pixels_outside": self.changed_pixels_outside,
            **known,
            **({"colours": self.colours} if self.colours else {}),
        }

    def __repr__(self) -> str:
        return (
            f"Candidate({self.index}, ROI accuracy {self.roi_accuracy:.3f}, loss "
            f"{self.roi_loss:.3f})"
        )


@dataclass(frozen=True)
class EditResult:
    """All candidates of one edit.

    Parameters
    ----------
    candidates : tuple of Candidate
        The edited pictures, in the order of their generators.
    source, target : LabelMap
        The maps before and after painting, S×S.
    roi : numpy.ndarray
        The region of interest, bool S×S: True may change.
    settings : dict
        All that reproduces the edit: fields of `EditSettings`, the model, device and versions.
    seconds : dict of str to float
        What each stage took.
    full_size : FullSize, optional
        For a picture that is a part of a photograph, the way back into it.
    original : numpy.ndarray, optional
        The picture that was edited, uint8 S×S×3 in RGB.
    familiarity : dict, optional
        That of the picture, where the model says what is usual.
    region : dict, optional
        What may change: {"classes", "share", "of", "specks_left_out", "text"}.
    watched : dict, optional
        Of an edit that watched itself: what it should reach, whether it did, and its rounds.
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
    region: dict[str, Any] | None = None
    watched: dict[str, Any] | None = None

    def __repr__(self) -> str:
        pixels = int(self.roi.sum())
        return (
            f"EditResult({pixels} pixels in the ROI, best {self.best!r} of {len(self.candidates)})"
        )

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """Candidates from the best to the worst, see `Candidate.rank`.

        By ROI loss alone, the paper's quantitative choice, where oddity was not measured.
        """
        return tuple(sorted(self.candidates, key=lambda candidate: candidate.rank))

    @property
    def best(self) -> Candidate:
        """The candidate that ranks first."""
        return self.ranked[0]

    def photograph(self, candidate: Candidate | None = None) -> Pixels:
        """Put a candidate back into the whole picture.

        Parameters
        ----------
        candidate : Candidate, optional
            Which one; by default the best.

        Returns
        -------
        numpy.ndarray
            The picture, H×W×C of the type (uint8 or uint16) and size of what `set_image` was given.
        """
        chosen = candidate or self.best
        return self.full_size.picture(chosen.image) if self.full_size else chosen.image

    def open_raster(self, candidate: Candidate | None = None) -> bytes:
        """Make an OpenRaster file: picture, candidate, map and ROI as layers.

        Parameters
        ----------
        candidate : Candidate, optional
            Which one; by default the best.

        Returns
        -------
        bytes
            The file.

        Raises
        ------
        InputError
            If the result does not know the picture it was made of.
        """
        chosen = candidate or self.best
        if self.full_size:
            return self.full_size.open_raster(chosen.image, self.target)
        if self.original is None:
            raise InputError("the result does not know its original", "OpenRaster")
        layers = edit_layers(self.original, chosen.image, self.target, self.roi)
        return open_raster(layers, chosen.image)

    def report(self) -> dict[str, Any]:
        """Describe the edit as `report.json` does, of the model's picture alone.

        Returns
        -------
        dict
            JSON content: settings, scores of the candidates, seconds.
        """
        return {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            **({"region": self.region} if self.region else {}),
            "best": f"{self.best.index:02d}.png",
            "candidates": [
                {"file": f"{candidate.index:02d}.png", **candidate.scores()}
                for candidate in self.candidates
            ],
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            **({"familiarity": self.familiarity} if self.familiarity else {}),
            **({"watched": self.watched} if self.watched else {}),
        }

    def save(
        self, folder: str | Path, output: OutputFormat = "png", overwrite: bool = False
    ) -> dict[str, Any]:
        """Write 00.png …, roi.png (white = may change), target.png, and report.json last.

        For a part of a photograph, 00.png … and roi.png have its size, and the report counts its
        pixels.

        Parameters
        ----------
        folder : str or Path
            Where to write; it is made if it is not there.
        output : "png", "same", "jpeg", "webp" or "tiff"
            The candidates' format, for a part of a photograph.
        overwrite : bool
            Whether an earlier result in the folder goes first; else there must be none.

        Returns
        -------
        dict
            The content of report.json.

        Raises
        ------
        InputError
            If the folder cannot be written, or holds an earlier result.
        ResourceError
            If the disk is full.
        """
        folder, report = Path(folder), self.report()
        prepare(folder, overwrite)
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
