"""From one picture to another through their latents (Matsunaga et al. 2022, sec. 4.3)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from pixelguide.checked import Checked
from pixelguide.edit.animation import write_gif, write_grid
from pixelguide.edit.photograph_frames import PhotographFrames, for_film
from pixelguide.edit.progress import Clock, Progress
from pixelguide.edit.result import circumstances
from pixelguide.edit.result_folder import REPORT, prepare
from pixelguide.errors import InputError
from pixelguide.files import write_atomically
from pixelguide.guidance.inversion import invert, reconstruct
from pixelguide.guidance.region import composite, dilate
from pixelguide.guidance.start import start_level
from pixelguide.images import from_model, save_png, to_model
from pixelguide.photo.photograph_files import PhotographWriter
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps

Way = Literal["spherical", "linear"]
PAPER_START, PAPER_SIZE = 0.5, 256
"""t = 500 of 1000 timesteps, for pictures of 256×256 pixels."""
_BATCH = 8  # frames decoded at once


class InterpolationSettings(Checked):
    """What the user may choose for the way from one picture to another.

    path: see `blend`. strengths: shares of the second picture, 0 … 1 each, one a frame; by default
    `num_frames` evenly spaced ones, both ends included. start_timestep: t0; by default that of
    `paper_start`. num_inference_steps: steps from the picture to t0 and as many back.
    dilation: pixels that the region grows by, None for the model's own.
    """

    path: Way = "spherical"
    strengths: tuple[float, ...] | None = Field(None, min_length=1, max_length=1000)
    num_frames: int = Field(7, ge=2, le=1000)
    start_timestep: int | None = None
    num_inference_steps: int = Field(50, ge=2, le=1000)
    dilation: int | None = Field(None, ge=0, le=64)

    def start(self, schedule: Schedule, size: int) -> int:
        """t0 for a model with that schedule and pictures of that size; InputError when out of
        range."""
        share = paper_start(schedule, size) / len(schedule)
        return start_level(self.start_timestep, share, self.num_inference_steps, len(schedule))

    def chosen_strengths(self) -> tuple[float, ...]:
        """The strength of each frame; InputError for one outside 0 … 1."""
        if self.strengths is None:
            return tuple(k / (self.num_frames - 1) for k in range(self.num_frames))
        for strength in self.strengths:
            if not 0 <= strength <= 1:
                raise InputError(f"strength {strength}", "settings", "It must lie in 0 … 1.")
        return self.strengths


def paper_start(schedule: Schedule, size: int) -> int:
    """The t0 whose noise hides as much of a picture of size² as the paper's does at 256².

    Averaging pixels takes noise away but not what a picture shows, so of a smaller picture the same
    noise hides more: the signal-to-noise ratio goes by its area (Hoogeboom et al. 2023, arXiv
    2301.11093, sec. 3.1).
    """
    ratio = (schedule.alpha_bar / (1 - schedule.alpha_bar)).log()
    paper = ratio[round(PAPER_START * len(schedule)) - 1]
    wanted = paper + 2 * math.log(PAPER_SIZE / size)
    return max(2, int((ratio >= wanted).sum()))  # it falls with t


@dataclass(frozen=True)
class Interpolation:
    """The frames between two pictures.

    first: the picture they begin with, uint8 H×W×3. frames: uint8 N×H×W×3. strengths: the share of
    the second picture in each. roi: bool H×W; outside, both pictures and every frame are the same
    bytes. settings: all that reproduces them. seconds: per stage. photographs: of parts of
    photographs, the way of the frames into these.
    """

    first: NDArray[np.uint8]
    frames: NDArray[np.uint8]
    strengths: tuple[float, ...]
    roi: NDArray[np.bool_]
    settings: dict[str, Any]
    seconds: dict[str, float]
    photographs: PhotographFrames | None = None

    def __repr__(self) -> str:
        return f"Interpolation({len(self.frames)} frames, {int(self.roi.sum())} pixels in the ROI)"

    @property
    def changed_pixels_outside(self) -> int:
        """Pixels outside the ROI that differ from the first picture, over all frames: 0."""
        return int(((self.frames != self.first).any(-1) & ~self.roi).sum())

    def report(self) -> dict[str, Any]:
        """The content of `report.json`."""
        return {
            "settings": self.settings,
            "roi_pixels": int(self.roi.sum()),
            "changed_pixels_outside": self.changed_pixels_outside,
            "frames": [
                {"file": _file(k), "strength": strength}
                for k, strength in enumerate(self.strengths)
            ],
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }

    def save(
        self, folder: str | Path, frames_per_second: float = 8, overwrite: bool = False
    ) -> dict[str, Any]:
        """Write 000.png …, grid.png, frames.gif (more than one frame), roi.png (white = between),
        and report.json last; return the report, which counts pixels of the files.

        Grid and GIF show photographs reduced. overwrite: whether an earlier result in the folder
        goes first; else InputError if there is one.
        """
        folder, report = Path(folder), self.report()
        prepare(folder, overwrite)
        films = list(self.frames)
        roi = self.roi
        if self.photographs:
            ways, roi = self.photographs, self.photographs.full.region
            films, changed = [], 0
            for k, frame in enumerate(ways.frames(self.frames, self.strengths)):
                write_atomically(folder / _file(k), PhotographWriter(frame).encode())
                films.append(for_film(frame))
                changed += ways.changed_outside(frame)
            report["changed_pixels_outside"] = changed
            report["model_roi_pixels"] = report["roi_pixels"]
            report["roi_pixels"] = int(roi.sum())
        else:
            for k, frame in enumerate(self.frames):
                save_png(folder / _file(k), frame)
        film = np.stack(films)
        write_grid(folder / "grid.png", film)
        if len(film) > 1:
            write_gif(folder / "frames.gif", film, frames_per_second)
        save_png(folder / "roi.png", roi.astype(np.uint8) * 255)
        text = json.dumps(report, indent=2) + "\n"
        write_atomically(folder / REPORT, text.encode())
        return report

    def film(self) -> NDArray[np.uint8]:
        """The frames as a film shows them, uint8 N×h×w×3: of photographs they are reduced."""
        if self.photographs is None:
            return self.frames
        found = self.photographs.frames(self.frames, self.strengths)
        return np.stack([for_film(frame) for frame in found])


def differing_region(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    roi: NDArray[np.bool_] | None = None,
    dilation: int = 0,
) -> NDArray[np.bool_]:
    """Where two pictures (uint8 H×W×3) differ, grown by `dilation` pixels: bool H×W.

    roi: a region to take instead (not grown); it has to hold every difference. Raises InputError
    for pictures that are equal, or differ in size or outside `roi`.
    """
    if first.shape != second.shape:
        raise InputError(f"pictures of shape {first.shape} and {second.shape}", "interpolation")
    differs: NDArray[np.bool_] = (first != second).any(-1)
    if not differs.any():
        raise InputError("both pictures are the same", "interpolation", "Give two.")
    if roi is None:
        return dilate(differs, dilation)
    if roi.shape != differs.shape or roi.dtype != np.bool_:
        raise InputError(
            f"region of shape {roi.shape} and type {roi.dtype}",
            "interpolation",
            f"Give bool of shape {differs.shape}.",
        )
    beyond = int((differs & ~roi).sum())
    if beyond:
        raise InputError(
            f"the pictures differ on {beyond} pixels outside the region",
            "interpolation",
            "Give a larger region, or none.",
        )
    return roi


def blend(
    x_a: Tensor, x_b: Tensor, strengths: Tensor, roi: Tensor, path: Way = "spherical"
) -> Tensor:
    """Latents between x_a and x_b (1×C×H×W each): N×C×H×W for N strengths (0: x_a, 1: x_b).

    "linear" is (1-s) x_a + s x_b. "spherical" is (sin((1-s)θ) x_a + sin(sθ) x_b) / sin θ (Song et
    al. 2020, arXiv 2010.02502, app. D.5): the mean of two unrelated noises has too little variance,
    this has not. θ is the angle between the latents' parts inside `roi` (bool H×W), and only they
    follow it: outside, an image and its edit have nearly one latent, and the sum of the two
    weights, which exceeds 1, would make that louder. Latents that are (anti)parallel are blended
    linearly.
    """
    s = strengths.to(x_a).view(-1, 1, 1, 1)
    straight = (1 - s) * x_a + s * x_b
    if path == "linear":
        return straight
    a, b = (x[..., roi].cpu().double().flatten() for x in (x_a, x_b))  # MPS has no float64
    cosine = (a @ b / (a.norm() * b.norm()).clamp(min=1e-12)).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if angle.sin() < 1e-4:
        return straight
    share = strengths.cpu().double().view(-1, 1, 1, 1)
    of_a = (torch.sin((1 - share) * angle) / angle.sin()).to(x_a)
    of_b = (torch.sin(share * angle) / angle.sin()).to(x_a)
    return torch.where(roi, of_a * x_a + of_b * x_b, straight)


def interpolate(
    denoiser: Denoiser,
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    settings: InterpolationSettings,
    on_progress: Progress | None = None,
    model: dict[str, str] | None = None,
    photographs: PhotographFrames | None = None,
) -> Interpolation:
    """Invert both pictures (uint8 S×S×3) to t0, blend their latents, decode each by DDIM.

    Frames of strength 0 and 1 are the pictures themselves, and outside `roi` (bool S×S) every frame
    is `first`, byte by byte. on_progress: called with {"stage": "frames", "done", "total"}; an
    exception it raises ends the work. model: name and hash, for the settings. photographs: see
    `Interpolation`. Nothing is random. Raises InputError for settings out of range.
    """
    strengths = settings.chosen_strengths()
    start = settings.start(denoiser.schedule, len(first))
    schedule = denoiser.schedule.respaced(spaced_timesteps(start, settings.num_inference_steps))
    inside = torch.from_numpy(roi).to(denoiser.device)
    clock = Clock()
    with clock("inversion"):
        latents = invert(denoiser, to_model(np.stack([first, second]), denoiser.device), schedule)
    ends = {0.0: first, 1.0: second}
    frames = np.stack([ends.get(strength, first) for strength in strengths])
    between = [k for k, strength in enumerate(strengths) if strength not in ends]
    with clock("decoding"):
        for begin in range(0, len(between), _BATCH):
            chosen = between[begin : begin + _BATCH]
            shares = torch.tensor([strengths[k] for k in chosen])
            x_t = blend(latents[:1], latents[1:], shares, inside, settings.path)
            frames[chosen] = composite(first, from_model(reconstruct(denoiser, x_t, schedule)), roi)
            if on_progress:
                done = begin + len(chosen)
                on_progress({"stage": "frames", "done": done, "total": len(between)})
    used = {
        **settings.model_dump(exclude={"strengths", "num_frames"}),
        "start_timestep": start,
        **circumstances(model or {}, denoiser),
        **(photographs.report() if photographs else {}),
    }
    return Interpolation(first, frames, strengths, roi, used, clock.seconds, photographs)


def _file(number: int) -> str:
    return f"{number:03d}.png"
