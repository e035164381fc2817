"""Large pictures a band of rows at a time: whole, each step would take as much memory again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BAND = 0xFFFF
"""Pixels of a band, unless one row has more: they stay in the processor's cache, and numbers of
them in 16 bits."""

Array = TypeVar("Array", bound=NDArray[Any])


class Rows(Protocol):
    """What gives rows of a picture: an array, or `ImageRows`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width come first."""

    def __getitem__(self, rows: slice, /) -> NDArray[np.uint8]:
        """uint8 h×W×C."""


def bands(shape: Sequence[int], pixels: int = BAND) -> Iterator[slice]:
    """Slices of rows that make up H×W (…), at most so many pixels each, but at least one row."""
    step = max(1, pixels // max(1, shape[1]))
    return (slice(y, min(y + step, shape[0])) for y in range(0, shape[0], step))


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


@dataclass(frozen=True)
class ImageRows:
    """Rows of a decoded picture as arrays.

    convert: what is done with each band, a picture of its own.
    """

    image: Image.Image
    convert: Callable[[Image.Image], Image.Image] = _as_it_is

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return self.image.height, self.image.width

    def __getitem__(self, rows: slice, /) -> NDArray[np.uint8]:
        """uint8 h×W×C, or h×W of one channel."""
        first, stop, _ = rows.indices(self.image.height)
        band = self.image.crop((0, first, self.image.width, stop))
        return np.asarray(self.convert(band))


@dataclass(frozen=True)
class PaletteRows:
    """Rows of a palette image as colours.

    values: uint8 H×W, indices into palette, uint8 N×3.
    """

    values: NDArray[np.uint8]
    palette: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width."""
        return self.values.shape

    def __getitem__(self, rows: slice, /) -> NDArray[np.uint8]:
        """uint8 h×W×3."""
        found: NDArray[np.uint8] = self.palette.take(self.values[rows], axis=0)
        return found


def upright_shape(image: Image.Image, orientation: int) -> tuple[int, int]:
    """Height and width of what a file of EXIF's `orientation`, 1 … 8, stores as `image`."""
    return (image.width, image.height) if orientation > 4 else (image.height, image.width)


def as_upright(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of pixels (H×W×…) that a file of EXIF's `orientation`, 1 … 8, stores, as they are to
    be seen."""
    view = stored
    if orientation in (5, 6, 7, 8):
        view = view.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        view = view[::-1]
    if orientation in (2, 3, 6, 7):
        view = view[:, ::-1]
    return view


def as_stored(upright: Array, orientation: int) -> Array:
    """A view of upright pixels (H×W×…) as a file of EXIF's `orientation`, 1 … 8, stores them: what
    is written into it lies where it is to be seen."""
    view: Any = upright
    if orientation in (2, 3, 6, 7):
        view = view[:, ::-1]
    if orientation in (3, 4, 7, 8):
        view = view[::-1]
    if orientation in (5, 6, 7, 8):
        view = view.swapaxes(0, 1)
    return view  # type: ignore[no-any-return]
