"""Removing things: what is masked is painted anew (Matsunaga et al. 2022, sec. 4.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from pixelguide.checked import Checked
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.progress import Progress, step_watcher
from pixelguide.edit.result import Candidate
from pixelguide.edit.result_folder import REPORT, prepare
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.guidance.guidance import GuidedDenoiser
from pixelguide.guidance.region import composite, dilate
from pixelguide.guidance.sampling import noised_start, sample_edit
from pixelguide.guidance.schedules import GuidanceUnit, Sampler
from pixelguide.guidance.start import start_level
from pixelguide.images import from_model, save_png, to_model
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.photograph import Pixels
from pixelguide.photo.photograph_files import OutputFormat
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.seeds import generator

PAPER_START = 0.8
"""t0 = 800 of 1000 timesteps."""
SCALE_SHARE = 0.1
"""Of the category's scale for edits. The paper, too, pushes less the noisier the start (s = 100
from t0 = 500, 40 from 750)."""
_DISTANCES = 2**22  # computed at once


class InpaintSettings(Checked):
    """What the user may choose for one inpainting.

    num_images: candidates. seed: candidate k draws from the generator of (seed, k).
    num_inference_steps: steps from t0 to the picture. start_timestep: t0; by default 0.8 of the
    model's timesteps. guidance_scale: s, where classes guide; "auto" by the size of the mask.
    dilation: pixels that the mask grows by. 0 by default, since the user drew the mask.
    """

    num_images: int = Field(4, ge=1, le=64)
    seed: int = Field(0, ge=0, lt=2**63)
    num_inference_steps: int = Field(50, ge=2, le=1000)
    start_timestep: int | None = None
    guidance_scale: float | Literal["auto"] = "auto"
    sampler: Sampler = "ddpm"
    dilation: int = Field(0, ge=0, le=64)

    def scale(self, defaults: EditDefaults, mask: NDArray[np.bool_], guided: bool) -> float:
        """s for `mask` (bool S×S, before it grows); 0 where nothing guides. InputError for one that
        is negative or guides to nothing."""
        if self.guidance_scale == "auto":
            large = defaults.is_large(int(mask.sum()))
            usual = defaults.large_scale if large else defaults.small_scale
            return usual * SCALE_SHARE if guided else 0.0
        if self.guidance_scale < 0:
            raise InputError(f"scale {self.guidance_scale}", "settings", "It must be 0 or more.")
        if self.guidance_scale > 0 and not guided:
            raise InputError(
                f"scale {self.guidance_scale} by mask alone", "settings", "Say what lies behind."
            )
        return self.guidance_scale

    def unit(self, defaults: EditDefaults) -> GuidanceUnit:
        """What the scale multiplies: for an automatic one as for the category's edits."""
        return defaults.guidance_unit if self.guidance_scale == "auto" else "gradient"

    def start(self, timesteps: int) -> int:
        """t0 for a model of so many timesteps; InputError when out of range."""
        return start_level(self.start_timestep, PAPER_START, self.num_inference_steps, timesteps)


@dataclass(frozen=True)
class InpaintResult:
    """All candidates of one inpainting, in the order of their generators.

    original: uint8 H×W×3. images: uint8 N×H×W×3. roi: bool H×W; outside, every image is the
    original, byte by byte. behind: the map that guided; scores: of the candidates, against it. By
    mask alone there are none, and nothing says which candidate is best. settings: all that
    reproduces it. seconds: per stage. full_size: the way back into a photograph, if there is one.
    familiarity: that of the picture, where the model says what is usual.
    """

    original: NDArray[np.uint8]
    images: NDArray[np.uint8]
    roi: NDArray[np.bool_]
    behind: LabelMap | None
    scores: tuple[Candidate, ...]
    settings: dict[str, Any]
    seconds: dict[str, float]
    full_size: FullSize | None = None
    familiarity: dict[str, Any] | None = None

    def __repr__(self) -> str:
        best = f", best {self.best.index}" if self.best else ""
        return f"InpaintResult({len(self.images)} candidates{best})"

    @property
    def best(self) -> Candidate | None:
        """The candidate with the lowest ROI loss; None by mask alone."""
        return min(self.scores, key=lambda score: score.roi_loss, default=None)

    @property
    def changed_pixels_outside(self) -> tuple[int, ...]:
        """Of each candidate the pixels outside the ROI that differ from the original: 0."""
        changed = (self.images != self.original).any(-1) & ~self.roi
        return tuple(changed.sum((1, 2)).tolist())

    def report(self) -> dict[str, Any]:
        """The content of `report.json`."""
        candidates: list[dict[str, Any]] = [
            {"file": _file(k), "changed_pixels_outside": changed}
            for k, changed in enumerate(self.changed_pixels_outside)
        ]
        for entry, score in zip(candidates, self.scores, strict=False):
            entry["roi_accuracy"] = round(score.roi_accuracy, 6)
            entry["roi_loss"] = round(score.roi_loss, 6)
        return {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            "best": _file(self.best.index) if self.best else None,
            "candidates": candidates,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            **({"familiarity": self.familiarity} if self.familiarity else {}),
        }

    def photograph(self, number: int) -> Pixels:
        """The whole picture with candidate `number` in it: H×W×C of the type and size of what
        `Editor.set_image` was given."""
        image = self.images[number]
        return self.full_size.picture(image) if self.full_size else image

    def save(
        self, folder: str | Path, output: OutputFormat = "png", overwrite: bool = False
    ) -> dict[str, Any]:
        """Write 00.png …, roi.png (white = painted anew), behind.png where classes guided, and
        report.json last; return the report. Photographs as by `EditResult.save`."""
        folder, report = Path(folder), self.report()
        prepare(folder, overwrite)
        if self.full_size:
            self.full_size.save(folder, list(self.images), report, output)
        else:
            for k, image in enumerate(self.images):
                save_png(folder / _file(k), image)
            save_png(folder / "roi.png", self.roi.astype(np.uint8) * 255)
        if self.behind is not None:
            self.behind.save(folder / "behind.png")
        text = json.dumps(report, indent=2) + "\n"
        write_atomically(folder / REPORT, text.encode())
        return report


