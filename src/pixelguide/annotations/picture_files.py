"""Pictures that are read when asked for, and what their EXIF says about how they are turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from pixelguide.damage import DAMAGE
from pixelguide.errors import InputError
from pixelguide.images import FORMATS, open_image, read_rgb
from pixelguide.phone_formats import formats_of

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class PictureFile:
    """A picture's file; calling it gives the picture as uint8 H×W×3, turned upright.

    Raises InputError naming `where` as `load_rgb` does.
    """

    open: Callable[[], BinaryIO]
    where: str

    @classmethod
    def at(cls, path: Path) -> PictureFile:
        """The picture at a path."""
        return cls(partial(_opened, path), path.name)

    def __call__(self) -> NDArray[np.uint8]:
        """The picture, see above."""
        with self.open() as file:
            return read_rgb(file, self.where)

    def header(self) -> tuple[int, int, int]:
        """Height and width of the upright picture, and EXIF's orientation: 1 if it is stored
        upright, 6 or 8 if it is turned, and so on. Of a picture that cannot be read, 0, 0, 1."""
        try:
            with (
                self.open() as file,
                Image.open(file, formats=formats_of(file, FORMATS, self.where)) as image,
            ):
                width, height = image.size
                found = image.getexif().get(ExifTags.Base.Orientation, 1)
        except (InputError, *DAMAGE):
            return 0, 0, 1
        orientation = found if found in _TURNS else 1
        return (width, height, orientation) if orientation > 4 else (height, width, orientation)


def turned(ids: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A map in the stored frame of a picture, turned upright as the picture is."""
    if orientation == 1:
        return ids
    return np.array(Image.fromarray(ids).transpose(_TURNS[orientation]))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        open_image(path)  # raises what is wrong with it
        raise
