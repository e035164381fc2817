"""Parts that an edit moves keep their look: an eye that turns has its pupil and highlight still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.labels import LabelMap

RATIO = 1.3  # of height, width or area: a part that changes more has changed its shape, not place
REACH = 4  # a part moves by at most this share of the picture's side: 1 / REACH
STAYS = 0.75
"""Intersection over union of a part's old and new outline from which on it stays where it is. Hair
that grows over a forehead does: its old box, scaled to the new one, would bring the old hairline
along, and the skin that the map counts as hair."""
_TOUCHING = np.ones((3, 3), bool)  # pixels that meet at a corner belong to one part

Box = tuple[slice, slice]
"""Rows and columns."""


def with_moved_parts(
    guide: NDArray[np.uint8],
    image: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    classes: Sequence[str],
    roi: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """`guide` with the pixels of `image` (both uint8 S×S×3) in parts that only moved.

    A part is a connected region of one of the edited `classes`. Where a part of `target` has nearly
    the size and shape of the nearest one in `source`, and lies elsewhere, it takes that part's
    pixels, box scaled to box, inside `roi` (bool S×S). All others stay as `guide` has them.
    """
    moved = guide.copy()
    for label in target.labels.ids(classes):
        masks = [each.ids == label for each in (source, target)]
        if not all(mask.any() for mask in masks):  # nothing that could have moved
            continue
        old, new = map(_Parts.of, masks)
        for own in range(len(new.boxes)):
            apart = np.hypot(*(old.centres - new.centres[own]).T)
            nearest = int(apart.argmin())
            growth = new.sizes[own] / old.sizes[nearest]
            alike = (np.maximum(growth, 1 / growth) <= RATIO).all()
            to, of = new.boxes[own], old.boxes[nearest]
            both = _around(of, to)
            before, after = old.numbered[both] == nearest + 1, new.numbered[both] == own + 1
            stays = (before & after).sum() >= STAYS * (before | after).sum()
            if alike and not stays and apart[nearest] <= len(image) / REACH:
                here = new.numbered[to] == own + 1
                taken = _taken(image[of], old.numbered[of] == nearest + 1, here)
                moved[to][here & roi[to]] = taken[roi[to][here]]
    return moved


@dataclass(frozen=True)
class _Parts:
    """The K connected parts of a mask. numbered: int S×S, part k has k + 1. boxes: rows and columns
    around each. centres: K×2, of gravity. sizes: K×3, height, width and area in pixels."""

    numbered: NDArray[np.int32]
    boxes: list[Box]
    centres: NDArray[np.float64]
    sizes: NDArray[np.float64]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> _Parts:
        from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

        numbered, count = ndimage.label(mask, _TOUCHING)
        boxes = ndimage.find_objects(numbered, count)
        numbers = np.arange(1, count + 1)
        centres = np.reshape(ndimage.center_of_mass(mask, numbered, numbers), (count, 2))
        areas = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
        sizes = [
            (rows.stop - rows.start, columns.stop - columns.start, area)
            for (rows, columns), area in zip(boxes, areas, strict=True)
        ]
        return cls(numbered, boxes, centres, np.reshape(np.array(sizes, np.float64), (count, 3)))


def _around(one: Box, other: Box) -> Box:
    """The box around two others."""
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return rows, columns


def _taken(
    image: NDArray[np.uint8], old: NDArray[np.bool_], new: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Colours for the P pixels of `new` (bool h×w), uint8 P×3, from the same places in `old` (bool
    H×W, of `image` uint8 H×W×3), bilinearly. Each is a part in the box around it.

    What surrounds the old part does not come along: beyond its rim its nearest pixel counts.
    """
    from scipy import ndimage

    positions = [
        (own + 0.5) / side * old_side - 0.5
        for own, side, old_side in zip(np.nonzero(new), new.shape, old.shape, strict=True)
    ]
    rows, columns = ndimage.distance_transform_edt(
        ~old, return_distances=False, return_indices=True
    )
    continued = image[rows, columns].astype(np.float64)
    colours = [
        ndimage.map_coordinates(channel, positions, order=1, mode="nearest")
        for channel in np.moveaxis(continued, -1, 0)
    ]
    return np.round(np.stack(colours, -1)).astype(np.uint8)
