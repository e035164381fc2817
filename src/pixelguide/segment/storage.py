"""Classifier banks and label sets as parts of a model folder."""

from __future__ import annotations

from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import WEIGHTS, ModelFolder, tensor_bytes
from pixelguide.prior.safe import load_weights, read_tensors
from pixelguide.segment.classifier import ClassifierBank


def classifier_parts(
    segmenter: ClassifierBank, guide: ClassifierBank, labels: LabelSet
) -> dict[str, bytes]:
    """The files that make a prior a category: f_multi, {C_t} (both fp16) and the labels."""
    parts = {"labels.json": labels.to_json().encode()}
    for name, bank in (("segmenter", segmenter), ("guide", guide)):
        parts[f"{name}/config.json"] = bank.to_json_string().encode()
        parts[f"{name}/{WEIGHTS}"] = tensor_bytes(bank.state_dict())
    return parts


def load_bank(folder: ModelFolder, name: str) -> ClassifierBank:
    """The bank called "segmenter" or "guide", float32, frozen, in evaluation mode.

    Raises InputError for a part that is missing, damaged, or of another shape than it says.
    """
    where = f"{name}/config.json"
    if not folder.has(where):
        raise InputError(
            f"the model has no {name}", where, "Train one with `pixelguide train classifiers`."
        )
    try:
        bank: ClassifierBank = ClassifierBank.from_config(folder.json(where))
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        raise InputError(f"configuration cannot be used ({error})", where) from None
    load_weights(bank, read_tensors(folder.path / name / WEIGHTS), f"{name}/{WEIGHTS}")
    bank.eval().requires_grad_(False)
    return bank


def load_labels(folder: ModelFolder) -> LabelSet:
    """The category's label set. Raises InputError if it is missing or malformed."""
    if not folder.has("labels.json"):
        raise InputError("the model has no labels", "labels.json", "Fetch the model again.")
    return LabelSet.from_json((folder.path / "labels.json").read_text("utf-8", errors="replace"))
