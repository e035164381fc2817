"""Masks of what is to be painted anew, as pictures that people make them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pixelguide.errors import InputError
from pixelguide.images import (
    announced_orientation,
    band_of,
    check_mode,
    converted,
    open_image,
    refuse_deep,
    rgb_rows,
    stored_orientation,
)
from pixelguide.large_pictures import LargePixels, Wanted
from pixelguide.picture_rows import ImageRows, Rows, as_stored, bands, upright_shape

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
    found = _look_at(path)
    if found.hole.any():
        if not found.kept_greys and not found.kept_colours and found.kept_light:
            raise InputError(
                "white paint and transparent ground: which of the two is meant is not said",
                path.name,
                "Put black below the white, or erase in the picture itself.",
            )
        return found.hole
    greys = found.greys / found.light.size
    if greys > _GREYS:
        raise InputError(
            f"not a mask: {greys:.0%} of it is neither dark nor light",
            path.name,
            "Give black and white (white is painted anew), or the picture with a hole erased.",
        )
    return found.light


@dataclass
class _Look:
    """What a picture says of a mask.

    light: where it is lighter than half, bool H×W of the upright picture. hole: where alpha is
    below half. greys: pixels that are neither dark nor light. kept_…: whether there are such, light
    or coloured pixels outside the hole.
    """

    light: NDArray[np.bool_]
    hole: NDArray[np.bool_]
    greys: int = 0
    kept_greys: bool = False
    kept_light: bool = False
    kept_colours: bool = False

    @classmethod
    def at(cls, rows: Rows, alpha: Rows | None, shape: tuple[int, int], orientation: int) -> _Look:
        """Look at colours and alpha, a band at a time: a large picture takes much memory as it is.

        shape: height and width of the upright picture. orientation: EXIF's number, 1 … 8, for how
        the rows are stored.
        """
        found = cls(np.zeros(shape, np.bool_), np.zeros(shape, np.bool_))
        lights, holes = (as_stored(each, orientation) for each in (found.light, found.hole))
        for band in bands(rows.shape):
            red, green, blue = np.moveaxis(rows[band], -1, 0)
            brightness = np.maximum(np.maximum(red, green), blue)
            light = brightness >= 128
            greys = (brightness > _DARK) & (brightness < _LIGHT)
            lights[band] = light
            found.greys += int(np.count_nonzero(greys))
            if alpha is not None:
                holes[band] = alpha[band] < 128
                kept = ~holes[band]
                found.kept_greys |= bool((greys & kept).any())
                found.kept_light |= bool((light & kept).any())
                found.kept_colours |= bool((((red != green) | (green != blue)) & kept).any())
        return found


def _look_at(path: Path) -> _Look:
    large, where = LargePixels(), path.name

    def prepare(image: ImageFile.ImageFile, where: str) -> None:
        refuse_deep(image, where)
        if "transparency" not in image.info:
            large.prepare(image, Wanted(), announced_orientation(image))

    image = open_image(path, prepare=prepare)
    orientation = stored_orientation(image)
    if not large.taken:
        check_mode(image, where)
        shape = upright_shape(image, orientation)
        return _Look.at(rgb_rows(image, where), _alpha_rows(image), shape, orientation)
    pixels = large.pixels(image, orientation, where)
    height, width, channels = pixels.shape
    alpha = pixels[..., -1] if channels in (2, 4) else None
    return _Look.at(_OverWhite(pixels, where), alpha, (height, width), 1)


@dataclass(frozen=True)
class _OverWhite:
    """Rows of pixels, uint8 H×W×C (2 grey and alpha, 3 RGB, 4 RGBA), as colours over white."""

    pixels: NDArray[np.uint8]
    where: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return self.pixels.shape[:2]

    def __getitem__(self, rows: slice) -> NDArray[np.uint8]:
        """uint8 h×W×3."""
        return rgb_rows(band_of(self.pixels[rows], None), self.where)[:]


def _alpha_rows(image: Image.Image) -> ImageRows | None:
    """How opaque pixels are, uint8 H×W; None of a picture without transparency."""
    if image.mode not in ("RGBA", "LA") and "transparency" not in image.info:
        return None

    def alpha(band: Image.Image) -> Image.Image:
        whole = band if band.mode in ("RGBA", "LA") else converted(band, "RGBA", "mask")
        return whole.getchannel("A")

    return ImageRows(image, alpha)
