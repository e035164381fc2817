"""Colours as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from pixelguide.errors import InputError

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
Colour = tuple[int, int, int]
"""RGB of sRGB, 0 … 255."""
HINT = "Give #rrggbb, a name such as brown, or from:x,y of the picture."
_AS_OF_HAIR: dict[str, Colour] = {
    "brown": (107, 74, 47),
    "blond": (216, 190, 140),
    "blonde": (216, 190, 140),
    "ginger": (181, 90, 48),
    "auburn": (122, 60, 38),
}
"""Names that people use of hair and eyes. CSS has the first, and means a dark red by it."""
_PICKED = re.compile(r"from:\s*(\d{1,6})\s*,\s*(\d{1,6})")


@dataclass(frozen=True)
class Picked:
    """The colour that the picture has around a pixel: column x of row y."""

    x: int
    y: int


def read_colour(text: str, where: str) -> Colour | Picked:
    """A colour written as #rgb, #rrggbb, a name of hair's (brown, blond, ginger, auburn) or of CSS,
    or where to take it from: from:x,y.

    Raises InputError naming `where` for anything else, transparent colours too.
    """
    wanted = " ".join(text.split())
    if picked := _PICKED.fullmatch(wanted.lower()):
        return Picked(int(picked[1]), int(picked[2]))
    if named := _AS_OF_HAIR.get(wanted.lower()):
        return named
    try:
        red, green, blue, *alpha = ImageColor.getrgb(wanted)
    except ValueError:
        alpha = [0]
    if alpha:
        shown = wanted if len(wanted) <= 40 else f"{wanted[:40]}…"
        raise InputError(f"'{shown}' is no colour", where, HINT)
    return red, green, blue


def to_hex(colour: Iterable[float]) -> str:
    """#rrggbb of a colour of 255."""
    return "#" + "".join(f"{min(255, max(0, round(value))):02x}" for value in colour)
