"""A photograph with what is known of its part drawn over it: the frame, the eyes, the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Placement, Point

_LONGEST, _SHORTEST = 1600, 512
"""Pixels of the longer side of a preview: large photographs are reduced, small ones enlarged."""
_COVER = 0.5
"""How much of the map's colours is seen."""
_FRAME, _EYES = (255, 255, 255), (255, 220, 0)


def preview(
    placement: Placement,
    label_map: LabelMap | None = None,
    eyes: tuple[Point, ...] = (),
) -> NDArray[np.uint8]:
    """The photograph with its part, uint8 h×w×3.

    label_map: S×S, its colours over the part. eyes: in pixels of the photograph.
    """
    photograph = placement.photograph
    pixels = np.array(photograph.rgb())
    if label_map is not None:
        colours = np.append(label_map.colour().reshape(-1, 3), [[0, 0, 0]], 0).astype(np.float32)
        everywhere = np.ones((placement.side, placement.side), np.bool_)
        for left, top, right, bottom in placement.bands(placement.window(everywhere)):
            index = placement.model_pixels(left, top, right, bottom)
            part = pixels[top:bottom, left:right]
            mixed = (1 - _COVER) * part + _COVER * colours[index]
            part[...] = np.where(index[..., None] >= 0, np.rint(mixed), part)
    longest = max(photograph.size)
    scale = min(1.0, _LONGEST / longest) if longest > _SHORTEST else round(_SHORTEST / longest)
    width, height = (max(1, round(side * scale)) for side in photograph.size)
    method = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    image = Image.fromarray(pixels).resize((width, height), method)
    draw = ImageDraw.Draw(image)
    stroke = max(2, round(max(image.size) / 400))
    side = float(placement.side)
    corners = placement.to_picture(np.array([[0, 0], [side, 0], [side, side], [0, side]])) * scale
    outline = [tuple(corner) for corner in corners]
    for colour, wide in ((0, 0, 0), 3 * stroke), (_FRAME, stroke):  # seen on light and on dark
        draw.line([*outline, outline[0]], fill=colour, width=wide, joint="curve")
    radius = 4 * stroke
    for x, y in eyes:
        x, y = x * scale, y * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_EYES, width=stroke)
        draw.line((x - radius, y, x + radius, y), fill=_EYES, width=stroke)
        draw.line((x, y - radius, x, y + radius), fill=_EYES, width=stroke)
    return np.asarray(image)
