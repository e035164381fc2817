"""Layers that come back from a paint program: the picture and its map out of an OpenRaster file."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.label_files import LabelFile
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.open_raster_layers import read_layer
from pixelguide.photo.framing import Frame, Placement
from pixelguide.photo.map_sizes import reduced_map
from pixelguide.photo.photograph import Photograph

ORIGINAL = "Original"
"""What `edit_layers` calls the layer of the picture before the edit."""


@dataclass(frozen=True)
class Layers:
    """original: uint8 H×W×3, or H×W×4 where it is transparent. label_map: S×S. frame: the square of
    the original that the map is of; None where the original has the map's size."""

    original: NDArray[np.uint8]
    label_map: LabelMap
    frame: Frame | None

    @classmethod
    def read(cls, body: bytes, labels: LabelSet, size: int) -> Layers:
        """The layers of a file as `open_raster` writes it. Raises InputError as `read_layer` and
        `LabelMap.from_file` do."""
        original = read_layer(io.BytesIO(body), "layers", ORIGINAL)
        if (original[..., 3] == 255).all():
            original = np.ascontiguousarray(original[..., :3])
        drawn = LabelMap.from_file(LabelFile.decode(body, "layers"), labels)
        if original.shape[:2] == (size, size):
            return cls(original, drawn, None)
        frame = part_drawn(drawn)
        return cls(original, reduced_to(drawn, frame, size), frame)


def part_drawn(drawn: LabelMap) -> Frame:
    """The smallest square around what a map (H×W) has labels for; where it ends at a border of the
    picture, the square reaches beyond that. Some pixel has a label, see `read_layer`."""
    given = drawn.ids != IGNORE
    rows, columns = (np.flatnonzero(given.any(axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    side = max(height, width)
    x = left + width - side if left == 0 else left
    y = top + height - side if top == 0 else top
    return Frame(x, y, side)


def reduced_to(drawn: LabelMap, frame: Frame, size: int) -> LabelMap:
    """The part `frame` of a map (H×W) at the model's size S; `IGNORE` where it has no label. Raises
    InputError as `Placement` does."""
    canvas = Photograph(np.zeros((*drawn.ids.shape, 1), np.uint8))
    nothing = LabelMap(np.full((size, size), IGNORE, np.uint8), drawn.labels)
    return reduced_map(Placement(canvas, frame, size), drawn, nothing)
