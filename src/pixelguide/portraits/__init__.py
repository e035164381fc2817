"""Procedural portraits: pictures, exact label maps and exact true edits."""

from __future__ import annotations

from pixelguide.portraits.dataset import portrait_at, write_portraits
from pixelguide.portraits.edits import EDITS, Edit
from pixelguide.portraits.oddities import ODDITIES, Oddity, add_oddity
from pixelguide.portraits.palette import LABELS
from pixelguide.portraits.portrait import Portrait
from pixelguide.portraits.render import Rendering, render
from pixelguide.portraits.sampling import random_portrait

__all__ = [
    "EDITS",
    "LABELS",
    "ODDITIES",
    "Edit",
    "Oddity",
    "Portrait",
    "Rendering",
    "add_oddity",
    "portrait_at",
    "random_portrait",
    "render",
    "write_portraits",
]
