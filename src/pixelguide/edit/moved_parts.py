"""Parts that an edit moves keep their look: an eye that turns has its pupil and highlight still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pixelguide.labels import LabelMap

RATIO = 1.3  # of height, width or area: a part that changes more has changed its shape, not place
REACH = 4  # a part moves by at most this share of the picture's side: 1 / REACH
_TOUCHING = np.ones((3, 3), bool)  # pixels that meet at a corner belong to one part

Part = tuple[NDArray[np.bool_], tuple[slice, slice]]
"""Pixels of one connected part, bool S×S, and the box around them, rows and columns."""


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
    the size and shape of the nearest one in `source`, it takes that part's pixels, box scaled to
    box, inside `roi` (bool S×S). All others stay as `guide` has them.
    """
    moved = guide.copy()
    for label in target.labels.ids(classes):
        old = list(_parts(source.ids == label))
        for new in _parts(target.ids == label):
            nearest = min(old, key=lambda part: _distance(part, new), default=None)
            if nearest and _alike(nearest, new):
                here = new[0] & roi
                moved[here] = _taken(image, nearest, new)[here[new[0]]]
    return moved


def _parts(mask: NDArray[np.bool_]) -> Iterator[Part]:
    numbered, count = ndimage.label(mask, _TOUCHING)
    for number, box in enumerate(ndimage.find_objects(numbered, count), 1):
        yield numbered == number, box


def _distance(one: Part, other: Part) -> float:
    """Between the centres of gravity, in pixels."""
    apart = np.subtract(ndimage.center_of_mass(one[0]), ndimage.center_of_mass(other[0]))
    return float(np.hypot(*apart))


def _alike(old: Part, new: Part) -> bool:
    """Whether `new` is `old` in another place. All lengths and the area may differ by `RATIO`."""
    sizes = [
        (*(side.stop - side.start for side in box), np.count_nonzero(mask))
        for mask, box in (old, new)
    ]
    growth = np.divide(*sizes)
    near = _distance(old, new) <= len(old[0]) / REACH
    return near and bool((np.maximum(growth, 1 / growth) <= RATIO).all())


def _taken(image: NDArray[np.uint8], old: Part, new: Part) -> NDArray[np.uint8]:
    """Colours for the pixels of `new`, uint8 P×3, from the same places in `old`, bilinearly.

    What surrounds the old part does not come along: beyond its rim its nearest pixel counts.
    """
    positions = [
        (own + 0.5 - to.start) / (to.stop - to.start) * (of.stop - of.start) + of.start - 0.5
        for own, to, of in zip(np.nonzero(new[0]), new[1], old[1], strict=True)
    ]
    rows, columns = ndimage.distance_transform_edt(
        ~old[0], return_distances=False, return_indices=True
    )
    continued = image[rows, columns].astype(np.float64)
    colours = [
        ndimage.map_coordinates(channel, positions, order=1, mode="nearest")
        for channel in np.moveaxis(continued, -1, 0)
    ]
    return np.round(np.stack(colours, -1)).astype(np.uint8)
