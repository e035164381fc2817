"""Other colours for classes that keep their shape: their own pixels, dyed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelguide.colours import LUMA
from pixelguide.guidance.class_colours import ClassColour
from pixelguide.labels import LabelMap

RADIUS, SHARE = 1 / 32, 1 / 8
"""Half the windows in which a matte follows the picture's edges: so much of the picture's side, and
at most so much of the side of a square as large as the class, or an iris would vanish in them."""
_SMOOTH = 1e-3
"""Variance of colours in [0, 1] below which a window counts as flat."""
_FURTHER = 12
"""Levels of 255 that a class goes beyond the colour asked for, at most and at most half the way to
black or white, to make up for its edges, which are mixed with what is beside them."""
_DARKEST = 1 / 512
"""What black counts as, and white from the other end: their odds are finite."""
_STRAY = 8
"""A part of a class smaller than its largest by this factor was misread, not meant: of the same
kind as `painted_parts.SPECK`."""

Enlarge = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A plane of the model's size, S×S, as a part of a photograph sees it, h×w."""


@dataclass(frozen=True)
class Matte:
    """How much of each pixel is the class: clip(slope · colour + offset) · within.

    slope: float32 S×S×3, offset, within: S×S, for colours in [0, 1]. Made on a small picture it
    holds for its photograph, whose finer edges it follows (the guided filter, He, Sun and Tang
    2010, eq. 19; enlarged as in He and Sun 2015, arXiv 1505.00996).
    """

    slope: NDArray[np.float32]
    offset: NDArray[np.float32]
    within: NDArray[np.float32]

    @classmethod
    def of(cls, image: NDArray[np.uint8], mask: NDArray[np.bool_], dilation: int) -> Matte:
        """From the class's pixels, bool S×S of `image` (uint8 S×S×3); it ends `dilation` pixels
        beyond them."""
        from scipy import ndimage  # takes a tenth of a second, which other edits need not wait for

        radius = min(RADIUS * len(image), SHARE * float(mask.sum()) ** 0.5)
        side = 2 * max(1, round(radius)) + 1

        def mean(plane: NDArray[np.floating]) -> NDArray[np.floating]:
            axes = (side, side, *(1,) * (plane.ndim - 2))
            smooth: NDArray[np.floating] = ndimage.uniform_filter(plane, axes, mode="nearest")
            return smooth

        guide, wanted = image / 255.0, mask.astype(np.float64)
        mu, share = mean(guide), mean(wanted)
        products = guide[..., :, None] * guide[..., None, :]
        covariance = mean(products) - mu[..., :, None] * mu[..., None, :]
        cross = mean(guide * wanted[..., None]) - mu * share[..., None]
        slope = np.linalg.solve(covariance + _SMOOTH * np.eye(3), cross[..., None])[..., 0]
        offset = share - (slope * mu).sum(-1)
        apart = ndimage.distance_transform_edt(~mask)
        within = np.clip(1 - apart / (dilation + 1), 0, 1)
        planes = mean(slope), mean(offset), within
        return cls(*(plane.astype(np.float32) for plane in planes))

    def __call__(
        self, colours: NDArray[np.float32], enlarge: Enlarge | None = None
    ) -> NDArray[np.float32]:
        """Of colours of 255 (float32 h×w×3): float32 h×w in [0, 1]. enlarge: where these are of the
        photograph."""
        larger = enlarge or (lambda plane: plane)
        share = larger(self.offset) + sum(
            larger(self.slope[..., c]) * colours[..., c] / 255 for c in range(3)
        )
        result: NDArray[np.float32] = np.clip(share, 0, 1) * np.clip(larger(self.within), 0, 1)
        return result


