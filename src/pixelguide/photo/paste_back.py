"""From an edit at the model's size to the photograph: only the change goes back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.colours import LUMA
from pixelguide.guidance.recolouring import Recolouring
from pixelguide.guidance.region import dilate
from pixelguide.photo.class_chroma import Chroma, chroma_of
from pixelguide.photo.detail import ZOOM, FinerDetail
from pixelguide.photo.framing import Placement
from pixelguide.photo.grain import Tile, tiled
from pixelguide.photo.photograph import Pixels
from pixelguide.photo.seam import without_border_step

KEPT, REPLACED = 4.0, 24.0
"""Changes (of 255, the largest channel's) up to which the photograph keeps its texture, and from
which on it has none of it left."""


@dataclass(frozen=True)
class Patch:
    """New pixels for a window of a photograph: `pixels` h×w×C from (left, top) on."""

    pixels: Pixels
    left: int
    top: int

    def onto(self, pixels: Pixels) -> Pixels:
        """A copy of `pixels` (H×W×C) with the patch in place."""
        whole = pixels.copy()
        self.into(whole)
        return whole

    def into(self, pixels: Pixels) -> None:
        """Put the patch in its place in `pixels` (H×W×C), which changes."""
        height, width = self.pixels.shape[:2]
        pixels[self.top : self.top + height, self.left : self.left + width] = self.pixels


def put_back(
    placement: Placement,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    roi: NDArray[np.bool_],
    feather: int,
    lightness: bool = False,
    noise: Tile | None = None,
    chroma: Chroma | None = None,
    detail: FinerDetail | None = None,
    dyes: Recolouring | None = None,
) -> Patch:
    """The photograph with the change from `before` to `after` (uint8 S×S×3) inside `roi` (S×S).

    To every pixel p of the ROI comes w (Δ − m (p − b)): Δ is the change and b the picture before,
    both enlarged, so that p − b is the texture that only the photograph has. Where the edit changed
    nothing, m = 0 and the pixel keeps its texture, to the bit if Δ = 0; where it changed much,
    m = 1 and nothing of what was there shines through. w rises from 0 at the border of the ROI to 1
    at `feather` + 1/2 model pixels inside, and Δ is 0 at that border (see `without_border_step`)
    unless `feather` is. Pixels outside the ROI are copied.

    lightness: p, b and Δ are lightness alone, and every pixel keeps its colour but for `chroma`.
    detail: of the picture after (float32 S×S×3) and how far it replaced the texture (float32 S×S),
    what the enlarged change lacks there: float32 2S×2S×3.
    noise: the photograph's own, which comes where its texture went, so that its strength stays.
    dyes: first the photograph and the picture before are recoloured, and then changed: a class in
    another colour keeps its texture.
    """
    if dyes is not None:
        before = dyes(before)
    if lightness:
        before, after = grey(before), grey(after)
    change = after.astype(np.float32) - before
    if feather:
        change = without_border_step(change, roi, placement.in_photograph(1), feather)
    much = _grown_maximum(np.abs(change).max(-1))
    much = np.clip((much - KEPT) / (REPLACED - KEPT), 0, 1)
    much = much * much * (3 - 2 * much)
    weight = _inner_weight(roi, feather, placement)
    finer = None
    if detail is not None:
        finer = detail(before + change, (much * weight[1::2, 1::2]).astype(np.float32))
    window = placement.window(roi)
    left, top, right, bottom = window
    photograph = placement.photograph
    patch = photograph.pixels[top:bottom, left:right].copy()
    inside = np.append(roi.ravel(), False)
    for part in placement.bands(window):
        rows, columns = slice(part[1], part[3]), slice(left, right)
        enlarged = _Enlarging(placement, part)
        seen = photograph.rgb(rows, columns)
        w = enlarged(weight, Image.Resampling.BILINEAR, 2.0, 0.5)
        w = np.where(inside[placement.model_pixels(*part)], w * w * (3 - 2 * w), 0)
        # the texture goes later than the change sets in, or its end would be a line
        m = w * np.clip(enlarged(much, Image.Resampling.BILINEAR), 0, 1)
        dyed = seen.astype(np.float32)
        if dyes is not None:
            new = dyes.dyed(dyed, partial(enlarged, how=Image.Resampling.BILINEAR))
            dyed = np.where(inside[placement.model_pixels(*part)][..., None], new, dyed)
        p = np.rint(dyed @ LUMA)[..., None] if lightness else dyed
        added = np.empty(seen.shape, np.float32)
        for channel in range(1 if lightness else 3):
            texture = p[..., channel] - enlarged(before[..., channel].astype(np.float32))
            added[..., channel] = w * (enlarged(change[..., channel]) - m * texture)
            if finer is not None:
                added[..., channel] += m * enlarged(finer[..., channel], zoom=ZOOM)
        if lightness:
            added[..., 1:] = added[..., :1]
        if noise is not None:  # variances add up: what is left of the texture, and this
            given = tiled(noise, rows, columns)
            given = (given @ LUMA)[..., None] if lightness else given
            added += np.sqrt(1 - (1 - w * m) ** 2)[..., None] * given
        if chroma is not None:
            share = (w * np.clip(enlarged(chroma.share, Image.Resampling.BILINEAR), 0, 1))[
                ..., None
            ]
            wanted = np.stack([enlarged(chroma.colours[..., c]) for c in range(3)], -1)
            added += share * (wanted - chroma_of(dyed))
        if dyes is not None:
            added += dyed - seen
        _add(patch[rows.start - top : rows.stop - top], added)
    return Patch(patch, left, top)


@dataclass(frozen=True)
class _Enlarging:
    """Planes of the model's size (float32) as a band of the photograph sees them."""

    placement: Placement
    part: tuple[int, ...]

    def __call__(
        self,
        plane: NDArray[np.float32],
        how: Image.Resampling = Image.Resampling.BICUBIC,
        zoom: float = 1.0,
        offset: float = 0.0,
    ) -> NDArray[np.float32]:
        left, top, right, bottom = self.part
        a, b, c, d, e, f = self.placement.affine(left, top, zoom)
        coefficients = (a, b, c + offset, d, e, f + offset)
        image = Image.fromarray(plane)
        size = (right - left, bottom - top)
        return np.asarray(image.transform(size, Image.Transform.AFFINE, coefficients, how))


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lightness of uint8 …×3, three times: uint8 …×3. Grey pictures stay as they are."""
    lightness: NDArray[np.uint8] = np.rint(image @ LUMA).astype(np.uint8)
    return lightness[..., None].repeat(3, axis=-1)


def _add(pixels: Pixels, added: NDArray[np.float32]) -> None:
    """Add changes (h×w×3, of 255) to the colours of `pixels` (h×w×C) but for invisible ones."""
    colours = pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., :1]
    if colours.shape[2] == 1:
        added = (added @ LUMA)[..., None]
    if pixels.dtype == np.uint16:
        added = added * 257
    highest = np.iinfo(pixels.dtype).max
    new = np.clip(np.rint(colours + added), 0, highest).astype(pixels.dtype)
    if pixels.shape[2] in (2, 4):
        new = np.where(pixels[..., -1:] > 0, new, colours)
    colours[...] = new


def _grown_maximum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The highest of each pixel's 3×3 neighbourhood: texture ends where an edge came near."""
    padded = np.pad(values, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    highest: NDArray[np.float32] = windows.max((2, 3))
    return highest


def _inner_weight(
    roi: NDArray[np.bool_], feather: int, placement: Placement
) -> NDArray[np.float32]:
    """How much of the change is taken, at corners, edges and centres of the model's pixels:
    float32 (2S+1)×(2S+1), 0 on the border of the ROI and everywhere outside.

    The mean over the ROI and its erosions by 1 … `feather` - 1 pixels of what is 1 at the points
    all of whose pixels belong to it. Where the photograph ends, the ROI has no border, because
    nothing of the picture lies beyond.
    """
    steps = max(1, feather)
    wide = np.where(
        placement.in_photograph(steps + 1), np.pad(roi, steps + 1), np.pad(roi, steps + 1, "edge")
    )
    total = np.zeros((2 * roi.shape[0] + 1, 2 * roi.shape[1] + 1), np.float32)
    for erosion in range(steps):
        inner = ~dilate(~wide, erosion)
        # quarters of pixels; from the half pixel before the square to the one behind it
        quarters = inner.repeat(2, 0).repeat(2, 1)[2 * steps + 1 :, 2 * steps + 1 :]
        quarters = quarters[: len(total) + 1, : len(total) + 1]
        total += quarters[:-1, :-1] & quarters[1:, :-1] & quarters[:-1, 1:] & quarters[1:, 1:]
    return (total / steps).astype(np.float32)
