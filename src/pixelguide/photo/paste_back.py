"""From an edit at the model's size to the photograph: only the change goes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.guidance.region import dilate
from pixelguide.photo.framing import Placement
from pixelguide.photo.photograph import Pixels

KEPT, REPLACED = 4.0, 24.0
"""Changes (of 255, the largest channel's) up to which the photograph keeps its texture, and from
which on it has none of it left."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


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
) -> Patch:
    """The photograph with the change from `before` to `after` (uint8 S×S×3) inside `roi` (S×S).

    To every pixel p of the ROI comes w (Δ − m (p − b)): Δ is the change and b the picture before,
    both enlarged, so that p − b is the texture that only the photograph has. Where the edit changed
    nothing, m = 0 and the pixel keeps its texture, to the bit if Δ = 0; where it changed much,
    m = 1 and nothing of what was there shines through. w rises from 0 at the border of the ROI to 1
    at `feather` + 1/2 model pixels inside. Pixels outside the ROI are copied.

    lightness: p, b and Δ are lightness alone, and every pixel keeps its colour.
    """
    if lightness:
        before, after = grey(before), grey(after)
    change = after.astype(np.float32) - before
    much = _grown_maximum(np.abs(change).max(-1))
    much = np.clip((much - KEPT) / (REPLACED - KEPT), 0, 1)
    much = much * much * (3 - 2 * much)
    weight = _inner_weight(roi, feather, placement.is_whole)
    window = placement.window(roi)
    left, top, right, bottom = window
    photograph = placement.photograph
    patch = photograph.pixels[top:bottom, left:right].copy()
    inside = np.append(roi.ravel(), False)
    for part in placement.bands(window):
        rows = slice(part[1], part[3])
        index = placement.model_pixels(*part)

        def enlarged(
            plane: NDArray[np.float32],
            how: Image.Resampling = Image.Resampling.BICUBIC,
            zoom: float = 1.0,
            offset: float = 0.0,
            part: tuple[int, ...] = part,
        ) -> NDArray[np.float32]:
            a, b, c, d, e, f = placement.affine(part[0], part[1], zoom)
            size = (part[2] - part[0], part[3] - part[1])
            coefficients = (a, b, c + offset, d, e, f + offset)
            image = Image.fromarray(plane)
            return np.asarray(image.transform(size, Image.Transform.AFFINE, coefficients, how))

        seen = photograph.rgb(rows, slice(left, right))
        if lightness:
            seen = grey(seen)
        w = enlarged(weight, Image.Resampling.BILINEAR, 2.0, 0.5)
        w = np.where(inside[index], w, 0)
        m = np.clip(enlarged(much, Image.Resampling.BILINEAR), 0, 1)
        added = np.empty(seen.shape, np.float32)
        for channel in range(1 if lightness else 3):
            texture = seen[..., channel] - enlarged(before[..., channel].astype(np.float32))
            added[..., channel] = w * (enlarged(change[..., channel]) - m * texture)
        if lightness:
            added[..., 1:] = added[..., :1]
        target = patch[rows.start - top : rows.stop - top]
        _add(target, added)
    return Patch(patch, left, top)


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lightness of uint8 …×3, three times: uint8 …×3. Grey pictures stay as they are."""
    lightness: NDArray[np.uint8] = np.rint(image @ _LUMA).astype(np.uint8)
    return lightness[..., None].repeat(3, axis=-1)


def _add(pixels: Pixels, added: NDArray[np.float32]) -> None:
    """Add changes (h×w×3, of 255) to the colours of `pixels` (h×w×C) but for invisible ones."""
    colours = pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., :1]
    if colours.shape[2] == 1:
        added = (added @ _LUMA)[..., None]
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


def _inner_weight(roi: NDArray[np.bool_], feather: int, to_the_edge: bool) -> NDArray[np.float32]:
    """How much of the change is taken, at corners, edges and centres of the model's pixels:
    float32 (2S+1)×(2S+1), 0 on the border of the ROI and everywhere outside.

    The mean over the ROI and its erosions by 1 … `feather` - 1 pixels of what is 1 at the points
    all of whose pixels belong to it. to_the_edge: the border of the square is none of the ROI's,
    because nothing of the picture lies beyond.
    """
    steps = max(1, feather)
    mode = "edge" if to_the_edge else "constant"
    wide = np.pad(roi, steps + 1, mode=mode)  # type: ignore[call-overload]
    total = np.zeros((2 * roi.shape[0] + 1, 2 * roi.shape[1] + 1), np.float32)
    for erosion in range(steps):
        inner = ~dilate(~wide, erosion)
        # quarters of pixels; from the half pixel before the square to the one behind it
        quarters = inner.repeat(2, 0).repeat(2, 1)[2 * steps + 1 :, 2 * steps + 1 :]
        quarters = quarters[: len(total) + 1, : len(total) + 1]
        total += quarters[:-1, :-1] & quarters[1:, :-1] & quarters[:-1, 1:] & quarters[1:, 1:]
    return (total / steps).astype(np.float32)
