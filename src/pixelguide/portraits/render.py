"""From the parameters of a portrait to its pixels and its exact label map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.portraits import body, eyes, glasses, hair, head, mouth
from pixelguide.portraits.geometry import Canvas, Frame
from pixelguide.portraits.palette import LABELS
from pixelguide.portraits.portrait import Portrait

EYE_LINE = 31.0
"""Where the head frame's origin, between the eyes, lies in the picture, in units."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendered portrait: `image` uint8 (size, size, 3) and `label_ids` uint8 (size, size)."""

    image: NDArray[np.uint8]
    label_ids: NDArray[np.uint8]


def head_frame(portrait: Portrait) -> Frame:
    """The coordinate frame of the head: origin between the eyes, x right, y down, in units."""
    return Frame(
        32.0 + portrait.shift_x,
        EYE_LINE + portrait.shift_y,
        math.radians(portrait.tilt),
        portrait.scale,
    )


def render(portrait: Portrait, size: int = 64, supersample: int = 4) -> Rendering:
    """Paint `portrait` as a `size` x `size` picture; same parameters, same bytes.

    Every pixel averages `supersample` squared samples; its label is the class that most of them
    carry (the smaller id where two tie).
    """
    canvas = Canvas(size * supersample)
    face = head_frame(portrait)
    # The body follows the head a little and does not tilt.
    trunk = Frame(32.0 + 0.6 * portrait.shift_x, EYE_LINE + 0.6 * portrait.shift_y)
    body.paint_background(canvas, portrait)
    hairdo = hair.lay_out(canvas, face, portrait)
    hair.paint_bun(canvas, face, portrait)
    if hairdo is not None:
        hair.paint_back_hair(hairdo, portrait)
    body.paint_neck(canvas, trunk, portrait)
    body.paint_clothes(canvas, trunk, portrait)
    hair.paint_tails(canvas, face, portrait)
    if not hair.covers_ears(portrait):
        head.paint_ears(canvas, face, portrait)
    head.paint_face(canvas, face, portrait)
    if hairdo is not None:
        hair.shade_under_hair(hairdo, portrait)
    head.paint_nose(canvas, face, portrait)
    mouth.paint_mouth(canvas, face, portrait)
    eyes.paint_eyes(canvas, face, portrait)
    eyes.paint_brows(canvas, face, portrait)
    glasses.paint_temples(canvas, face, portrait)
    if hairdo is not None:
        hair.paint_front_hair(hairdo, portrait)
    glasses.paint_glasses(canvas, face, portrait)
    return Rendering(_reduce(canvas, size, supersample, portrait.warmth), _majority(canvas, size))


def _reduce(canvas: Canvas, size: int, block: int, warmth: float) -> NDArray[np.uint8]:
    mean = canvas.rgb.reshape(3, size, block, size, block).mean(axis=(2, 4))
    tint = np.array([1 + 0.03 * warmth, 1.0, 1 - 0.045 * warmth], np.float32)
    image = np.clip(mean * tint[:, None, None], 0.0, 1.0) * 255.0 + 0.5
    return np.ascontiguousarray(image.astype(np.uint8).transpose(1, 2, 0))


def _majority(canvas: Canvas, size: int) -> NDArray[np.uint8]:
    block = canvas.samples // size
    ids = canvas.ids.reshape(size, block, size, block).transpose(0, 2, 1, 3)
    return majority(np.ascontiguousarray(ids).reshape(size, size, block * block))


def majority(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The most frequent id along the last axis, the smaller id where two tie."""
    count = len(LABELS.names)
    flat = samples.reshape(-1, samples.shape[-1])
    place = np.arange(flat.shape[0])[:, None] * count + flat
    votes = np.bincount(place.ravel(), minlength=flat.shape[0] * count)
    winner = votes.reshape(-1, count).argmax(axis=1).astype(np.uint8)
    ids: NDArray[np.uint8] = winner.reshape(samples.shape[:-1])
    return ids
