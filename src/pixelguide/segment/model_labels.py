"""The classes of a model folder."""

from __future__ import annotations

from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import ModelFolder


def load_labels(folder: ModelFolder) -> LabelSet:
    """The category's label set. Raises InputError if it is missing or malformed."""
    if not folder.has("labels.json"):
        raise InputError("the model has no labels", "labels.json", "Write one, or take a category.")
    return LabelSet.from_json((folder.path / "labels.json").read_text("utf-8", errors="replace"))
