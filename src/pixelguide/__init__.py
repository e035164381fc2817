"""Repaint a picture's label map and the picture follows: pixel-wise guided diffusion.

An implementation of Matsunaga et al. 2022, arXiv 2212.02024. Start with `Editor`.
"""

from pixelguide.edit.editor import Editor
from pixelguide.edit.result import Candidate, EditResult
from pixelguide.edit.settings import EditDefaults, EditSettings
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
    "PixelguideError",
    "ResourceError",
    "SafetyError",
]
