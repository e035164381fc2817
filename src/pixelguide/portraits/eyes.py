"""Eyes, open or closed, and eyebrows."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import luminance, mix, scale, skin_shadow
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    Patch,
    bell,
    ellipse,
    power,
    ramp,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait

EYE_Y = 1.0
"""Height of the eye centres below the head frame's origin, in units."""


def paint_eyes(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """Both eyes."""
    for side, opened in ((-1.0, portrait.left_eye_open), (1.0, portrait.right_eye_open)):
        cx = side * portrait.eye_spacing
        patch = canvas.patch(head, cx - 8.0, EYE_Y - 8.0, cx + 8.0, EYE_Y + 7.0)
        x = patch.x - np.float32(cx)
        outward = x * np.float32(side)
        y = patch.y - np.float32(EYE_Y) + outward * np.float32(portrait.eye_slant)
        if opened > 0:
            _open_eye(patch, x, y, outward, opened, portrait)
        else:
            _closed_eye(patch, y, outward, portrait)


def _arch(x: Field, half: float, height: float, peak: float, exponent: float) -> Field:
    """A bump of `height` over |x| < half, its top moved to `peak`."""
    u = x / np.float32(half)
    u = u - np.float32(peak) * (1.0 - u * u)
    bump: Field = np.float32(height) * power(np.clip(1.0 - u * u, 0.0, 1.0), np.float32(exponent))
    return bump


def _open_eye(
    patch: Patch, x: Field, y: Field, outward: Field, opened: float, portrait: Portrait
) -> None:
    w = portrait.eye_width
    top = _arch(outward, w, 4.4 * opened * portrait.eye_height, 0.10, 0.62)
    low = _arch(outward, w, 3.1 * (0.55 + 0.45 * opened) * portrait.eye_height, 0.16, 0.80)
    beyond = np.abs(x) - np.float32(w)
    shape: Field = np.maximum(np.maximum(-top - y, y - low), beyond).astype(np.float32)
    dark = scale(skin_shadow(portrait.skin), 0.72, 0.62, 0.64)
    # Crease of the upper lid and a soft shadow below the eye: shading only, no label.
    fold = np.abs(y + top * 0.92 + 2.0)
    across = abs(x) / np.float32(w)
    near = smoothstep(1.0, 0.75, across)
    patch.tint(smoothstep(1.0, 0.2, fold) * near * np.float32(0.5), dark)
    patch.tint(smoothstep(1.2, 0.0, np.abs(y - low)) * near * np.float32(0.28), dark)
    shade = np.clip((y + top) / np.float32(3.2), 0.0, 1.0)
    white = ramp(shade - 1.0, (0.70, 0.68, 0.74), (0.975, 0.965, 0.96), (1.0, 1.0, 1.0))
    patch.fill(shape, white, p.EYE_WHITE)
    _iris(patch, x - np.float32(portrait.gaze_x), y - np.float32(portrait.gaze_y), shape, portrait)
    lash = np.abs(y + top + np.float32(0.15)) - (
        np.float32(0.55) + 0.35 * smoothstep(-w, w, outward)
    )
    lash = np.maximum(lash, np.abs(x) - np.float32(w + 0.45)).astype(np.float32)
    ink = (0.13, 0.085, 0.085)
    patch.fill(lash, ink)
    wing = np.abs(y + (outward - np.float32(w)) * np.float32(0.6) + 0.2) - 0.6
    wing = np.maximum(wing, np.abs(outward - np.float32(w + 0.3)) - 0.9).astype(np.float32)
    patch.fill(wing, ink)


def _iris(patch: Patch, x: Field, y: Field, shape: Field, portrait: Portrait) -> None:
    disc: Field = np.sqrt(x * x + y * y)
    inside: Field = np.maximum(disc - np.float32(2.75), shape).astype(np.float32)
    tone = y * np.float32(0.36) + smoothstep(2.0, 2.75, disc) * np.float32(-0.8)
    bright = mix(portrait.iris, (1.0, 0.97, 0.90), 0.38)
    tones = ramp(tone, scale(portrait.iris, 0.38, 0.38, 0.42), portrait.iris, bright)
    patch.fill(inside, tones, p.IRIS)
    patch.fill(np.maximum(disc - np.float32(1.30), shape), (0.045, 0.035, 0.045))
    side = portrait.light_x
    spark = ellipse(x - np.float32(0.95 * np.sign(side)), y + np.float32(1.0), 0.82, 0.82)
    patch.fill(np.maximum(spark, shape), (1.0, 1.0, 1.0))
    patch.tint(
        bell(x + np.float32(1.0 * np.sign(side)), y - 1.3, 0.7, 0.55)
        * (shape < 0)
        * np.float32(0.5),
        (1.0, 1.0, 1.0),
    )


def _closed_eye(patch: Patch, y: Field, outward: Field, portrait: Portrait) -> None:
    w = portrait.eye_width
    top = _arch(outward, w, 2.5, 0.05, 0.70)
    low = _arch(outward, w, 2.5, 0.05, 0.62)
    y = y - np.float32(0.9)
    beyond = np.abs(outward) - np.float32(w)
    shape: Field = np.maximum(np.maximum(-top - y, y - low), beyond).astype(np.float32)
    dark = scale(skin_shadow(portrait.skin), 0.72, 0.62, 0.64)
    across = abs(outward) / np.float32(w)
    near = smoothstep(1.0, 0.75, across)
    patch.tint(smoothstep(1.1, 0.2, np.abs(y + top + 1.1)) * near * np.float32(0.35), dark)
    light = mix(portrait.lid, (1.0, 0.95, 0.9), 0.30)
    tone = bell(outward, y + 0.6, 3.6, 1.3) * 0.9 - smoothstep(0.2, 2.5, y) * 0.5
    patch.fill(
        shape,
        ramp(tone, scale(portrait.lid, 0.7, 0.62, 0.64), portrait.lid, light),
        p.CLOSED_EYELID,
    )
    thick = np.float32(0.62) + 0.3 * smoothstep(-w, w, outward)
    lash: Field = np.maximum(np.abs(y - low + 0.45) - thick, beyond - 0.4).astype(np.float32)
    patch.fill(lash, (0.13, 0.085, 0.085))


def paint_brows(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """Both eyebrows: an arched bar, thick inside and tapering outwards."""
    for side in (-1.0, 1.0):
        cx = side * (portrait.eye_spacing + 0.2)
        patch = canvas.patch(head, cx - 8.0, -15.0, cx + 8.0, -1.0)
        outward = (patch.x - np.float32(cx)) * np.float32(side)
        u = outward / np.float32(5.9)
        curve = np.float32(portrait.brow_arch * 1.5) * (u - 0.25) ** 2
        y = patch.y + np.float32(6.9 + portrait.brow_height) - curve
        y = y + outward * np.float32(portrait.brow_angle)
        half = np.float32(portrait.brow_thickness / 2) * (1.0 - 0.40 * smoothstep(-0.2, 1.0, u))
        half = half * np.sqrt(np.clip(1.0 - np.abs(u) ** 5, 0.0, 1.0))
        shape: Field = np.maximum(np.abs(y) - half, np.abs(outward) - 5.9).astype(np.float32)
        soft = mix(portrait.brow, portrait.skin, 0.22 if luminance(portrait.brow) < 0.3 else 0.1)
        tones = ramp(y * np.float32(0.5), portrait.brow, portrait.brow, soft)
        patch.fill(shape, tones, p.EYEBROW)
