"""Repaint a picture's label map and the picture follows: pixel-wise guided diffusion.

An implementation of Matsunaga et al. 2022, arXiv 2212.02024. Start with `Editor`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixelguide.edit.defaults import EditDefaults
    from pixelguide.edit.editor import Editor
    from pixelguide.edit.pipeline import PixelGuidedPipeline
    from pixelguide.edit.result import Candidate, EditResult
    from pixelguide.edit.settings import EditSettings
    from pixelguide.errors import InputError, PixelguideError, ResourceError, SafetyError
    from pixelguide.labels import IGNORE, LabelMap, LabelSet

__all__ = [
    "IGNORE",
    "Candidate",
    "EditDefaults",
    "EditResult",
    "EditSettings",
    "Editor",
    "InputError",
    "LabelMap",
    "LabelSet",
    "PixelGuidedPipeline",
    "PixelguideError",
    "ResourceError",
    "SafetyError",
]

_HOMES = {
    "edit.editor": ("Editor",),
    "edit.pipeline": ("PixelGuidedPipeline",),
    "edit.result": ("Candidate", "EditResult"),
    "edit.defaults": ("EditDefaults",),
    "edit.settings": ("EditSettings",),
    "errors": ("InputError", "PixelguideError", "ResourceError", "SafetyError"),
    "labels": ("IGNORE", "LabelMap", "LabelSet"),
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are used (PEP 562): torch and diffusers take seconds,
    which `--help` and processes without a model need not wait for."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"pixelguide.{module}"), name)
    raise AttributeError(f"module 'pixelguide' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