def masked_region(mask: NDArray[np.bool_], size: int, dilation: int = 0) -> NDArray[np.bool_]:
    """`mask` (bool S×S, True = paint anew) grown by `dilation` pixels.

    Raises InputError for a mask of another size or type, an empty one, and one that leaves nothing
    of the picture.
    """
    if mask.shape != (size, size) or mask.dtype != np.bool_:
        raise InputError(
            f"mask of shape {mask.shape} and type {mask.dtype}",
            "inpainting",
            f"Give bool of shape {(size, size)}.",
        )
    if not mask.any():
        raise InputError("the mask is empty", "inpainting", "Mark what is to go (white).")
    grown = dilate(mask, dilation)
    if grown.all():
        raise InputError("the mask leaves nothing", "inpainting", "Keep some of the picture.")
    return grown


Behind = LabelMap | Sequence[str] | Literal["nearest"] | None
"""What lies behind the mask: a map; classes, see `fill_behind`; or not said."""


def describe(behind: Behind) -> str | list[str] | None:
    """`behind` as settings state it."""
    if behind is None or isinstance(behind, str):
        return behind
    return "map" if isinstance(behind, LabelMap) else list(behind)


def target_behind(
    behind: Behind, roi: NDArray[np.bool_], segment: Callable[[], LabelMap]
) -> LabelMap | None:
    """The map to be guided to inside `roi` (bool H×W); a map in `behind` has its size. `segment`
    reads the picture's own map.

    Raises InputError when it is known at no pixel of the ROI.
    """
    if behind is None:
        return None
    if not isinstance(behind, LabelMap):
        if isinstance(behind, str) and behind != "nearest":
            behind = (behind,)
        return fill_behind(segment(), roi, None if behind == "nearest" else behind)
    if (behind.ids[roi] == IGNORE).all():
        raise InputError("no labelled pixel in the region to paint", "map", "Paint a class.")
    return behind


def fill_behind(
    label_map: LabelMap, roi: NDArray[np.bool_], classes: Sequence[str] | None = None
) -> LabelMap:
    """The map with what may lie behind `roi` (bool H×W): for each pixel the nearest class around.

    classes: names or groups to choose from; a single class need not be around. By default all but
    those that lie mostly inside the ROI, since these are what is being removed. Raises InputError
    when there is none to choose.
    """
    filled = label_map.copy()
    if classes is not None:
        allowed = label_map.labels.ids(classes)
        if len(allowed) == 1:
            filled.ids[roi] = allowed[0]
            return filled
    else:
        inside, everywhere = (
            np.bincount(ids, minlength=256) for ids in (label_map.ids[roi], label_map.ids.ravel())
        )
        allowed = tuple(i for i in range(len(label_map.labels)) if 2 * inside[i] <= everywhere[i])
    known = np.isin(label_map.ids, allowed) & ~roi
    if not known.any():
        raise InputError(
            "no class to fill the mask with", "inpainting", "Name one class that lies behind it."
        )
    filled.ids[roi] = label_map.ids[nearest(known, roi)]
    return filled


def nearest(known: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    """Rows and columns of the `known` pixel (bool H×W) nearest to each `wanted` one, in order.

    By the distance of pixel centres; of several, the topmost and then the leftmost.
    """
    places = np.argwhere(known & dilate(~known, 1))  # the nearest one lies on the rim
    pixels = np.argwhere(wanted)
    found = [
        places[((part[:, None] - places) ** 2).sum(-1).argmin(1)]
        for part in np.array_split(pixels, -(-len(pixels) * len(places) // _DISTANCES))
    ]
    rows, columns = np.concatenate(found).T
    return rows, columns


def inpaint(
    denoiser: Denoiser,
    predict: GuidedDenoiser,
    image: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    settings: InpaintSettings,
    scale: float = 0.0,
    on_progress: Progress | None = None,
) -> NDArray[np.uint8]:
    """Paint `roi` (bool S×S) of `image` (uint8 S×S×3) anew: uint8 N×S×S×3, one a candidate.

    predict: `guided` with `scale` (s), or `unguided`. Unlike an edit this does not begin with the
    inversion, from which the old content would be painted again, but with noised colours from
    around the ROI. Raises InputError for a start or number of steps beyond the model's.
    """
    start = settings.start(len(denoiser.schedule))
    schedule = denoiser.schedule.respaced(spaced_timesteps(start, settings.num_inference_steps))
    filled = image.copy()
    filled[roi] = image[nearest(~roi, roi)]
    x_0, surroundings = (to_model(picture, denoiser.device) for picture in (image, filled))
    generators = [generator(settings.seed, "candidate", k) for k in range(settings.num_images)]
    x_t = noised_start(surroundings, schedule, generators)
    painted = sample_edit(
        predict, x_0, x_t, torch.from_numpy(roi).to(denoiser.device), schedule, scale, generators,
        settings.sampler, step_watcher(on_progress, "inpaint"),
    )  # fmt: skip
    return composite(image, from_model(painted), roi)


def _file(number: int) -> str:
    return f"{number:02d}.png"
