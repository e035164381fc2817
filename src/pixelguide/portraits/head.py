"""Ears, face and nose."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import luminance, mix, scale, skin_light, skin_shadow
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    bell,
    ellipse,
    power,
    ramp,
    smooth_union,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait

SKULL = 20.0
"""Height of the bare head above the eye line, in units."""


def face_outline(x: Field, y: Field, portrait: Portrait) -> Field:
    """Signed distance (units) to the face: an ellipse above, a tapering jaw below the eye line."""
    rx = np.float32(portrait.face_width)
    down = np.clip(y / np.float32(portrait.chin), 0.0, 1.2)
    narrow = 1.0 + np.float32(0.05 + 0.13 * portrait.taper) * down * down
    u = np.abs(x) / rx * narrow
    v: Field = np.where(y < 0, y / np.float32(-SKULL), y / np.float32(portrait.chin))
    n: Field = np.where(y < 0, np.float32(2.15), np.float32(portrait.jaw))
    r = power(power(u, n) + power(v, n), np.float32(1.0) / n)
    d: Field = ((r - 1.0) * np.float32(18.0)).astype(np.float32)
    return d


def paint_ears(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """Both ears, behind the face."""
    size = portrait.ear_size
    dark = scale(skin_shadow(portrait.skin), 0.92, 0.82, 0.82)
    for side in (-1.0, 1.0):
        cx = side * (portrait.face_width + 0.5)
        patch = canvas.patch(head, cx - 6, -7.0, cx + 6, 13.0)
        x, y = (patch.x - np.float32(cx)) * np.float32(side), patch.y - np.float32(3.2)
        # Ears lean outwards at the top.
        lean: Field = x - y * np.float32(-0.10)
        shape = ellipse(lean, y, 3.0 * size, 5.2 * size)
        tone = (-0.25 + 0.4 * side * portrait.light_x) + x * 0.06 - y * 0.03
        tones = ramp(
            tone.astype(np.float32),
            skin_shadow(portrait.skin),
            portrait.skin,
            skin_light(portrait.skin),
        )
        patch.fill(shape, tones, p.EAR)
        inner = ellipse(lean + np.float32(0.4), y + np.float32(0.5), 1.5 * size, 3.1 * size)
        patch.tint(smoothstep(0.7, -1.0, inner) * np.float32(0.6), dark)


def paint_face(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """The face with its modelling: light side, cheeks, forehead and the darker rim."""
    patch = canvas.patch(head, -21.0, -22.0, 21.0, 26.0)
    x, y = patch.x, patch.y
    d = face_outline(x, y, portrait)
    rx = np.float32(portrait.face_width)
    u, v = x / rx, y / np.float32(22.0)
    tone = u * np.float32(0.62 * portrait.light_x) - v * np.float32(0.30) + np.float32(0.02)
    tone = tone - smoothstep(-6.0, 0.5, d) * np.float32(0.42)
    tone += bell(x - portrait.light_x * 6.0, y + 11.0, 10.0, 6.0) * np.float32(0.30)
    tone += bell(x - portrait.light_x * 10.0, y - 7.0, 4.5, 3.5) * np.float32(0.26)
    tone += bell(x, y - (portrait.chin - 3.2), 4.0, 2.2) * np.float32(0.25)
    tones = ramp(tone, skin_shadow(portrait.skin), portrait.skin, skin_light(portrait.skin))
    patch.fill(d, tones, p.FACE)
    inside = (d < 0).astype(np.float32)
    rosy = mix(scale(portrait.skin, 1.02, 0.66, 0.66), (0.86, 0.30, 0.30), 0.25)
    for side in (-1.0, 1.0):
        cheek = bell(x - side * 10.8, y - 8.6, 4.6, 3.3)
        patch.tint(inside * cheek * np.float32(0.12 + 0.42 * portrait.blush), rosy)
        # Eye sockets a little darker, so that the eyes sit in the head.
        socket = bell(x - side * portrait.eye_spacing, y - 0.2, 6.6, 4.6)
        patch.tint(inside * socket * np.float32(0.30), skin_shadow(portrait.skin))


def paint_nose(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """Bridge, tip and wings, lit from the light's side, with a shadow below."""
    patch = canvas.patch(head, -10.0, -3.0, 10.0, 14.0)
    x, y = patch.x, patch.y
    w, tip = portrait.nose_width, portrait.nose_length - 2.2
    side = portrait.light_x
    shadow = scale(skin_shadow(portrait.skin), 0.92, 0.82, 0.82)
    under = bell(x + side * 1.2, y - (tip + 2.9), w * 1.05, 1.7)
    patch.tint(under * np.float32(0.62), shadow)
    beside = bell(x + side * 3.4, y - (tip - 2.2), 2.0, 4.2)
    patch.tint(beside * np.float32(0.40), shadow)
    t = np.clip(y / np.float32(tip), 0.0, 1.0)
    bridge: Field = np.maximum(np.abs(x) - np.float32(1.35) - t * np.float32(0.9), -y - 0.5)
    bridge = np.maximum(bridge, y - np.float32(tip)).astype(np.float32)
    ball = ellipse(x, y - np.float32(tip), w * 0.68, 2.5)
    aside = abs(x) - np.float32(w * 0.66)
    wings = ellipse(aside, y - np.float32(tip + 0.75), w * 0.36, 1.65)
    shape = smooth_union(smooth_union(bridge, ball, 2.2), wings, 1.0)
    warm = mix(scale(portrait.skin, 1.0, 0.86, 0.84), (0.9, 0.42, 0.36), 0.07)
    tone = x * np.float32(0.26 * side) - smoothstep(tip - 0.2, tip + 2.6, y) * np.float32(0.75)
    tone += np.float32(0.12)
    tones = ramp(tone, shadow, warm, skin_light(portrait.skin))
    patch.fill(shape, tones, p.NOSE)
    shine = bell(x - side * 0.7, y - (tip - 0.4), 1.25, 1.15) + 0.55 * bell(
        x - side * 0.4, y - tip * 0.4, 0.8, 2.6
    )
    strength = 0.60 if luminance(portrait.skin) > 0.35 else 0.42
    patch.tint(np.minimum(shine, 1.0) * np.float32(strength), skin_light(skin_light(portrait.skin)))
    for nostril in (-1.0, 1.0):
        hole = ellipse(x - nostril * np.float32(w * 0.40), y - np.float32(tip + 1.75), 0.95, 0.62)
        patch.tint(smoothstep(0.35, -0.4, hole) * np.float32(0.85), scale(shadow, 0.48, 0.38, 0.4))
