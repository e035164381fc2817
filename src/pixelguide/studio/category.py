"""What the page has to know about the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.images import open_image, squares, to_rgb
from pixelguide.labels import LabelSet
from pixelguide.photo.detail import FILE as DETAIL
from pixelguide.photo.detail import DetailStep
from pixelguide.photo.framing import Point
from pixelguide.photo.full_size import PLAIN, Finish
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.public.fetched import fetched
from pixelguide.segment.model_labels import load_labels
from pixelguide.segment.picture_statistics import load_statistics
from pixelguide.studio.starters import starters
from pixelguide.studio.stored_files import picture_png

SAMPLES = "samples.png"
"""Of a model folder: what its prior made, side by side."""


def samples_of(path: Path, size: int) -> tuple[bytes, ...]:
    """The pictures of a sheet as PNG files of `size`² pixels; none of one that has no whole number
    of them, and of one that is damaged."""
    try:
        pixels = to_rgb(open_image(path), path.name)
    except InputError:
        return ()
    if any(side % size for side in pixels.shape[:2]):
        return ()
    return tuple(picture_png(square) for square in squares(pixels, size))


_OWN = {"dilation", "strength", "colours"}
"""Settings whose defaults are the category's, but for strength: the page fades."""


def _hex(colour: Sequence[int]) -> str:
    return "#" + bytes(colour).hex()


@dataclass(frozen=True)
class Category:
    """A model without its weights: its name and hash, size S, labels and automatic settings; eyes:
    where its pictures have them, in shares of the side, if they do; samples: PNG files of S×S,
    pictures that its prior made; finish: how they go back into photographs."""

    name: str
    hash: str
    size: int
    labels: LabelSet
    defaults: EditDefaults
    eyes: tuple[Point, Point] | None = None
    samples: tuple[bytes, ...] = ()
    finish: Finish = PLAIN

    @classmethod
    def open(cls, model: str) -> Category:
        """Describe a model as `Editor.from_pretrained` opens it.

        Raises the same errors, but for what is wrong with the network itself, its weights and its
        classifiers: of these the worker tells. Here torch is not imported, which takes seconds.
        """
        folder = ModelFolder.open(fetched(model))
        size = folder.size()
        defaults = EditDefaults.for_size(size)
        if folder.has("edit.json"):
            defaults = EditDefaults.check("edit.json", folder.json("edit.json"))
        labels, statistics = load_labels(folder), load_statistics(folder)
        samples = samples_of(folder.path / SAMPLES, size) if folder.has(SAMPLES) else ()
        detail = DetailStep.read(folder.path / DETAIL) if folder.has(DETAIL) else None
        return cls(
            Path(model).name, folder.hash, size, labels, defaults, statistics.eyes, samples,
            Finish(detail, statistics.grey),
        )  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """16 hex digits: models with the same fingerprint can share pictures and maps."""
        content = f"{self.size} {self.labels.to_json()}".encode()
        return hashlib.sha256(content).hexdigest()[:16]

    def content(self) -> dict[str, Any]:
        """The answer of /api/category."""
        labels = self.labels
        return {
            "model": {"name": self.name, "hash": self.hash},
            "size": self.size,
            "labels": [
                {"id": i, "name": name, "color": _hex(colour)}
                for i, (name, colour) in enumerate(zip(labels.names, labels.palette, strict=True))
            ],
            "palette": [_hex(colour) for colour in labels.colours().tolist()],
            "groups": {name: list(labels.ids(members)) for name, members in labels.groups.items()},
            "defaults": {
                **self.defaults.model_dump(),
                **EditSettings().model_dump(exclude=_OWN),
            },
            "starters": starters(labels.names),
        }

    def described_labels(self) -> Any:
        """The label set as JSON content, to compare with that of a project."""
        return json.loads(self.labels.to_json())
