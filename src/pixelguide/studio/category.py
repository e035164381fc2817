"""What the page has to know about the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pixelguide.edit.settings import EditDefaults, EditSettings
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.photo.framing import Point
from pixelguide.studio.starters import starters

_OWN = {"dilation", "strength", "colours"}
"""Settings whose defaults are the category's, but for strength: the page fades."""


def _hex(colour: Sequence[int]) -> str:
    return "#" + bytes(colour).hex()


@dataclass(frozen=True)
class Category:
    """A model without its weights: its name and hash, size S, labels and automatic settings; eyes:
    where its pictures have them, in shares of the side, if they do."""

    name: str
    hash: str
    size: int
    labels: LabelSet
    defaults: EditDefaults
    eyes: tuple[Point, Point] | None = None

    @classmethod
    def open(cls, model: str) -> Category:
        """Describe a model as `Editor.from_pretrained` opens it, and with the same errors.

        Raises InputError as well when the model's pictures are not square.
        """
        # These bring in torch, which takes a second.
        from pathlib import Path

        from pixelguide.prior.bundle import ModelFolder
        from pixelguide.prior.public.fetched import fetched
        from pixelguide.segment.model_labels import load_labels
        from pixelguide.segment.picture_statistics import load_statistics

        folder = ModelFolder.open(fetched(model))
        size = folder.shape().config.sample_size
        if not isinstance(size, int):
            raise InputError(f"pictures of size {size}", model, "The Studio needs square ones.")
        defaults = EditDefaults.for_size(size)
        if folder.has("edit.json"):
            defaults = EditDefaults.check("edit.json", folder.json("edit.json"))
        labels, eyes = load_labels(folder), load_statistics(folder).eyes
        return cls(Path(model).name, folder.hash, size, labels, defaults, eyes)

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
                "roi": "classes",  # the page shows the region while one paints, and draws these
            },
            "starters": starters(labels.names),
        }

    def described_labels(self) -> Any:
        """The label set as JSON content, to compare with that of a project."""
        return json.loads(self.labels.to_json())