@dataclass(frozen=True)
class Dye:
    """One colour for another, lightness kept in its order.

    A pixel's odds y / (1 - y), of its lightness y in [0, 1], are multiplied by one factor for each
    channel (`shift`: its logarithm, 3), so that nothing leaves [0, 1] and contrast follows what is
    left of it there. What its colour is apart from the class's stays, `gain` times: at most as
    strong as it was, or the noise of black hair would be coloured in fair hair. The class's, less
    lightness, is `tint` (3) times y (1 - y): shadows and lights have little of it, and taking the
    mean from them would give them the opposite hue.
    """

    shift: tuple[float, float, float]
    tint: tuple[float, float, float]
    gain: float

    @classmethod
    def of(
        cls,
        colours: NDArray[np.float32],
        weights: NDArray[np.float32],
        wanted: NDArray[np.float64],
    ) -> Dye:
        """For `colours` of 255 (float32 n×3) whose mean, by `weights` (n), is to be `wanted`."""
        weights = weights / weights.sum()
        odds, chroma = _parts(colours)
        mean, goal = float(weights @ (colours @ LUMA)) / 255, np.clip(wanted / 255, 0.002, 0.998)
        light = float(goal @ LUMA)
        gain = min(1, light * (1 - light) / max(mean * (1 - mean), _DARKEST))
        room = _room(odds)
        tint = (weights * room) @ chroma / max(float(weights @ room**2), _DARKEST**2)
        kept = gain * (weights @ (chroma - room[:, None] * tint))
        low, high = np.full(3, -14.0), np.full(3, 14.0)
        for _ in range(40):  # the mean grows with the shift
            shift = (low + high) / 2
            below = weights @ _sigmoid(odds[:, None] + shift) + kept < goal
            low, high = np.where(below, shift, low), np.where(below, high, shift)
        red, green, blue = map(float, (low + high) / 2)
        return cls((red, green, blue), (float(tint[0]), float(tint[1]), float(tint[2])), gain)

    def __call__(self, colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colours of 255, float32 …×3, dyed."""
        odds, chroma = _parts(colours)
        dyed = _sigmoid(odds[..., None] + np.array(self.shift, np.float32))
        own = _room(odds)[..., None] * np.array(self.tint, np.float32)
        kept = np.float32(self.gain) * (chroma - own)
        result: NDArray[np.float32] = 255 * np.clip(dyed + kept, 0, 1)
        return result


@dataclass(frozen=True)
class Recolouring:
    """Dyes and where they go. strength: how much of them is let through, 0 … 1."""

    parts: tuple[tuple[Matte, Dye], ...]
    strength: float = 1.0

    def at_strength(self, strength: float) -> Recolouring:
        """The same, let through so far."""
        return replace(self, strength=strength)

    def dyed(
        self, colours: NDArray[np.float32], enlarge: Enlarge | None = None
    ) -> NDArray[np.float32]:
        """Colours of 255, float32 h×w×3; see `Matte` for `enlarge`."""
        result = colours
        for matte, dye in self.parts:
            share = self.strength * matte(colours, enlarge)[..., None]
            result = result + share * (dye(colours) - colours)
        return result

    def __call__(
        self, image: NDArray[np.uint8], enlarge: Enlarge | None = None
    ) -> NDArray[np.uint8]:
        """The same for a picture, uint8 h×w×3."""
        dyed = self.dyed(image.astype(np.float32), enlarge)
        rounded: NDArray[np.uint8] = np.rint(dyed).astype(np.uint8)
        return rounded


def recolouring(
    image: NDArray[np.uint8],
    source: LabelMap,
    target: LabelMap,
    colours: Sequence[ClassColour],
    dilation: int,
) -> Recolouring | None:
    """The dyes for what of `image` (uint8 S×S×3) keeps its class; None where that is nothing.

    colours: what is asked for. Parts of a class far smaller than its largest are misread, and stay.
    """
    parts = []
    for wanted in colours:
        mask = _without_stray(wanted.pixels(source) & (source.ids == target.ids))
        if mask.any():
            matte = Matte.of(image, mask, dilation)
            pixels = image.astype(np.float32)
            weights = np.where(mask, matte(pixels), 0)
            if not weights.sum() > 1:  # nothing but edges: the map counts
                weights = mask.astype(np.float32)
            parts.append((matte, _dye(pixels[mask], weights[mask], wanted.colour)))
    return Recolouring(tuple(parts)) if parts else None


def _dye(
    colours: NDArray[np.float32], share: NDArray[np.float32], wanted: NDArray[np.float64]
) -> Dye:
    """For the pixels of a class (of 255, float32 n×3), which it has by `share` (n): the mean of all
    of them is to be `wanted`, what is mixed with others included."""
    dye = Dye.of(colours, share, wanted)
    reached = (colours + share[:, None] * (dye(colours) - colours)).mean(0)
    lowest, highest = (np.minimum(_FURTHER, room / 2) for room in (wanted, 255 - wanted))
    return Dye.of(colours, share, wanted + np.clip(wanted - reached, -lowest, highest))


def _without_stray(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy import ndimage

    numbered, _ = ndimage.label(mask, np.ones((3, 3), bool))
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    kept: NDArray[np.bool_] = (_STRAY * sizes >= sizes.max())[numbered] & mask
    return kept


def _parts(colours: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours of 255 (…×3) as the logarithm of lightness's odds (…) and the rest, in [-1, 1]."""
    values = colours.astype(np.float32) / np.float32(255)
    light = (values @ LUMA).astype(np.float32)
    bounded = np.clip(light, _DARKEST, 1 - _DARKEST)
    odds: NDArray[np.float32] = np.log(bounded / (1 - bounded))
    return odds, values - light[..., None]


def _room(odds: NDArray[np.floating]) -> NDArray[np.floating]:
    """y (1 - y) of lightness's odds: how much colour fits there."""
    light = _sigmoid(odds)
    return light * (1 - light)


def _sigmoid(values: NDArray[np.floating]) -> NDArray[np.floating]:
    result: NDArray[np.floating] = 1 / (1 + np.exp(-values))
    return result
