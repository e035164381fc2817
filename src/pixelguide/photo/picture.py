"""The picture to work on, in whatever form it is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.images import has_deep_pixels, load_rgb, to_rgb
from pixelguide.photo.framing import Frame, Placement, Point
from pixelguide.photo.photograph import Photograph, Pixels

Picture = NDArray[np.uint8] | Image.Image | str | Path
AnyPicture = Picture | Pixels | Photograph
Crop = Frame | tuple[float, ...] | Literal["auto"]


def read_picture(image: Picture | Pixels, size: int) -> NDArray[np.uint8]:
    """A file, a PIL image or an array as a new uint8 array S×S×3 with S = `size`; 16 bits are
    rounded to 8.

    Raises InputError if it cannot be read or has another size.
    """
    where = "image"
    if isinstance(image, (str, Path)):
        where = Path(image).name
    if (deep := deep_photograph(image)) is not None:
        image = np.array(deep.rgb())
    elif isinstance(image, (str, Path)):
        image = load_rgb(image)
    elif isinstance(image, Image.Image):
        image = to_rgb(image)
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"a picture of type {type(image).__name__}",
            where,
            "Give a file, a PIL image or an array.",
        )
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
            "Say which part to take: crop x,y,size, or auto for all of a square picture.",
        )
    return image.copy()


def deep_photograph(image: Picture | Pixels) -> Photograph | None:
    """The picture as a photograph if it has 16 bits, colours or grey; None if it has 8, or is none.

    Raises InputError if it cannot be read.
    """
    if isinstance(image, (str, Path)):
        deep = has_deep_pixels(image)
    elif isinstance(image, Image.Image):
        deep = image.mode.startswith("I;16")
    else:
        deep = isinstance(image, np.ndarray) and image.dtype == np.uint16
    return read_photograph(image) if deep else None


def read_photograph(image: AnyPicture) -> Photograph:
    """A file, a PIL image or an array (uint8 or uint16, H×W or H×W×C) as a photograph.

    Raises InputError if it cannot be read.
    """
    if isinstance(image, Photograph):
        return image
    if isinstance(image, (str, Path)):
        return Photograph.open(image)
    if isinstance(image, Image.Image):
        return Photograph.of_image(image)
    pixels: Pixels = np.array(image)
    return Photograph(pixels[..., None] if pixels.ndim == 2 else pixels)


def place(
    photograph: Photograph,
    side: int,
    crop: Crop | None,
    eyes: tuple[Point, Point] | None,
    places: tuple[Point, Point] | None,
) -> Placement:
    """The part to edit with a model of `side`² pixels: by `crop`, or by the `eyes`, which come to
    lie at `places`. Raises InputError when both are given, or the category has no eyes."""
    if eyes is not None:
        if crop is not None and crop != "auto":
            raise InputError("crop and eyes", hint="Give one of them.")
        if places is None:
            raise InputError(
                "the model does not say where its eyes are",
                "domain.json",
                "Give a crop, or say it once: pixelguide models calibrate MODEL --eyes.",
            )
        frame = Frame.from_eyes(eyes, places)
    elif isinstance(crop, Frame):
        frame = crop
    elif crop is None or crop == "auto":
        frame = Frame.whole(*photograph.size)
    else:
        try:
            frame = Frame(*map(float, crop))
        except (TypeError, ValueError):
            raise InputError(f"crop {crop}", hint="Give (x, y, size) in pixels.") from None
    return Placement(photograph, frame, side)
