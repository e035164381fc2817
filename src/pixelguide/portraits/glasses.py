"""Glasses: frames, bridge and temples; the lens itself is almost clear."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import mix, scale
from pixelguide.portraits.eyes import EYE_Y
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    ellipse,
    ramp,
    rounded_box,
    segment,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait

_HALF = 0.88
"""Half the thickness of a frame, in units."""


def _lens(x: Field, y: Field, outward: Field, portrait: Portrait) -> Field:
    s = portrait.lens_size
    if portrait.glasses == "round":
        return ellipse(x, y, 6.7 * s, 6.7 * s)
    if portrait.glasses == "square":
        return rounded_box(x, y, 6.9 * s, 5.7 * s, 1.6)
    if portrait.glasses == "oval":
        return ellipse(x, y, 7.0 * s, 5.5 * s)
    # Cat eye: the outer upper corner is drawn out.
    skew = y + outward * np.float32(0.16)
    return rounded_box(x, skew, 6.9 * s, 5.2 * s, 3.0)


def paint_temples(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """The arms from the frames to the ears; hair painted later may hide them."""
    if portrait.glasses == "none":
        return
    patch = canvas.patch(head, -21.0, EYE_Y - 6.0, 21.0, EYE_Y + 3.0)
    across = np.abs(patch.x)
    start = portrait.eye_spacing + 6.0
    end = portrait.face_width + 0.6
    arm = segment(across, patch.y, (start, EYE_Y - 2.2), (end, EYE_Y - 2.8), 0.8)
    patch.fill(arm, scale(portrait.frame, 0.85, 0.85, 0.85), p.GLASSES)


def paint_glasses(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """The frames and the bridge, with a faint glint in the lenses."""
    if portrait.glasses == "none":
        return
    bright = mix(portrait.frame, (1.0, 1.0, 1.0), 0.45)
    dark = scale(portrait.frame, 0.7, 0.7, 0.7)
    for side in (-1.0, 1.0):
        cx = side * (portrait.eye_spacing + 0.25)
        patch = canvas.patch(head, cx - 9.5, EYE_Y - 9.0, cx + 9.5, EYE_Y + 9.0)
        x = patch.x - np.float32(cx)
        y = patch.y - np.float32(EYE_Y - 0.2)
        lens = _lens(x, y, x * np.float32(side), portrait)
        glint = smoothstep(1.6, 0.6, np.abs(x + y * 0.7 + 1.5)) * (lens < -_HALF)
        patch.tint(glint.astype(np.float32) * np.float32(0.13), (1.0, 1.0, 1.0))
        shadow = np.abs(_lens(x, y - 1.1, x * np.float32(side), portrait)) - np.float32(_HALF)
        skin = ((patch.ids == p.FACE) | (patch.ids == p.NOSE)).astype(np.float32)
        patch.tint(smoothstep(0.7, -0.5, shadow) * skin * np.float32(0.25), (0.25, 0.1, 0.1))
        frame: Field = (np.abs(lens) - np.float32(_HALF)).astype(np.float32)
        tone = -y * np.float32(0.10) - np.abs(lens) * 0.35 + 0.1
        patch.fill(frame, ramp(tone.astype(np.float32), dark, portrait.frame, bright), p.GLASSES)
    patch = canvas.patch(head, -5.0, EYE_Y - 6.0, 5.0, EYE_Y + 3.0)
    x = patch.x
    reach = portrait.eye_spacing + 0.25 - 6.7 * portrait.lens_size
    bow = np.abs(patch.y - np.float32(EYE_Y - 2.3) - x * x * np.float32(0.10)) - np.float32(0.85)
    bow = np.maximum(bow, np.abs(x) - np.float32(reach)).astype(np.float32)
    patch.fill(bow, portrait.frame, p.GLASSES)
