"""Background, neck and clothes."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import mix, scale, skin_light, skin_shadow
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    Patch,
    Tones,
    bell,
    ellipse,
    polygon,
    ramp,
    rounded_box,
    segment,
    smooth_union,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait


def paint_background(canvas: Canvas, portrait: Portrait) -> None:
    """A two-colour gradient, a large soft disc of light and a slight vignette."""
    # Nothing here is finer than a few units, so a quarter of the samples is enough.
    fine = 4 if canvas.samples % 4 == 0 else 1
    coarse = Canvas(canvas.samples // fine)
    patch = coarse.patch(Frame(0.0, 0.0), 0.0, 0.0, 64.0, 64.0)
    x, y = patch.x, patch.y
    t = np.clip(y / 64.0 + portrait.slope * (x - 32.0) / 90.0, 0.0, 1.0).astype(np.float32)
    for k in range(3):
        patch.rgb[k] = portrait.sky[k] + t * (portrait.ground[k] - portrait.sky[k])
    glow = bell(x - portrait.disc_x, y - portrait.disc_y, 26.0, 24.0)
    patch.tint(glow * np.float32(0.42 * portrait.disc), mix(portrait.sky, (1.0, 0.98, 0.94), 0.75))
    corner = smoothstep(0.75, 1.5, ((x - 32.0) / 32.0) ** 2 + ((y - 32.0) / 32.0) ** 2)
    patch.tint(corner * np.float32(0.16), scale(portrait.ground, 0.5, 0.5, 0.6))
    canvas.rgb[:] = coarse.rgb.repeat(fine, axis=1).repeat(fine, axis=2)


def paint_neck(canvas: Canvas, body: Frame, portrait: Portrait) -> None:
    """The neck, with the shadow the chin throws on it."""
    patch = canvas.patch(body, -16.0, 8.0, 16.0, 34.0)
    x, y = patch.x, patch.y
    half = 0.45 * portrait.face_width
    flare = smoothstep(22.0, 32.0, y) * np.float32(6.0)
    shape: Field = np.maximum(np.abs(x) - np.float32(half) - flare, 10.0 - y)
    side = x / np.float32(half) * np.float32(0.45 * portrait.light_x) - np.float32(0.25)
    tones = ramp(side, skin_shadow(portrait.skin), portrait.skin, skin_light(portrait.skin))
    patch.fill(shape, tones, p.NECK)
    inside = (shape < 0).astype(np.float32)
    below_chin = smoothstep(portrait.chin + 6.5, portrait.chin - 1.0, y)
    patch.tint(
        inside * below_chin * np.float32(0.62), scale(skin_shadow(portrait.skin), 0.82, 0.74, 0.76)
    )


def paint_clothes(canvas: Canvas, body: Frame, portrait: Portrait) -> None:
    """Shoulders with one of five necklines."""
    patch = canvas.patch(body, -36.0, 18.0, 36.0, 36.0)
    x, y = patch.x, patch.y
    across = np.abs(x)
    edge = np.float32(25.2) + np.float32(6.2) * (across / np.float32(29.0)) ** np.float32(2.2)
    edge = edge + np.float32(12.0) * np.clip(across - 28.5, 0.0, None)
    torso: Field = (edge - y).astype(np.float32)
    light: Field = x / np.float32(30.0) * np.float32(0.6 * portrait.light_x)
    light = light - (y - 28.0) / np.float32(30)
    dark = scale(portrait.cloth, 0.62, 0.60, 0.68)
    bright = mix(portrait.cloth, (1.0, 1.0, 1.0), 0.3)
    tones = ramp(light, dark, portrait.cloth, bright)
    accent = ramp(light, scale(portrait.accent, 0.68, 0.66, 0.72), portrait.accent, (1.0, 1.0, 1.0))
    hollow: Field = ellipse(x, y - 24.0, 9.2, 4.6)
    if portrait.clothing == "crew":
        _garment(patch, np.maximum(torso, -hollow), tones)
        rim = np.maximum(np.maximum(torso, -hollow), hollow - np.float32(1.7))
        patch.fill(rim, accent, p.CLOTHING)
    elif portrait.clothing == "v_neck":
        vee: Field = (across * np.float32(0.95) + (y - 32.2)).astype(np.float32)
        _garment(patch, np.maximum(torso, -vee), tones)
        rim = np.maximum(np.maximum(torso, -vee), vee - np.float32(1.6))
        patch.fill(rim, accent, p.CLOTHING)
    elif portrait.clothing == "collar":
        vee = (across * np.float32(1.25) + (y - 31.5)).astype(np.float32)
        _garment(patch, np.maximum(torso, -vee), tones)
        flap = polygon(across, y, ((8.0, 23.4), (11.2, 27.0), (7.2, 33.0), (0.6, 31.8)))
        shade = smoothstep(1.8, 0.0, flap - np.float32(0.2)) * (patch.ids == p.CLOTHING)
        patch.tint(shade.astype(np.float32) * np.float32(0.5), dark)
        patch.fill(flap, accent, p.CLOTHING)
        patch.fill(segment(x, y, (0.0, 31.5), (0.0, 36.0), 0.35), dark)
    elif portrait.clothing == "hoodie":
        _garment(patch, np.maximum(torso, -hollow), tones)
        hood = np.abs(ellipse(x, y - 23.0, 12.0, 7.6)) - np.float32(2.5)
        hood = np.maximum(hood, 22.0 - y).astype(np.float32)
        tone: Field = light + np.float32(0.25) - smoothstep(-0.6, 2.4, hood + 2.5)
        patch.tint(smoothstep(2.2, 0.0, hood) * smoothstep(1.0, -1.0, torso) * 0.4, dark)
        patch.fill(hood, ramp(tone, dark, portrait.cloth, bright), p.CLOTHING)
        for side in (-1.0, 1.0):
            cord = segment(x, y, (side * 4.6, 29.5), (side * 5.0, 33.5), 0.6)
            patch.fill(cord, accent, p.CLOTHING)
    else:
        roll = rounded_box(x, y - 28.0, 9.6, 4.4, 1.6)
        _garment(patch, smooth_union(torso, roll, 3.0), tones)
        fold: Field = smoothstep(1.1, 0.0, np.abs(y - 30.2 + across * across * 0.02))
        patch.tint(fold * smoothstep(10.0, 7.0, across) * np.float32(0.45), dark)


def _garment(patch: Patch, shape: Field, tones: Tones) -> None:
    # A soft shadow on the neck along the neckline makes the cloth lie on top of it.
    skin = (patch.ids == p.NECK).astype(np.float32)
    patch.tint(skin * smoothstep(2.0, 0.0, shape) * np.float32(0.3), (0.25, 0.12, 0.12))
    patch.fill(shape, tones, p.CLOTHING)
