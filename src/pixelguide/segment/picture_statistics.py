"""What the pictures of a category are like (`domain.json`). Torch is not imported for it."""

from __future__ import annotations

import json
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from pixelguide.checked import Checked
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import ModelFolder

DOMAIN = "domain.json"
EYES = ("eyes", "eye", "iris", "irises", "pupil", "sclera", "eye white", "eyeball")
"""Words in the names of groups and classes that are eyes."""
NOT_EYES = ("brow", "lash", "glass", "lid", "shadow", "eye g")
LEAST_REACH = 0.1
"""Of the median: nearer to it nothing is unusual."""
UNLIKELY = 1.8
"""Oddity of a result from which on it is unlikely where a category says no other. Of results that a
person accepts the oddest seen has 1.7 (teeth in a closed mouth), of 64 true edits of portraits 1.4
(docs/results.md)."""
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
    none of them has colours. unlikely: the oddity of a result (see `oddities`) from which on no
    person would keep it.
    """

    model_config = ConfigDict(extra="ignore")

    eyes: tuple[tuple[Share, Share], tuple[Share, Share]] | None = None
    denoising: Range | None = None
    doubt: Range | None = None
    pictures: int = 0
    grey: bool = False
    unlikely: float = Field(UNLIKELY, gt=0)

    def to_json(self) -> bytes:
        """The content of `domain.json`."""
        return (json.dumps(self.model_dump(), indent=2) + "\n").encode()


def load_statistics(folder: ModelFolder) -> PictureStatistics:
    """The category's statistics; those of no pictures for a folder without.

    Raises InputError for a file that is none.
    """
    if not folder.has(DOMAIN):
        return PictureStatistics()
    return PictureStatistics.check(DOMAIN, folder.json(DOMAIN))


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
