"""Contact sheets: rows of small pictures with captions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MARGIN, CAPTION, GAP = 16, 26, 6
PAPER, INK, FAINT = (250, 249, 246), (38, 36, 34), (120, 116, 110)


def contact_sheet(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[tuple[NDArray[np.uint8], str]]]],
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


def _cut(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """As much of `text` as fits into `width` pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
