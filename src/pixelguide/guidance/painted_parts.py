"""What was painted, and what must move with it: a region that specks in a map cannot widen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.labels import LabelMap

WIDEST = 4
"""How many times what was painted a region may be before that is no longer what was meant. Of 160
edits of portraits with their classes named, eq. 7 gives more in one (6.4 times, a hairstyle) and at
most 3 times in all but two; with a slipped brush pixel it gives 10 to 20 times."""
SPECK = 8
"""A change thinner than two pixels and smaller than the largest by this factor was not painted.
Segmenters waver where classes meet, one pixel at a time, and so they do when a photograph was saved
again; lines drawn on purpose, such as a rim of glasses, are longer."""
_TOUCHING = np.ones((3, 3), bool)  # pixels that meet at a corner belong to one part


def specks(source: LabelMap, target: LabelMap) -> NDArray[np.bool_]:
    """The pixels in which maps differ although nobody painted them: bool S×S.

    Connected changes to one class in which no square of 2×2 fits, smaller by `SPECK` times than the
    largest of all; none of one that is alone.
    """
    from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

    changed = source.ids != target.ids
    sizes = np.zeros(changed.shape, int)  # of the change that a pixel belongs to
    thick = np.zeros_like(changed)
    for label in np.unique(target.ids[changed]):
        painted = changed & (target.ids == label)
        numbered, _ = ndimage.label(painted, _TOUCHING)
        sizes[painted] = np.bincount(numbered.ravel())[numbered[painted]]
        cores = np.unique(numbered[ndimage.binary_opening(painted, np.ones((2, 2), bool))])
        thick |= painted & np.isin(numbered, cores)
    found: NDArray[np.bool_] = changed & ~thick & (SPECK * sizes < sizes.max(initial=0))
    return found


def without_specks(source: LabelMap, target: LabelMap) -> LabelMap:
    """`target` with the classes of `source` where it differs by specks alone."""
    stray = specks(source, target)
    return LabelMap(np.where(stray, source.ids, target.ids), target.labels)


def painted_parts(source: LabelMap, target: LabelMap, classes: Iterable[str]) -> NDArray[np.bool_]:
    """The pixels painted from or to one of `classes`, but for specks, and the parts that move with
    them: bool S×S.

    A part is a connected region of an edited class in either map. It moves along if painted pixels
    belong to it or touch it, and if it is at most `WIDEST` times as large as these: an eye whose
    iris was repainted does, all the hair where a strand was cut does not. Raises InputError when
    nothing was painted.
    """
    from scipy import ndimage

    target = without_specks(source, target)
    ids = source.labels.ids(tuple(classes))
    painted: NDArray[np.bool_] = source.ids != target.ids
    painted &= np.isin(source.ids, ids) | np.isin(target.ids, ids)
    if not painted.any():
        raise InputError(
            "nothing to edit: no pixel of the named classes changed", "classes", "Name others."
        )
    region = painted.copy()
    for label_map in (source, target):
        for label in ids:
            numbered, count = ndimage.label(label_map.ids == label, _TOUCHING)
            areas = np.bincount(numbered.ravel(), minlength=count + 1)
            for part, box in enumerate(ndimage.find_objects(numbered, count), 1):
                around = tuple(slice(max(0, own.start - 1), own.stop + 1) for own in box)
                here = numbered[around] == part
                near = ndimage.binary_dilation(here, _TOUCHING) & painted[around]
                if 0 < areas[part] <= WIDEST * near.sum():
                    region[around] |= here
    return region
