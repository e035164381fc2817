"""Lips, and the teeth and dark inside of an open mouth."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import mix, scale, skin_light, skin_shadow
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    bell,
    ellipse,
    power,
    ramp,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait

MOUTH_Y = 13.0
"""Height of the mouth line below the head frame's origin, in units."""
OPENING = 6.0
"""Height of the fully open mouth, in units."""


def paint_mouth(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """The mouth; the jaw stays where it is, so that opening the mouth changes nothing else."""
    patch = canvas.patch(head, -12.0, MOUTH_Y - 7.0, 12.0, MOUTH_Y + 12.0)
    x = patch.x
    w = np.float32(portrait.mouth_width)
    u2 = (x / w) ** 2
    c = np.clip(1.0 - u2, 0.0, 1.0)
    y = patch.y - np.float32(MOUTH_Y) + np.float32(2.2 * portrait.smile) * (u2 - 0.30)
    gap = np.float32(OPENING * portrait.mouth_open)
    slim = np.float32(1.0 - 0.22 * portrait.mouth_open)
    lens = power(c, np.float32(0.55))
    top = -np.float32(0.14) * gap * lens
    low = np.float32(0.86) * gap * lens
    bow = 1.0 - 0.30 * np.exp(-((x / 1.5) ** 2))
    upper = np.float32(2.0 + 0.9 * portrait.lip_fullness) * slim
    lower_lip = np.float32(2.5 + 1.1 * portrait.lip_fullness) * slim
    up = top - upper * power(c, np.float32(0.8)) * bow
    down = low + lower_lip * power(c, np.float32(0.62))
    beyond = np.abs(x) - w
    shape: Field = np.maximum(np.maximum(up - y, y - down), beyond).astype(np.float32)
    shadow = skin_shadow(portrait.skin)
    below: Field = y - down - np.float32(1.0)
    patch.tint(bell(x, below, 5.0, 1.1) * np.float32(0.45), shadow)
    for side in (-1.0, 1.0):
        corner = bell(x - side * (w + 0.4), y, 1.5, 1.5)
        patch.tint(corner * np.float32(0.45), scale(shadow, 0.9, 0.8, 0.8))
    dark = scale(portrait.lip, 0.66, 0.56, 0.60)
    bright = mix(portrait.lip, (1.0, 0.90, 0.88), 0.5)
    lower = smoothstep(0.0, 0.7, y - low)
    tone = -0.55 * (1.0 - lower) + lower * (0.28 - smoothstep(0.9, 3.4, y - low) * 0.75)
    patch.fill(shape, ramp(tone.astype(np.float32), dark, portrait.lip, bright), p.LIPS)
    gloss = bell(x - portrait.light_x * 2.0, y - low - 1.35, 2.6, 0.6)
    patch.tint(gloss * np.float32(0.55), skin_light(bright))
    line = scale(portrait.lip, 0.38, 0.26, 0.30)
    if portrait.mouth_open <= 0:
        seam = np.abs(y - 0.25 * np.exp(-((x / 1.6) ** 2)) + 0.1) - np.float32(0.42)
        seam = np.maximum(seam, beyond).astype(np.float32)
        patch.tint(smoothstep(0.3, -0.2, seam), line)
        return
    inside: Field = np.maximum(np.maximum(top - y, y - low), beyond + 0.9).astype(np.float32)
    depth = smoothstep(0.0, 4.0, y - top)
    patch.fill(
        inside,
        ramp(depth - 0.5, (0.16, 0.03, 0.05), (0.26, 0.05, 0.07), (0.36, 0.08, 0.10)),
        p.MOUTH_INTERIOR,
    )
    tongue = np.maximum(ellipse(x, y - gap * 0.98, 4.4, float(0.40 * gap) + 0.1), inside + 0.3)
    patch.fill(tongue, (0.80, 0.36, 0.38))
    height = min(2.35, 0.58 * float(gap))
    teeth: Field = np.maximum(inside, y - top - np.float32(height)).astype(np.float32)
    teeth = np.maximum(teeth, beyond + np.float32(1.7)).astype(np.float32)
    bright_side = 0.15 - u2 * 0.8 - smoothstep(0.9, 0.0, y - top) * 0.35
    ivory = ramp(
        bright_side.astype(np.float32), (0.76, 0.72, 0.72), (0.965, 0.95, 0.93), (1.0, 1.0, 1.0)
    )
    patch.fill(teeth, ivory, p.TEETH)
