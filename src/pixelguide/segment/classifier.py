"""Pixel classifiers as a part of diffusers' pipelines, to be trained and saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

from pixelguide.segment.pixel_classifiers import PixelClassifiers


class ClassifierBank(PixelClassifiers, ModelMixin, ConfigMixin):  # type: ignore[misc]
    """`PixelClassifiers` with a configuration, which an edit has no need of: diffusers takes
    seconds to import."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        num_classes: int,
        timesteps: Sequence[Sequence[int]],
        taps: Sequence[int],
        tap_channels: Sequence[int],
        hidden: Sequence[int] | None = None,
    ) -> None:
        """Arguments as of `PixelClassifiers`."""
        super().__init__(num_classes, timesteps, taps, tap_channels, hidden)

    def state(self) -> dict[str, Any]:
        """Configuration without diffusers' private entries, for `config.json`."""
        known: dict[str, Any] = {**self.config}  # type: ignore[dict-item]
        return {key: value for key, value in known.items() if not key.startswith("_")}
