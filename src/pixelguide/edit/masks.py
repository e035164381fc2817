"""Masks of what is to be painted anew, as pictures that people make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.images import converted, open_image, to_rgb, upright

_DARK, _LIGHT = 64, 192
_GREYS = 0.05
"""A mask has greys along its outline only, where it is smoothed or was saved as JPEG."""


def load_mask(path: str | Path) -> NDArray[np.bool_]:
    """A picture as bool H×W, True where it is to be painted anew.

    That is where it is transparent, if it is so anywhere: a hole erased in the picture itself.
    Without transparency it is where the picture is lighter than half. Raises InputError for what
    does not say where: more than 5 % of the pixels are neither dark nor light, as in a photograph,
    or there is white paint on transparent ground, which could mean one or the other.
    """
    path = Path(path)
    image = open_image(path)
    pixels = to_rgb(image, path.name)
    brightness = pixels.max(-1)
    light: NDArray[np.bool_] = brightness >= 128
    greys = (brightness > _DARK) & (brightness < _LIGHT)
    hole = _transparent(image)
    if hole is not None:
        kept = ~hole
        colours = pixels[kept]
        plain = not greys[kept].any() and bool((colours.max(-1) == colours.min(-1)).all())
        if plain and light[kept].any():
            raise InputError(
                "white paint and transparent ground: which of the two is meant is not said",
                path.name,
                "Put black below the white, or erase in the picture itself.",
            )
        return hole
    if greys.mean() > _GREYS:
        raise InputError(
            f"not a mask: {greys.mean():.0%} of it is neither dark nor light",
            path.name,
            "Give black and white (white is painted anew), or the picture with a hole erased.",
        )
    return light


def _transparent(image: Image.Image) -> NDArray[np.bool_] | None:
    """Where alpha is below half, bool H×W of the upright picture; None if that is nowhere."""
    if image.mode not in ("RGBA", "LA") and "transparency" not in image.info:
        return None
    turned = upright(image)
    if turned.mode not in ("RGBA", "LA"):
        turned = converted(turned, "RGBA", "mask")
    found: NDArray[np.bool_] = np.asarray(turned.getchannel("A")) < 128
    return found if found.any() else None
