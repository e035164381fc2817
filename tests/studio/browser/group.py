"""A photograph of several people for tests: what the prior of faces-128 made, on a ground."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photographs import random_pixels

TILE = 128
"""Pixels of a side of one sample on the model's sheet."""
PLACES = ((0.08, 0.2), (0.39, 0.1), (0.70, 0.25))
"""Of the corners of the faces, in shares of width and height."""
SHARE = 0.38
"""Of the height, that a face has."""


def sample(index: int) -> Image.Image:
    """One of the sixteen samples of faces-128, 128×128."""
    sheet = resources.files("pixelguide") / "models" / "faces-128" / "samples.png"
    with Image.open(io.BytesIO(sheet.read_bytes())) as image:
        left, top = TILE * (index % 4), TILE * (index // 4)
        return image.convert("RGB").crop((left, top, left + TILE, top + TILE))


def group(width: int = 900, height: int = 600) -> NDArray[np.uint8]:
    """A wide photograph of three, uint8 H×W×3."""
    whole = Image.fromarray(random_pixels(2, 8, 6)).resize((width, height))
    side = round(SHARE * height)
    for index, (x, y) in zip((7, 5, 12), PLACES, strict=True):
        face = sample(index).resize((side, side), Image.Resampling.LANCZOS)
        whole.paste(face, (round(x * width), round(y * height)))
    grain = np.random.default_rng(0).integers(-6, 7, (height, width, 1))
    return np.clip(np.asarray(whole) + grain, 0, 255).astype(np.uint8)


def upright(width: int = 400, height: int = 700) -> NDArray[np.uint8]:
    """A high photograph of one, whose head is near the top."""
    whole = Image.fromarray(random_pixels(3, 4, 8)).resize((width, height))
    face = sample(7).resize((width - 100, width - 100), Image.Resampling.LANCZOS)
    whole.paste(face, (50, 20))
    return np.asarray(whole)


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """As a camera would write it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
