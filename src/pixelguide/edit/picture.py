"""The picture to work on, in whatever form it is handed in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.images import load_rgb, to_rgb

Picture = NDArray[np.uint8] | Image.Image | str | Path


def read_picture(image: Picture, size: int) -> NDArray[np.uint8]:
    """A file, a PIL image or an array as a new uint8 array S×S×3 with S = `size`.

    Raises InputError if it cannot be read or has another size.
    """
    where = "image"
    if isinstance(image, (str, Path)):
        where = Path(image).name
        image = load_rgb(image)
    elif isinstance(image, Image.Image):
        image = to_rgb(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise InputError(
            f"array of shape {image.shape} and type {image.dtype}",
            where,
            "Give uint8 of shape H×W×3.",
        )
    height, width = image.shape[:2]
    if (height, width) != (size, size):
        raise InputError(
            f"{width}×{height} pixels, but the model works at {size}×{size}",
            where,
            f"Crop and resize the picture to {size}×{size}.",
        )
    return image.copy()
