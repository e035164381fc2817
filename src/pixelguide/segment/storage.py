"""Classifier banks and label sets as parts of a model folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from pydantic import ConfigDict, Field

from pixelguide.checked import Checked
from pixelguide.errors import InputError
from pixelguide.labels import LabelSet
from pixelguide.prior.bundle import ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.model_parts import tensor_bytes
from pixelguide.prior.weight_files import WEIGHTS
from pixelguide.segment.pixel_classifiers import PixelClassifiers

if TYPE_CHECKING:
    from pixelguide.segment.classifier import ClassifierBank

Number = Annotated[int, Field(ge=0)]
Width = Annotated[int, Field(ge=1)]


class _BankConfig(Checked):
    """What `PixelClassifiers` are made of; diffusers adds entries of its own."""

    model_config = ConfigDict(extra="ignore", strict=True)

    num_classes: int = Field(ge=1, le=255)
    timesteps: list[Annotated[list[Number], Field(min_length=1)]] = Field(min_length=1)
    taps: list[Number] = Field(min_length=1)
    tap_channels: list[Width] = Field(min_length=1)
    hidden: Annotated[list[Width], Field(min_length=2, max_length=2)] | None = None


def classifier_parts(
    segmenter: ClassifierBank, guide: ClassifierBank, labels: LabelSet
) -> dict[str, bytes]:
    """The files that make a prior a category: f_multi, {C_t} (both fp16) and the labels."""
    parts = {"labels.json": labels.to_json().encode()}
    for name, bank in (("segmenter", segmenter), ("guide", guide)):
        parts[f"{name}/config.json"] = bank.to_json_string().encode()  # type: ignore[operator]
        parts[f"{name}/{WEIGHTS}"] = tensor_bytes(bank.state_dict())
    return parts


def load_bank(folder: ModelFolder, name: str) -> PixelClassifiers:
    """The bank called "segmenter" or "guide", float32, frozen, in evaluation mode.

    Raises InputError for a part that is missing, damaged, or of another shape than it says.
    """
    where = f"{name}/config.json"
    if not folder.has(where):
        raise InputError(
            f"the model has no {name}", where, "Train one with `pixelguide train classifiers`."
        )
    config = _BankConfig.check(where, folder.json(where))
    if len({len(member) for member in config.timesteps}) > 1:
        raise InputError("classifiers of different numbers of timesteps", where)
    try:
        with torch.device("meta"):  # a configuration alone must not be able to fill the memory
            bank = PixelClassifiers(**config.model_dump())
    except (RuntimeError, TypeError, OverflowError) as error:  # sizes beyond all numbers
        reason = str(error).splitlines()[0]
        raise InputError(f"configuration cannot be used ({reason})", where) from None
    folder.load_into(bank, name)
    bank.eval().requires_grad_(False)
    return bank


def check_bank(bank: PixelClassifiers, denoiser: Denoiser, name: str) -> None:
    """Raise InputError if the bank called `name` does not read what `denoiser` gives it."""
    where = f"{name}/config.json"
    given = [(tap.index, tap.channels) for tap in denoiser.taps]
    wanted = list(zip(bank.taps, bank.tap_channels, strict=False))
    if wanted != given or len(bank.taps) != len(bank.tap_channels):
        raise InputError("classifiers of another network's decoder", where, "Train them anew.")
    last = max(t for member in bank.timesteps for t in member)
    if last >= len(denoiser.schedule):
        raise InputError(
            f"timestep {last} of {len(denoiser.schedule)}", where, "Train the classifiers anew."
        )
