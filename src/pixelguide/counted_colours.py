"""Which colours a picture has, and how often: numbered as they come, in linear time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelguide.picture_rows import Rows, bands

_UNSEEN = 0


@dataclass(frozen=True)
class CountedColours:
    """The N different colours of a picture.

    colours: uint8 N×3. counts: pixels of each, int64 N. places: 1 more than the number of each of
    the 2²⁴ colours, 0 of those that do not occur.
    """

    colours: NDArray[np.uint8]
    counts: NDArray[np.int64]
    places: NDArray[np.unsignedinteger[Any]]

    @classmethod
    def of(
        cls, pixels: Rows, known: Iterable[tuple[int, int, int]], most: int
    ) -> CountedColours | None:
        """Those of uint8 H×W×3; None as soon as more than `most` are found beside the known ones.

        Looked up in a table of all colours: to sort as many pixels as a photograph has takes long.
        """
        places: NDArray[np.unsignedinteger[Any]] = np.zeros(1 << 24, np.uint16)
        listed = {r << 16 | g << 8 | b for r, g, b in known}
        colours, counts = np.empty(0, np.intp), np.zeros(0, np.int64)
        others = 0
        for rows in bands(pixels.shape):
            packed = packed_colours(pixels[rows]).reshape(-1)
            numbers = places[packed]
            new = packed[numbers == _UNSEEN]
            if len(new):
                # the last pixel of each colour is the one whose number its place keeps
                order = np.arange(len(new), dtype=np.uint32)
                if len(new) > np.iinfo(places.dtype).max:
                    places = places.astype(np.uint32)
                places[new] = order
                new = new[places[new] == order]
                others += sum(colour not in listed for colour in new.tolist())
                if others > most:
                    return None
                colours = np.concatenate([colours, new])
                if len(colours) > np.iinfo(places.dtype).max:
                    places = places.astype(np.uint32)
                places[new] = np.arange(len(colours) - len(new) + 1, len(colours) + 1)
                numbers = places[packed]
            found = np.bincount(numbers, minlength=len(colours) + 1)[1:]
            found[: len(counts)] += counts
            counts = found
        unpacked = (colours[:, None] >> np.array([16, 8, 0])).astype(np.uint8)
        return cls(unpacked, counts.astype(np.int64, copy=False), places)

    def numbers(self, pixels: NDArray[np.uint8]) -> NDArray[np.signedinteger[Any]]:
        """The number of the colour of each pixel of this picture, h×W for uint8 h×W×3."""
        return self.places[packed_colours(pixels)].astype(np.int32) - 1

    def looked_up(self, pixels: Rows, table: NDArray[np.int16]) -> NDArray[np.uint8]:
        """What a table (N values from 0 to 255) says of each pixel of this picture, uint8 H×W."""
        small = table.astype(np.uint8)
        found = np.empty(pixels.shape[:2], np.uint8)
        for rows in bands(pixels.shape):
            found[rows] = small[self.numbers(pixels[rows])]
        return found


def packed_colours(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Colours uint8 …×3 as one number each, below 2²⁴."""
    packed = pixels[..., 0].astype(np.intp)
    for channel in (1, 2):
        packed <<= 8
        packed |= pixels[..., channel]
    return packed
