"""What the pictures of a category are like, and whether one belongs to them (`domain.json`)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from pixelguide.checked import Checked
from pixelguide.images import is_grey, to_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.segmenter import NOISE_SEED, Segmenter, picture_uncertainty

if TYPE_CHECKING:
    from pixelguide.segment.dataset import LabelledPictures

DOMAIN = "domain.json"
EYES = ("eyes", "eye", "iris", "irises", "pupil", "sclera", "eye white", "eyeball")
"""Words in the names of groups and classes that are eyes."""
NOT_EYES = ("brow", "lash", "glass", "lid", "shadow", "eye g")
NOISE_LEVEL = 0.25
"""Of the model's timesteps: noise that hides texture and leaves things to be recognized."""
Degree = Literal["usual", "unusual", "far", "alien"]
DEGREES: dict[Degree, float] = {"usual": 1.0, "unusual": 2.5, "far": 5.0, "alien": math.inf}
"""Up to which distance from the median a picture counts as what."""
LEAST_REACH = 0.1
"""Of the median: nearer to it nothing is unusual."""
Share = Annotated[float, Field(ge=0, le=1)]


class Range(Checked):
    """A measure of the labelled pictures: its median and its highest value."""

    median: float = Field(ge=0)
    highest: float = Field(ge=0)

    @property
    def limit(self) -> float:
        """Above it a picture is far: as much above the highest as that is above the median."""
        return 2 * self.highest - self.median

    def distance(self, value: float) -> float:
        """How far a value lies from what is usual: 0 at the median (or below), 1 at the limit."""
        # pictures that are nearly one another's copies say little of what is usual
        reach = max(self.limit - self.median, LEAST_REACH * self.median, 1e-6)
        return max(0.0, (value - self.median) / reach)


class PictureStatistics(Checked):
    """What is known of a category's pictures; nothing of it need be.

    eyes: where the left and the right one (as seen) are, (x, y) in shares of the side. denoising:
    of `denoising_error`. doubt: of `picture_uncertainty`. pictures: how many were measured. grey:
    none of them has colours.
    """

    model_config = ConfigDict(extra="ignore")

    eyes: tuple[tuple[Share, Share], tuple[Share, Share]] | None = None
    denoising: Range | None = None
    doubt: Range | None = None
    pictures: int = 0
    grey: bool = False

    def to_json(self) -> bytes:
        """The content of `domain.json`."""
        return (json.dumps(self.model_dump(), indent=2) + "\n").encode()


class Familiarity(BaseModel):
    """How far a picture lies from those its category was made for.

    denoising, doubt: its measures. limits: what they are compared with, None where the model does
    not say. far: the names of those above their limits. distance: of the error through noise, 0 at
    the median and 1 at the limit. degree: what that amounts to, see `DEGREES`.
    """

    model_config = ConfigDict(frozen=True)

    denoising: float
    doubt: float
    limits: dict[str, float]
    far: tuple[str, ...]
    distance: float
    degree: Degree


def load_statistics(folder: ModelFolder) -> PictureStatistics:
    """The category's statistics; those of no pictures for a folder without.

    Raises InputError for a file that is none.
    """
    if not folder.has(DOMAIN):
        return PictureStatistics()
    return PictureStatistics.check(DOMAIN, folder.json(DOMAIN))


@torch.no_grad()
def denoising_errors(denoiser: Denoiser, x_0: Tensor, where: Tensor | None = None) -> list[float]:
    """How badly the prior sees each of pictures (N×3×S×S in [-1, 1]) through noise, at the pixels
    `where` (bool S×S) if they are given: root mean square of predicted less true values, of 255.
    The noise is always the same, and for all pictures."""
    schedule = denoiser.schedule
    level = round(NOISE_LEVEL * len(schedule))
    generator = torch.Generator().manual_seed(NOISE_SEED)
    noise = torch.randn(x_0.shape[1:], generator=generator).to(x_0.device)[None]
    x_t = schedule.add_noise(x_0, noise, torch.full((len(x_0),), level))
    predicted = denoiser(x_t, schedule, level).x_0.clamp(-1, 1)
    squares = (predicted - x_0).square().mean(1)  # N×S×S
    chosen = squares.flatten(1) if where is None else squares[:, where.to(x_0.device)]
    errors: list[float] = (chosen.mean(1).sqrt() * 127.5).tolist()
    return errors


def denoising_error(denoiser: Denoiser, x_0: Tensor) -> float:
    """`denoising_errors` of a single picture, all of it."""
    return denoising_errors(denoiser, x_0)[0]


def familiarity(
    denoiser: Denoiser, statistics: PictureStatistics, x_0: Tensor, label_map: LabelMap
) -> Familiarity:
    """How far a picture (1×3×S×S in [-1, 1]) with its `label_map` lies from the category's."""
    measures = {
        "denoising": denoising_error(denoiser, x_0),
        "doubt": picture_uncertainty(label_map),
    }
    ranges = {"denoising": statistics.denoising, "doubt": statistics.doubt}
    limits = {name: known.limit for name, known in ranges.items() if known}
    far = tuple(name for name, limit in limits.items() if measures[name] > limit)
    # not of doubt: f_multi was taught the pictures that say what is usual, any other it doubts more
    known = statistics.denoising
    distance = known.distance(measures["denoising"]) if known else 0.0
    degree = next(name for name, highest in DEGREES.items() if distance <= highest)
    return Familiarity(
        **measures, limits=limits, far=far, distance=round(distance, 3), degree=degree
    )


def measure_statistics(
    denoiser: Denoiser, segmenter: Segmenter, pictures: LabelledPictures
) -> PictureStatistics:
    """The statistics of the category of which these are labelled pictures."""
    errors, doubts = [], []
    for image in pictures.images:
        x_0 = to_model(image, denoiser.device)
        errors.append(denoising_error(denoiser, x_0))
        doubts.append(picture_uncertainty(segmenter(x_0)[0]))
    return PictureStatistics(
        eyes=find_eyes(pictures.label_ids, pictures.labels),
        denoising=_range(errors),
        doubt=_range(doubts),
        pictures=len(pictures),
        grey=is_grey(pictures.images),
    )


def find_eyes(
    label_ids: NDArray[np.uint8], labels: LabelSet
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Where the eyes are in label maps (uint8 N×S×S), in shares of the side: the median over the
    maps of the centres of what is left and right of the middle. None without two eyes.

    Eyes are the classes of a group called so, else the classes that have `EYES` in their names.
    """
    named = [group for group in labels.groups if _is_eye(group)]
    named = named or [name for name in labels.names if _is_eye(name)]
    if not named:
        return None
    found = []
    for eyes in np.isin(label_ids, labels.ids(named)):
        rows, columns = np.nonzero(eyes)
        if not len(columns):
            continue
        middle = (columns.min() + columns.max()) / 2
        sides = (columns < middle, columns > middle)
        if all(side.any() for side in sides):
            found.append([(columns[side].mean(), rows[side].mean()) for side in sides])
    if not found:
        return None
    (x1, y1), (x2, y2) = (np.median(found, axis=0) + 0.5) / label_ids.shape[1]
    return (float(x1), float(y1)), (float(x2), float(y2))


def _is_eye(name: str) -> bool:
    words = name.lower().replace("_", " ").replace("-", " ")
    return any(word in f" {words} " or words.endswith(word) for word in EYES) and not any(
        word in words for word in NOT_EYES
    )


def _range(values: list[float]) -> Range:
    return Range(median=round(float(np.median(values)), 4), highest=round(float(np.max(values)), 4))
