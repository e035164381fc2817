"""Parts of another picture, a donor's, in the shape that was painted: where an edit can start.

Of each connected part the label maps give centre and second moments in both pictures. The affine
map between two normal distributions with these that moves least (Dowson and Landau, "The Fréchet
distance between multivariate normal distributions", 1982) brings one onto the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelMap

REACH = 4
"""The nearest part of the donor counts within this share of the side: 1 / REACH."""
SPECK = 0.2
"""Of the donor's largest part: smaller ones are specks of the segmenter."""
RIM = 16
"""Colours are compared in a rim of this share of the side around a part: 1 / RIM."""
ENOUGH = 16
"""Pixels that colours are compared by, at least."""
CONTRAST = 1.5
"""The donor's contrast is raised or lowered by at most this factor."""
_TOUCHING = np.ones((3, 3), bool)  # pixels that meet at a corner belong to one part
_PIXEL = np.eye(2) / 12  # the second moments of one pixel's square

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DonatedPart:
    """One part of a donor, on its way into a picture of S×S pixels.

    matrix, shift: 2×2 and 2; from rows and columns of the picture (0 … S) to the donor's. where:
    bool S×S, the pixels that take it. gain, offset: 3 and 3; of its colours (of 255).
    """

    matrix: Floats
    shift: Floats
    where: Mask
    gain: Floats
    offset: Floats

    def of(self, donor: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The donor (uint8 zS×zS×3, z times finer than the map) warped and matched in colour:
        float32 zS×zS×3 in [0, 255], all of it, not only `where`."""
        zoom = len(donor) / len(self.where)
        warped = _sampled(donor, self.matrix, self.shift * zoom, order=3)
        return np.clip(warped * self.gain + self.offset, 0, 255).astype(np.float32)


@dataclass(frozen=True)
class Donated:
    """What a donor (uint8 S×S×3) gives to an edit."""

    parts: tuple[DonatedPart, ...]
    donor: NDArray[np.uint8]

    def onto(self, guide: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """`guide` (uint8 S×S×3) with the parts in their places."""
        started = guide.copy()
        for part in self.parts:
            started[part.where] = np.rint(part.of(self.donor)[part.where]).astype(np.uint8)
        return started


def donated_parts(
    image: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    classes: Sequence[str],
    made: Mask,
    donor: NDArray[np.uint8],
    donor_map: LabelMap,
) -> Donated:
    """What the edit of `image` from `source` to `target` takes of `donor` (both uint8 S×S×3).

    Parts are those of the edited `classes` as painted in `target`; where none of these was painted
    but only what they covered, of that. A pixel of `made` (bool S×S) that both maps have in the
    part takes the donor's. In a rim around it colours are brought
    to the mean and deviation that the picture has there in pixels of the same class. Raises
    InputError if the donor shows no such part near one that was painted.
    """
    changed = made & (source.ids != target.ids)
    painted = set(map(int, np.unique(target.ids[changed]))) - {IGNORE}
    edited = set(target.labels.ids(classes))
    taken = sorted(edited if edited & painted else painted)
    wanted, shown = np.isin(target.ids, taken), np.isin(donor_map.ids, taken)
    names = " or ".join(target.labels.names[label] for label in taken)
    new = [part for part in _components(wanted) if (part & changed).any()]
    found = _components(shown)
    smallest = SPECK * max((part.sum() for part in found), default=0)
    old = [part for part in found if part.sum() >= smallest]
    if not old:
        raise InputError(f"it shows no {names}", "donor", "Give one that shows what was painted.")
    centres = np.array([_moments(part)[0] for part in old])
    parts = []
    for part in new:
        apart = np.hypot(*(centres - _moments(part)[0]).T)
        nearest = old[int(apart.argmin())]
        if apart.min() > len(image) / REACH:
            continue
        matrix, shift = _warp(part, nearest)
        ids = _nearest_ids(donor_map.ids, matrix, shift)
        inside = _nearest_ids(nearest.astype(np.uint8), matrix, shift) > 0
        same = (target.ids == ids) & ~wanted
        # not what is around it: with a mouth its beard would come along
        where = made & part & inside
        # beside an edge pixels have some of the colour behind it
        kept = same & (source.ids == target.ids) & ~dilate(part | inside, 1)
        rim = dilate(part, max(3, len(image) // RIM)) & kept
        if rim.sum() < ENOUGH:  # the part has none around it: all that both show
            rim = kept
        warped = _sampled(donor, matrix, shift, order=1)
        parts.append(DonatedPart(matrix, shift, where, *_matched(warped, image, rim)))
    if not parts:
        raise InputError(
            f"it shows no {names} near what was painted", "donor", "Give another crop or eyes."
        )
    return Donated(tuple(parts), donor)


def _components(mask: Mask) -> list[Mask]:
    from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

    numbered, count = ndimage.label(mask, _TOUCHING)
    return [numbered == k for k in range(1, count + 1)]


def _moments(part: Mask) -> tuple[Floats, Floats]:
    """Centre (2) and second moments (2×2) of a part's area, in rows and columns."""
    places = np.argwhere(part) + 0.5
    centre = places.mean(0)
    off = places - centre
    return centre, off.T @ off / len(places) + _PIXEL


def _warp(new: Mask, old: Mask) -> tuple[Floats, Floats]:
    """Matrix and shift that bring the centre and the second moments of `new` to those of `old`."""
    (at, spread), (to, wanted) = _moments(new), _moments(old)
    root = _root(spread)
    back = np.linalg.inv(root)
    matrix: Floats = back @ _root(root @ wanted @ root) @ back
    return matrix, to - matrix @ at


def _root(matrix: Floats) -> Floats:
    """The symmetric square root of a symmetric positive 2×2 matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: Floats = (vectors * np.sqrt(values)) @ vectors.T
    return root


def _sampled(
    pixels: NDArray[np.uint8], matrix: Floats, shift: Floats, order: int
) -> NDArray[np.float64]:
    """`pixels` (H×W×C) where an affine map of coordinates, which lie at pixels' corners, leads."""
    from scipy import ndimage

    offset = shift + matrix @ (0.5, 0.5) - 0.5  # pixels' centres, as SciPy counts
    planes = [
        ndimage.affine_transform(
            plane.astype(np.float64), matrix, offset, order=order, mode="nearest"
        )
        for plane in np.moveaxis(pixels, -1, 0)
    ]
    return np.stack(planes, -1)


def _nearest_ids(ids: NDArray[np.uint8], matrix: Floats, shift: Floats) -> NDArray[np.uint8]:
    return _sampled(ids[..., None], matrix, shift, order=0)[..., 0].astype(np.uint8)


def _matched(
    warped: NDArray[np.float64], image: NDArray[np.uint8], by: Mask
) -> tuple[Floats, Floats]:
    """Gain and offset that give `warped` the mean and the deviation of `image` in `by`."""
    if by.sum() < ENOUGH:
        return np.ones(3), np.zeros(3)
    of, to = warped[by], image[by].astype(np.float64)
    gain = (to.std(0) + 1) / (of.std(0) + 1)  # flat ones are flat in both: no noise is raised
    gain = gain.clip(1 / CONTRAST, CONTRAST)
    return gain, to.mean(0) - gain * of.mean(0)
