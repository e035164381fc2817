"""Contact sheets: rows of small pictures with captions, and what such rows show of an edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pixelguide.labels import LabelMap

if TYPE_CHECKING:
    from pixelguide.edit.result import EditResult

Cell = tuple[NDArray[np.uint8], str]
"""A picture, uint8 S×S×3, and a note below it."""
ASKED = ("input", "its map", "repainted", "may change")
"""Headings of `request_cells`."""
SHOWN = 4
"""Candidates that fit into a row."""
_DIMMED = 0.35

MARGIN, CAPTION, GAP = 16, 26, 6
PAPER, INK, FAINT = (250, 249, 246), (38, 36, 34), (120, 116, 110)


def contact_sheet(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Cell]]],
    magnify: int = 2,
) -> NDArray[np.uint8]:
    """A sheet as uint8 H×W×3.

    columns: headings, cut short where they are wider than a picture, as notes are. rows: a title,
    and pictures uint8 S×S×3 each with a note (maybe empty) below it. Pictures are shown
    `magnify` times larger, pixel by pixel.
    """
    height, width = (side * magnify for side in rows[0][1][0][0].shape[:2])
    sheet_width = 2 * MARGIN + len(columns) * (width + GAP) - GAP
    row_height = CAPTION + height + CAPTION
    sheet = Image.new("RGB", (sheet_width, 2 * MARGIN + CAPTION + len(rows) * row_height), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(15), ImageFont.load_default(12)
    for k, heading in enumerate(columns):
        draw.text((MARGIN + k * (width + GAP), MARGIN), _cut(heading, small, width), FAINT, small)
    for r, (title, pictures) in enumerate(rows):
        top = MARGIN + CAPTION + r * row_height
        draw.text((MARGIN, top + 2), title, INK, large)
        for k, (picture, note) in enumerate(pictures):
            left = MARGIN + k * (width + GAP)
            shown = Image.fromarray(picture).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(shown, (left, top + CAPTION))
            draw.text((left, top + CAPTION + height + 3), _cut(note, small, width), FAINT, small)
    return np.asarray(sheet)


def region_alone(image: NDArray[np.uint8], roi: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A picture (uint8 S×S×3) dimmed outside `roi` (bool S×S): what may change."""
    dimmed = (image * _DIMMED).astype(np.uint8)
    return np.where(roi[..., None], image, dimmed)


def request_cells(
    image: NDArray[np.uint8], source: LabelMap, target: LabelMap, roi: NDArray[np.bool_]
) -> list[Cell]:
    """What an edit was asked for, under the headings `ASKED`: the picture (uint8 S×S×3), its map,
    the repainted one, the region (bool S×S)."""
    return [
        (image, ""),
        (source.colour(), ""),
        (target.colour(), ""),
        (region_alone(image, roi), f"{int(roi.sum())} pixels"),
    ]


def candidate_cells(result: EditResult) -> list[Cell]:
    """The first `SHOWN` candidates with their ROI accuracy."""
    best = result.best.index
    return [
        (c.image, f"{c.roi_accuracy:.0%} right{' · best' if c.index == best else ''}")
        for c in result.candidates[:SHOWN]
    ]


def _cut(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """As much of `text` as fits into `width` pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
