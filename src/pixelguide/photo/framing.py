"""Where the model's square lies in a photograph: out of it, and onto its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.photo.photograph import Photograph

Point = tuple[float, float]
SMALLEST_SHARE = 0.25
"""Of the model's side: a smaller crop has too few pixels for the model to see anything."""
INSIDE_SHARE = 0.5
"""Of the square that must lie in the picture; the rest is mirrored at its edges."""


@dataclass(frozen=True)
class Frame:
    """A square in a picture, maybe turned.

    x, y: its top left corner, in pixels of the upright picture, whose first pixel covers [0, 1) ×
    [0, 1). size: its side in pixels. angle: degrees by which it is turned about that corner,
    clockwise as seen.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.size, self.angle)
        if not all(math.isfinite(value) for value in values) or self.size <= 0:
            raise InputError(f"crop {self}", hint="Give x,y,size in pixels, or x,y,size,angle.")

    def __str__(self) -> str:
        values = (self.x, self.y, self.size, *((self.angle,) if self.angle else ()))
        return ",".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in values)

    @classmethod
    def parse(cls, text: str) -> Frame:
        """The frame of "x,y,size" or "x,y,size,angle"; InputError for anything else."""
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        if len(values) not in (3, 4):
            raise InputError(f"crop '{text}'", hint="Give x,y,size in pixels, or auto.")
        return cls(*values)

    @classmethod
    def whole(cls, width: int, height: int) -> Frame:
        """All of a square picture; InputError, saying what to give, for another."""
        if width != height:
            raise InputError(
                f"{width}×{height} pixels are no square",
                "crop",
                "Say which part to edit: --crop x,y,size or, for faces, --eyes x1,y1,x2,y2.",
            )
        return cls(0, 0, width)

    @classmethod
    def from_eyes(cls, eyes: tuple[Point, Point], places: tuple[Point, Point]) -> Frame:
        """The frame in which two points of the picture (pixels) lie at `places` (shares of the
        side): shifted, scaled, turned. The leftmost eye comes first, in whichever order they are
        given. InputError when they are one point."""
        first, second = (complex(*eye) for eye in sorted(eyes))
        left, right = (complex(*place) for place in sorted(places))
        if first == second or left == right:
            raise InputError("both eyes at one place", "eyes", "Give x1,y1,x2,y2 in pixels.")
        turn = (second - first) / (right - left)  # scale and rotation, as a complex number
        corner = first - turn * left
        values = (corner.real, corner.imag, abs(turn), math.degrees(np.angle(turn)))
        return cls(*(round(float(value), 6) for value in values))  # as `str` writes them

    def to_json(self) -> dict[str, float]:
        """As reports state it: what `Frame(**content)` makes again."""
        return {"x": self.x, "y": self.y, "size": self.size, "angle": self.angle}

    @classmethod
    def from_json(cls, content: Any, where: str) -> Frame:
        """What `to_json` gave; InputError naming `where` for anything else."""
        try:
            return cls(**{name: float(content[name]) for name in ("x", "y", "size", "angle")})
        except (TypeError, ValueError, KeyError, OverflowError):
            raise InputError("not a frame", where, "Give --crop again.") from None


class Placement:
    """A frame in a photograph, for a model of `side`² pixels.

    Model coordinates run from 0 to `side` on both axes; model pixel (i, j) covers [j, j + 1) ×
    [i, i + 1). A pixel of the photograph belongs to the model pixel in which its centre lies.
    Raises InputError for a frame that is too small or lies too far outside.
    """

    def __init__(self, photograph: Photograph, frame: Frame, side: int) -> None:
        self.photograph, self.frame, self.side = photograph, frame, side
        if frame.size < SMALLEST_SHARE * side:
            raise InputError(
                f"a crop of {frame.size:.0f} pixels for a model of {side}", "crop", "Take more."
            )
        turn = math.radians(frame.angle)
        self._cos, self._sin = math.cos(turn), math.sin(turn)
        if not float(frame.angle) % 90:  # no rounding errors where there need be none
            self._cos, self._sin = round(self._cos), round(self._sin)
        self._scale = side / frame.size
        self.inside_share = self._share_inside()
        """Of the frame, that lies in the picture."""
        if self.inside_share < INSIDE_SHARE:
            raise InputError(
                f"only {self.inside_share:.0%} of the crop lie in the picture",
                "crop",
                f"At least {INSIDE_SHARE:.0%} must; the picture has {photograph.size[0]}×"
                f"{photograph.size[1]} pixels.",
            )

    @property
    def is_whole(self) -> bool:
        """Whether the frame is all of the picture, so that nothing lies around it."""
        width, height = self.photograph.size
        return self.frame == Frame(0, 0, width) and width == height

    def extract(self) -> NDArray[np.uint8]:
        """The part of the picture in the frame as the model's picture: uint8 S×S×3.

        Reduced by Lanczos; what sticks out of the picture is mirrored at its edges.
        """
        frame = self.frame
        corners = self.to_picture(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * float(self.side))
        left, top = (math.floor(value) for value in corners.min(0) + 1e-9)
        right, bottom = (math.ceil(value) for value in corners.max(0) - 1e-9)
        image = Image.fromarray(self._mirrored(left, top, right, bottom))
        size = (self.side, self.side)
        if not self._sin and self._cos == 1:
            x, y = frame.x - left, frame.y - top
            box = (x, y, min(x + frame.size, image.width), min(y + frame.size, image.height))
            return np.array(image.resize(size, Image.Resampling.LANCZOS, box))
        fine = self.side * max(1, round(frame.size / self.side))
        # from coordinates of the finer square to those of the image
        a, b = frame.size / fine * self._cos, frame.size / fine * self._sin
        turn = (a, -b, frame.x - left, b, a, frame.y - top)
        turned = image.transform(
            (fine, fine), Image.Transform.AFFINE, turn, Image.Resampling.BICUBIC
        )
        return np.array(turned.resize(size, Image.Resampling.LANCZOS))

    def to_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Model coordinates N×2 (x, y) as coordinates of the picture."""
        x, y = points.T / self._scale
        return np.stack(
            [
                self.frame.x + self._cos * x - self._sin * y,
                self.frame.y + self._sin * x + self._cos * y,
            ],
            axis=-1,
        )

    def affine(self, left: int, top: int, zoom: float = 1.0) -> tuple[float, ...]:
        """Pillow's coefficients from pixels of a window at (left, top) of the picture to model
        coordinates times `zoom`."""
        k = self._scale * zoom
        dx, dy = left - self.frame.x, top - self.frame.y
        return (
            k * self._cos, k * self._sin, k * (self._cos * dx + self._sin * dy),
            -k * self._sin, k * self._cos, k * (self._cos * dy - self._sin * dx),
        )  # fmt: skip

    def window(self, region: NDArray[np.bool_]) -> tuple[int, int, int, int]:
        """(left, top, right, bottom): the pixels of the picture around `region` (bool S×S), which
        may be none."""
        rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
        if not len(rows):
            return (0, 0, 0, 0)
        xs, ys = (columns[0], columns[-1] + 1.0), (rows[0], rows[-1] + 1.0)
        corners = self.to_picture(np.array([[x, y] for x in xs for y in ys], float))
        (left, top), (right, bottom) = np.floor(corners.min(0)), np.ceil(corners.max(0))
        width, height = self.photograph.size
        left, right = (int(min(max(value, 0), width)) for value in (left, right))
        top, bottom = (int(min(max(value, 0), height)) for value in (top, bottom))
        return (left, top, right, bottom) if left < right and top < bottom else (0, 0, 0, 0)

    def model_pixels(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.int32]:
        """The model pixel of each pixel of a window, row · S + column: int32 h×w; -1 outside."""
        a, b, c, d, e, f = self.affine(left, top)
        x = np.arange(right - left) + 0.5
        y = np.arange(bottom - top)[:, None] + 0.5
        column, row = np.floor(a * x + b * y + c), np.floor(d * x + e * y + f)
        inside = (column >= 0) & (column < self.side) & (row >= 0) & (row < self.side)
        return np.where(inside, row * self.side + column, -1).astype(np.int32)

    def in_photograph(self, margin: int) -> NDArray[np.bool_]:
        """Which model pixels, and of `margin` around them, have their centres in the photograph:
        bool (S+2·margin)×(S+2·margin)."""
        axis = np.arange(-margin, self.side + margin) + 0.5
        x, y = self.to_picture(np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)).T
        width, height = self.photograph.size
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        shown: NDArray[np.bool_] = inside.reshape(len(axis), len(axis))
        return shown

    def region(self, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """`region` (bool S×S) in the whole picture: bool H×W."""
        width, height = self.photograph.size
        whole = np.zeros((height, width), np.bool_)
        for left, top, right, bottom in self.bands(self.window(region)):
            index = self.model_pixels(left, top, right, bottom)
            whole[top:bottom, left:right] = np.append(region.ravel(), False)[index]
        return whole

    @staticmethod
    def bands(window: tuple[int, int, int, int], pixels: int = 1 << 19) -> list[tuple[int, ...]]:
        """A window in parts of about so many pixels, one below the other."""
        left, top, right, bottom = window
        rows = max(1, pixels // max(1, right - left))
        return [
            (left, first, right, min(first + rows, bottom)) for first in range(top, bottom, rows)
        ]

    def _share_inside(self) -> float:
        """The share of model pixels whose centres lie in the picture."""
        return float(self.in_photograph(0).mean())

    def _mirrored(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
        """A window that may reach beyond the picture, as the model sees it: uint8 h×w×3."""
        width, height = self.photograph.size
        rows = slice(max(0, top), min(height, bottom))
        columns = slice(max(0, left), min(width, right))
        part = self.photograph.rgb(rows, columns)
        beyond = (
            (rows.start - top, bottom - rows.stop),
            (columns.start - left, right - columns.stop),
            (0, 0),
        )
        return np.ascontiguousarray(
            np.pad(part, beyond, "symmetric") if any(map(any, beyond)) else part
        )
