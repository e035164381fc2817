"""Things that no training portrait shows, drawn over a finished rendering."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE
from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import Rgb, mix, oklch, scale, skin_light, skin_shadow
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    Patch,
    bell,
    cover,
    ellipse,
    ramp,
    segment,
    smooth_union,
    smoothstep,
)
from pixelguide.portraits.portrait import Portrait
from pixelguide.portraits.render import Rendering, head_frame

_SAMPLES = 4

Painter = Callable[[Canvas, Frame, Portrait, np.random.Generator], None]


@dataclass(frozen=True, slots=True)
class Oddity:
    """One kind of unusual thing; `hides` whether the pixels under it lose their label."""

    name: str
    title: str
    hides: bool
    paint: Painter


def add_oddity(
    rendering: Rendering, portrait: Portrait, name: str, rng: np.random.Generator
) -> Rendering:
    """A copy of `rendering` (which shows `portrait`) with the oddity `name` drawn over it.

    Labels under paint and stickers stay; under things in front of the face (`Oddity.hides`) they
    become 255, ignore. `rng` decides place and colours.
    """
    if name not in ODDITIES:
        raise InputError(f"unknown oddity '{name}'", hint=f"Known: {', '.join(ODDITIES)}.")
    size = rendering.label_ids.shape[0]
    canvas = Canvas(size * _SAMPLES)
    fine = rendering.image.repeat(_SAMPLES, axis=0).repeat(_SAMPLES, axis=1)
    canvas.rgb[:] = fine.transpose(2, 0, 1).astype(np.float32) / np.float32(255.0)
    canvas.ids[:] = rendering.label_ids.repeat(_SAMPLES, axis=0).repeat(_SAMPLES, axis=1)
    oddity = ODDITIES[name]
    oddity.paint(canvas, head_frame(portrait), portrait, rng)
    mean = canvas.rgb.reshape(3, size, _SAMPLES, size, _SAMPLES).mean(axis=(2, 4))
    image = (np.clip(mean, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8).transpose(1, 2, 0)
    ids = rendering.label_ids.copy()
    if oddity.hides:
        hidden = (canvas.ids == IGNORE).reshape(size, _SAMPLES, size, _SAMPLES).mean(axis=(1, 3))
        ids[hidden >= 0.5] = IGNORE
    return Rendering(np.ascontiguousarray(image), ids)


def _face_paint(canvas: Canvas, head: Frame, portrait: Portrait, rng: np.random.Generator) -> None:
    """Two bars on each cheek, and sometimes a dotted arch on the forehead."""
    hue = float(rng.uniform(0.0, 360.0))
    first = oklch(0.66, 0.19, hue)
    second = oklch(0.88, 0.12, hue + float(rng.choice([60.0, 120.0, 180.0])))
    slope = float(rng.uniform(0.05, 0.45))
    for side in (-1.0, 1.0):
        cx = side * 11.9
        patch = canvas.patch(head, cx - 7.0, 4.0, cx + 7.0, 18.0)
        x = (patch.x - np.float32(cx)) * np.float32(side)
        for y0, colour in ((7.4, first), (10.8, second)):
            y = patch.y - np.float32(y0)
            bar = segment(x, y, (-3.0, 3.0 * slope), (3.2, -3.2 * slope), 1.15)
            _on_skin(patch, bar, colour)
    if rng.random() < 0.6:
        patch = canvas.patch(head, -14.0, -16.0, 14.0, -4.0)
        for k in range(-3, 4):
            dot = ellipse(patch.x - k * 2.6, patch.y - (-11.2 + 0.18 * k * k), 0.95, 0.95)
            _on_skin(patch, dot, first if k % 2 else second)


def _on_skin(patch: Patch, shape: Field, colour: Rgb) -> None:
    """Paint that follows the shading below it, on the face and the nose only."""
    skin = (patch.ids == p.FACE) | (patch.ids == p.NOSE)
    patch.tint((cover(shape, patch.sample) * skin).astype(np.float32) * np.float32(0.86), colour)


def _sticker(canvas: Canvas, head: Frame, portrait: Portrait, rng: np.random.Generator) -> None:
    """A star, heart or flower with a white border, somewhere on cheek, forehead or shoulder."""
    places = ((-10.5, 10.5), (10.5, 10.5), (0.0, -12.0), (-15.0, 29.0), (15.0, 29.0))
    cx, cy = places[int(rng.integers(len(places)))]
    turn = float(rng.uniform(-0.4, 0.4))
    patch = canvas.patch(head, cx - 8.0, cy - 8.0, cx + 8.0, cy + 8.0)
    u, v = patch.x - np.float32(cx), patch.y - np.float32(cy)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x: Field = c * u + s * v
    y: Field = c * v - s * u
    kind = int(rng.integers(3))
    angle = np.arctan2(x, -y)
    radius = np.sqrt(x * x + y * y)
    hue = (95.0, 15.0, 320.0)[kind] + float(rng.uniform(-15.0, 15.0))
    if kind == 0:
        wave = np.abs(np.mod(angle * np.float32(5 / (2 * np.pi)) + 0.5, 1.0) - 0.5)
        shape = radius - (np.float32(4.4) - wave * np.float32(3.9))
    elif kind == 1:
        lobes = ellipse(abs(x) - np.float32(1.55), y + np.float32(1.0), 2.1, 2.1)
        tip = np.maximum(abs(x) * np.float32(0.74) + y * np.float32(0.67) - 2.1, -y - 1.4)
        shape = smooth_union(lobes, tip.astype(np.float32), 0.6)
    else:
        shape = radius - (np.float32(3.3) + np.float32(0.8) * np.cos(angle * 6))
    shape = shape.astype(np.float32)
    patch.tint(smoothstep(2.6, 0.6, shape) * np.float32(0.30), (0.12, 0.08, 0.12))
    patch.fill(shape - np.float32(0.9), (1.0, 1.0, 1.0))
    colour = oklch(0.80 if kind == 0 else 0.66, 0.16, hue)
    light = bell(x + np.float32(1.0), y + np.float32(1.4), 3.0, 3.0) * np.float32(1.2) - np.float32(
        0.4
    )
    patch.fill(shape, ramp(light, scale(colour, 0.86, 0.8, 0.8), colour, mix(colour, _WHITE, 0.5)))
    if kind == 2:
        patch.fill(ellipse(x, y, 1.35, 1.35), oklch(0.87, 0.15, 92.0))


def _microphone(canvas: Canvas, head: Frame, portrait: Portrait, rng: np.random.Generator) -> None:
    """A hand-held microphone before the chin, coming from a lower corner."""
    side = float(rng.choice([-1.0, 1.0]))
    body = oklch(float(rng.uniform(0.25, 0.45)), 0.04, float(rng.uniform(0.0, 360.0)))
    patch = canvas.patch(head, -26.0, 8.0, 26.0, 40.0)
    x, y = patch.x * np.float32(side), patch.y
    ball = ellipse(x - 6.6, y - 19.4, 5.0, 5.0)
    grip = segment(x, y, (9.4, 23.2), (19.0, 37.0), 2.7)
    patch.tint(smoothstep(2.4, -0.6, np.minimum(ball, grip)) * np.float32(0.4), (0.1, 0.05, 0.07))
    across = (x - 9.4) * np.float32(0.82) - (y - 23.2) * np.float32(0.57)
    gloss = np.exp(-(((across + 0.7) / 1.0) ** 2)) * 0.75 - smoothstep(0.6, 2.8, across) * 0.6
    tones = ramp(gloss.astype(np.float32), scale(body, 0.5, 0.5, 0.5), body, mix(body, _WHITE, 0.7))
    patch.fill(grip, tones, IGNORE)
    silver = (0.62, 0.64, 0.68)
    mesh = np.sin((x - y) * np.float32(2.4)) * np.sin((x + y) * np.float32(2.4)) * 0.22
    tone = bell(x - 5.4, y - 17.8, 2.6, 2.6) * 1.1 - smoothstep(-2.6, 0.4, ball) * 0.7 + mesh
    patch.fill(ball, ramp(tone.astype(np.float32), (0.24, 0.25, 0.3), silver, _WHITE), IGNORE)
    along = (x - 6.6) * np.float32(0.57) + (y - 19.4) * np.float32(0.82)
    ring = np.maximum(np.abs(along - 3.9) - 0.85, np.abs(across) - 3.5).astype(np.float32)
    patch.fill(ring, (0.86, 0.72, 0.42), IGNORE)


def _hand(canvas: Canvas, head: Frame, portrait: Portrait, rng: np.random.Generator) -> None:
    """A hand resting against one cheek, fingers up, in the portrait's own skin."""
    side = float(rng.choice([-1.0, 1.0]))
    patch = canvas.patch(head, -30.0, -4.0, 30.0, 40.0)
    x, y = patch.x * np.float32(side), patch.y
    parts = (
        segment(x, y, (19.5, 27.0), (23.0, 42.0), 4.3),
        segment(x, y, (20.6, 20.0), (21.8, 6.6), 1.95),
        segment(x, y, (17.6, 19.0), (18.0, 2.8), 2.1),
        segment(x, y, (14.4, 19.4), (14.0, 3.6), 2.1),
        smooth_union(
            ellipse(x - 16.6, y - 22.6, 6.3, 6.0),
            segment(x, y, (11.6, 20.0), (10.6, 7.2), 2.05),
            1.6,
        ),
        segment(x, y, (14.0, 25.0), (6.8, 19.6), 2.15),
    )
    whole = parts[0]
    for part in parts[1:]:
        whole = np.minimum(whole, part)
    patch.tint(
        smoothstep(2.6, -0.4, whole) * np.float32(0.42), scale(portrait.skin, 0.4, 0.26, 0.26)
    )
    # A little apart from the face's own tone, or the hand would melt into the cheek.
    base = mix(scale(portrait.skin, 0.96, 0.90, 0.88), skin_light(portrait.skin), 0.25)
    for part in parts:
        tone = smoothstep(-0.2, -2.2, part) * 0.75 - smoothstep(-0.9, 0.1, part) * 0.95
        tone = tone + (x * np.float32(side * portrait.light_x) - 14.0) * 0.01
        tones = ramp(
            tone.astype(np.float32),
            scale(skin_shadow(base), 0.86, 0.76, 0.76),
            base,
            skin_light(base),
        )
        patch.fill(part, tones, IGNORE)
    nails = ((21.8, 6.3), (18.0, 2.5), (14.0, 3.3), (10.6, 6.9))
    for nx, ny in nails:
        nail = ellipse(x - nx, y - ny, 1.0, 1.25)
        patch.fill(nail, mix(base, (0.98, 0.66, 0.68), 0.6), IGNORE)


_WHITE: Rgb = (1.0, 1.0, 1.0)

_ALL = (
    Oddity("face_paint", "Face paint", False, _face_paint),
    Oddity("microphone", "Microphone", True, _microphone),
    Oddity("hand", "Hand at the cheek", True, _hand),
    Oddity("sticker", "Sticker", False, _sticker),
)

ODDITIES: Mapping[str, Oddity] = MappingProxyType({oddity.name: oddity for oddity in _ALL})
"""Every oddity by its name."""
