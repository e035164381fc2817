"""Implicit shapes and the layered canvas they are painted on.

Lengths are in *units*: the picture is 64 units wide whatever its size in pixels. A shape is an
array of signed distances in units, negative inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pixelguide.portraits.colors import Rgb

Field = NDArray[np.float32]
"""A float32 array over a window of the canvas, shape (h, w)."""

Tones = tuple[Field, Field, Field]
"""A colour for every sample of a window: its red, green and blue planes."""

UNITS = 64.0


@lru_cache(maxsize=8)
def _axis(samples: int) -> Field:
    """Sample centres along one side, in units; shape (samples,), read-only."""
    axis = ((np.arange(samples, dtype=np.float32) + 0.5) * (UNITS / samples)).astype(np.float32)
    axis.setflags(write=False)
    return axis


@dataclass(frozen=True, slots=True)
class Frame:
    """A rotated, scaled, shifted coordinate system on the picture.

    (`cx`, `cy`) is its origin in units, `tilt` its rotation in radians, `scale` its magnification.
    """

    cx: float
    cy: float
    tilt: float = 0.0
    scale: float = 1.0

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """The picture position (units) of the frame point (x, y)."""
        c, s = math.cos(self.tilt) * self.scale, math.sin(self.tilt) * self.scale
        return self.cx + c * x - s * y, self.cy + s * x + c * y


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of the canvas with frame coordinates; painting on it changes the canvas.

    `rgb` is a (3, h, w) float32 view, `ids` a (h, w) uint8 view, `x` and `y` broadcast to (h, w).
    """

    rgb: Field
    ids: NDArray[np.uint8]
    x: Field
    y: Field
    sample: float

    def fill(self, shape: Field, colour: Rgb | Tones, label: int | None = None) -> None:
        """Paint the inside of `shape`; with `label`, also write it into the label map."""
        self.tint(cover(shape, self.sample), colour)
        if label is not None:
            self.ids[shape < 0] = label

    def tint(self, alpha: Field, colour: Rgb | Tones) -> None:
        """Blend `colour` over the window with opacity `alpha` (0..1); labels stay."""
        for k in range(3):
            plane = self.rgb[k]
            plane += alpha * (colour[k] - plane)


class Canvas:
    """The supersampled picture under construction: colours (3, n, n) and labels (n, n)."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.rgb: Field = np.zeros((3, samples, samples), np.float32)
        self.ids: NDArray[np.uint8] = np.zeros((samples, samples), np.uint8)

    def patch(self, frame: Frame, x0: float, y0: float, x1: float, y1: float) -> Patch:
        """The window around the frame box (x0, y0)-(x1, y1), with the frame's coordinates."""
        corners = [frame.to_picture(x, y) for x in (x0, x1) for y in (y0, y1)]
        step = UNITS / self.samples
        columns = self._slice([c[0] / step for c in corners])
        rows = self._slice([c[1] / step for c in corners])
        axis = _axis(self.samples)
        px = axis[columns][None, :] - np.float32(frame.cx)
        py = axis[rows][:, None] - np.float32(frame.cy)
        c, s = math.cos(frame.tilt) / frame.scale, math.sin(frame.tilt) / frame.scale
        x = (np.float32(c) * px + np.float32(s) * py).astype(np.float32)
        y = (np.float32(c) * py - np.float32(s) * px).astype(np.float32)
        return Patch(self.rgb[:, rows, columns], self.ids[rows, columns], x, y, step)

    def _slice(self, ends: list[float]) -> slice:
        low = min(self.samples, max(0, math.floor(min(ends))))
        return slice(low, max(low, min(self.samples, math.ceil(max(ends)) + 1)))


def cover(shape: Field, sample: float) -> Field:
    """Opacity of `shape` with a one-sample soft edge."""
    alpha: Field = np.clip(0.5 - shape / np.float32(sample), 0.0, 1.0)
    return alpha


def ellipse(x: Field, y: Field, rx: float, ry: float) -> Field:
    """Approximate signed distance to an axis-aligned ellipse about the origin."""
    u, v = x / np.float32(rx), y / np.float32(ry)
    r = np.sqrt(u * u + v * v)
    g = np.sqrt((u / np.float32(rx)) ** 2 + (v / np.float32(ry)) ** 2) + np.float32(1e-6)
    d: Field = r * (r - 1.0) / g
    return d


def rounded_box(x: Field, y: Field, rx: float, ry: float, radius: float) -> Field:
    """Signed distance to a box of half sides `rx`, `ry` with corner `radius`."""
    qx = np.abs(x) - np.float32(rx - radius)
    qy = np.abs(y) - np.float32(ry - radius)
    outside = np.sqrt(np.maximum(qx, 0) ** 2 + np.maximum(qy, 0) ** 2)
    d: Field = outside + np.minimum(np.maximum(qx, qy), 0) - np.float32(radius)
    return d


def segment(x: Field, y: Field, a: tuple[float, float], b: tuple[float, float], r: float) -> Field:
    """Signed distance to a capsule of radius `r` from `a` to `b`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    d: Field = np.sqrt((x - a[0] - t * dx) ** 2 + (y - a[1] - t * dy) ** 2) - np.float32(r)
    return d


def polygon(x: Field, y: Field, corners: tuple[tuple[float, float], ...]) -> Field:
    """Distance to a convex polygon whose corners go clockwise on screen (x right, y down)."""
    d: Field = np.full(np.broadcast_shapes(x.shape, y.shape), -np.inf, np.float32)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.hypot(bx - ax, by - ay)
        nx, ny = (by - ay) / length, (ax - bx) / length
        side = (x - np.float32(ax)) * np.float32(nx) + (y - np.float32(ay)) * np.float32(ny)
        np.maximum(d, side, out=d)
    return d


def smooth_union(a: Field, b: Field, k: float) -> Field:
    """Union of two shapes, blended over `k` units where they meet."""
    h = np.maximum(np.float32(k) - np.abs(a - b), 0) / np.float32(k)
    d: Field = np.minimum(a, b) - h * h * np.float32(k * 0.25)
    return d


def smoothstep(low: float, high: float, v: Field) -> Field:
    """0 below `low`, 1 above `high`, smooth between (`low` > `high` reverses)."""
    t = np.clip((v - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    s: Field = t * t * (3.0 - 2.0 * t)
    return s


def power(v: Field, exponent: np.float32 | Field) -> Field:
    """`v ** exponent` for v >= 0; much faster in float32 than numpy's own power."""
    raised: Field = np.exp(np.log(v + np.float32(1e-7)) * exponent)
    return raised


def bell(x: Field, y: Field, rx: float, ry: float) -> Field:
    """A soft blob about the origin: 1 in the middle, about 0.37 at radius (rx, ry)."""
    b: Field = np.exp(-((x / np.float32(rx)) ** 2 + (y / np.float32(ry)) ** 2))
    return b


def ramp(amount: Field, dark: Rgb, base: Rgb, light: Rgb) -> Tones:
    """Colours for every sample: `dark` at -1, `base` at 0, `light` at 1, straight between."""
    up: Field = np.clip(amount, 0.0, 1.0)
    down: Field = np.clip(-amount, 0.0, 1.0)

    def plane(k: int) -> Field:
        blend: Field = down * np.float32(dark[k] - base[k])
        blend += up * np.float32(light[k] - base[k])
        blend += np.float32(base[k])
        return blend

    return plane(0), plane(1), plane(2)
