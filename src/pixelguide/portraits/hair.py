"""Hair: a silhouette with an opening for the face, per style, and its shading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pixelguide.portraits import palette as p
from pixelguide.portraits.colors import luminance, mix, scale
from pixelguide.portraits.geometry import (
    Canvas,
    Field,
    Frame,
    Patch,
    Tones,
    bell,
    ellipse,
    power,
    ramp,
    segment,
    smooth_union,
    smoothstep,
)
from pixelguide.portraits.head import SKULL
from pixelguide.portraits.portrait import HairStyle, Portrait


@dataclass(frozen=True, slots=True)
class Cut:
    """The shape of a hairstyle, in units; the head frame's origin is between the eyes.

    `top`, `side`: how far the hair stands off the skull above and beside it. `bottom`: where the
    sides end below the eye line. `spread`: how much wider the hair is at `bottom`. `opening`: half
    width of the face opening as a share of the face's. `line`: height of the hairline's middle.
    `square`: exponent of the opening's arch (1.4 pointed curtain .. 5 straight fringe). `skew`:
    how much lower the hairline is on one side. `wave`: amplitude of the outline's waves; `lobes`:
    their number around the head. `lean`: how far the crown leans to one side. `back`:
    whether hair hangs behind the neck.
    """

    top: float
    side: float
    bottom: float
    line: float
    opening: float = 0.93
    spread: float = 0.0
    square: float = 2.4
    skew: float = 0.0
    wave: float = 0.0
    lobes: float = 0.0
    lean: float = 0.0
    back: bool = False


CUTS: dict[HairStyle, Cut] = {
    "buzz": Cut(1.0, 0.6, 1.0, -13.2, square=2.8),
    "short": Cut(4.6, 2.0, 3.0, -12.4, square=2.3, skew=0.16, wave=0.5, lobes=10, lean=1.0),
    "side_part": Cut(5.2, 2.2, 3.5, -12.4, square=1.8, skew=0.34, lean=2.2),
    "quiff": Cut(7.4, 1.4, 1.5, -13.4, square=2.5, skew=-0.12, wave=0.7, lobes=7, lean=4.5),
    "slick": Cut(3.0, 1.3, 2.5, -14.2, square=2.2, lean=0.8),
    "bun": Cut(2.8, 1.5, 3.0, -13.6, square=1.8),
    "ponytail": Cut(3.6, 1.8, 4.0, -13.0, square=1.8, skew=0.22, lean=1.2),
    "pigtails": Cut(3.2, 1.8, 4.0, -12.8, square=1.6),
    "bob": Cut(3.6, 3.0, 18.0, -13.4, opening=0.86, spread=2.2, square=1.7, back=True),
    "fringe_bob": Cut(3.6, 3.0, 17.0, -10.4, opening=0.86, spread=2.4, square=4.5, back=True),
    "fringe_long": Cut(3.4, 2.6, 40.0, -10.4, opening=0.86, spread=2.0, square=4.5, back=True),
    "long_straight": Cut(3.2, 2.6, 40.0, -14.0, opening=0.84, spread=2.6, square=1.55, back=True),
    "long_wavy": Cut(
        4.0, 3.4, 40.0, -13.4, opening=0.86, spread=3.4, square=1.7, skew=0.12, wave=1.0, back=True
    ),
    "curly": Cut(
        5.2, 5.0, 17.0, -11.6, opening=0.88, spread=1.6, square=2.0, wave=1.0, lobes=17, back=True
    ),
    "afro": Cut(7.2, 8.6, 8.0, -12.2, opening=0.94, square=2.4, wave=0.55, lobes=19, back=True),
}


def covers_ears(portrait: Portrait) -> bool:
    """Whether the hair hides both ears."""
    return portrait.hair_style != "bald" and CUTS[portrait.hair_style].back


def _waves(x: Field, y: Field, cut: Cut) -> Field:
    """Waves added to the outline: around the head with `lobes`, else along the falling hair."""
    if cut.wave == 0:
        return np.zeros_like(x)
    if cut.lobes == 0:
        w: Field = np.float32(cut.wave) * np.sin(y * 0.52 + 0.6) * smoothstep(-6.0, 6.0, y)
        return w
    angle = np.arctan2(x, -y)
    w = np.float32(cut.wave) * np.cos(angle * np.float32(cut.lobes))
    return w


def silhouette(x: Field, y: Field, portrait: Portrait, cut: Cut) -> Field:
    """Signed distance to the whole hair, face included."""
    grow = 0.75 + 0.5 * portrait.hair_volume
    rx = portrait.face_width + cut.side * grow
    top = SKULL + cut.top * grow
    bottom = cut.bottom
    if cut.back and bottom < 30:
        bottom = cut.bottom - 4.0 + 7.0 * portrait.hair_length
    if cut.lean:
        x = x + np.float32(cut.lean * portrait.part) * smoothstep(-2.0, -24.0, y)
    cap = ellipse(x, y, rx, top)
    fall = smoothstep(0.0, 24.0, y)
    if cut.back:
        round_off = np.float32(6.0) * smoothstep(bottom - 7.0, bottom + 0.5, y) ** 2
    else:
        # Sideburns taper.
        round_off = np.float32(2.6) * smoothstep(bottom - 6.0, bottom + 1.0, y)
    lower = np.abs(x) - np.float32(rx) - np.float32(cut.spread) * fall + round_off
    lower = np.maximum(lower, y - np.float32(bottom))
    d: Field = np.where(y < 0, cap, lower) - _waves(x, y, cut)
    return d.astype(np.float32)


def opening(x: Field, y: Field, portrait: Portrait, cut: Cut) -> Field:
    """Signed distance to the part of the head that the front hair leaves free."""
    half: Field = np.full_like(y, portrait.face_width * cut.opening)
    if not cut.back:
        half = half * (1.0 + np.float32(0.05) * smoothstep(-7.0, cut.bottom, y))
    line = -cut.line - 0.9 * portrait.hairline
    u: Field = abs(x) / half
    shifted = y + x * np.float32(-cut.skew * portrait.part)
    v: Field = np.clip(-shifted / np.float32(line), 0.0, None)
    if cut.square < 2.0:
        # A parting: the curtain's top moves to the parting's side, its lower ends stay.
        u = abs(x - np.float32(4.0 * portrait.part) * smoothstep(0.2, 1.0, v)) / half
    n = np.float32(cut.square)
    r = power(power(u, n) + power(v, n), np.float32(1.0 / cut.square))
    d: Field = (r - 1.0) * np.float32(13.0)
    if cut.lobes:
        d = d - _waves(x, y, cut) * np.float32(0.5)
    return d.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Hair:
    """A hairdo laid out on the canvas: its window and two shapes (signed distances) there.

    `whole` is the silhouette, face included; `front` the hair in front of face and shoulders.
    """

    cut: Cut
    patch: Patch
    whole: Field
    front: Field


def lay_out(canvas: Canvas, head: Frame, portrait: Portrait) -> Hair | None:
    """The hair's shapes, computed once for all the layers that need them; None when bald."""
    if portrait.hair_style == "bald":
        return None
    cut = CUTS[portrait.hair_style]
    wide = portrait.face_width + 1.4 * (cut.side + cut.spread) + 4.0
    bottom = 40.0 if cut.bottom > 30 else cut.bottom + 6.0 + 6.0 * cut.back
    patch = canvas.patch(head, -wide, -33.0, wide, bottom)
    whole = silhouette(patch.x, patch.y, portrait, cut)
    front: Field = np.maximum(whole, -opening(patch.x, patch.y, portrait, cut))
    return Hair(cut, patch, whole, front)


def _tones(x: Field, y: Field, portrait: Portrait, cut: Cut) -> Tones:
    """Hair colours: light side, a sheen band around the crown, soft strands."""
    base = portrait.hair
    lum = luminance(base)
    dark = scale(base, 0.52, 0.48, 0.50)
    bright = mix(scale(base, 1.35, 1.24, 1.10), (1.0, 0.93, 0.84), 0.16 + 0.16 * lum)
    top = SKULL + cut.top
    side = portrait.face_width + cut.side
    rim = np.sqrt((x / np.float32(side)) ** 2 + (y / np.float32(top)) ** 2)
    band = np.exp(-(((rim - 0.84) / 0.12) ** 2)) * smoothstep(4.0, -8.0, y)
    toward = 0.55 + 0.45 * np.tanh(x * np.float32(portrait.light_x * 0.12))
    strands = np.sin(np.arctan2(x, 8.0 - y) * np.float32(13.0))
    tone = x * np.float32(0.022 * portrait.light_x) - smoothstep(-14.0, 22.0, y) * 0.38
    tone = tone + band * toward * np.float32(0.85 * portrait.sheen) + strands * np.float32(0.11)
    return ramp(tone.astype(np.float32), dark, base, bright)


def paint_back_hair(hair: Hair, portrait: Portrait) -> None:
    """What hangs behind the neck."""
    if hair.cut.back:
        deep = scale(portrait.hair, 0.62, 0.58, 0.60)
        deeper = scale(portrait.hair, 0.42, 0.40, 0.42)
        fall = -smoothstep(0.0, 20.0, hair.patch.y)
        hair.patch.fill(hair.whole, ramp(fall, deeper, deep, deep), p.HAIR)


def paint_bun(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """The knot of a bun, on top of the head and behind it."""
    if portrait.hair_style != "bun":
        return
    deep = scale(portrait.hair, 0.55, 0.50, 0.52)
    patch = canvas.patch(head, -11.0, -35.0, 11.0, -14.0)
    size = 4.7 + 0.9 * portrait.hair_volume
    x, y = patch.x, patch.y + np.float32(21.6 + size * 0.60)
    knot = ellipse(x, y, size * 1.15, size)
    tone = x * np.float32(0.07 * portrait.light_x) - y * 0.06 - smoothstep(-2.0, 0.3, knot) * 0.5
    tone = tone + bell(x - portrait.light_x * 1.6, y + 1.6, 2.6, 2.0) * portrait.sheen * 0.7
    bright = mix(portrait.hair, (1.0, 0.93, 0.84), 0.34)
    patch.fill(knot, ramp(tone.astype(np.float32), deep, portrait.hair, bright), p.HAIR)


def paint_tails(canvas: Canvas, head: Frame, portrait: Portrait) -> None:
    """Ponytail or pigtails, over the shoulders but behind the head."""
    style = portrait.hair_style
    if style not in ("ponytail", "pigtails"):
        return
    deep = scale(portrait.hair, 0.55, 0.50, 0.52)
    bright = mix(portrait.hair, (1.0, 0.93, 0.84), 0.34)
    sides = (-1.0, 1.0) if style == "pigtails" else (float(np.sign(portrait.part)),)
    length = 14.0 + 14.0 * portrait.hair_length
    for side in sides:
        x0 = min(14.0 * side, 32.0 * side)
        patch = canvas.patch(head, x0, -4.0, x0 + 18.0, 44.0)
        x, y = patch.x * np.float32(side), patch.y
        lean = x - np.float32(0.6) * np.sin(y * 0.22)
        start = 0.0 if style == "pigtails" else 3.0
        upper = segment(lean, y, (14.5, start), (19.8, start + 7.0), 3.2)
        tail = smooth_union(
            upper, ellipse(lean - 19.9, y - start - 6 - length / 2, 4.6, length / 2 + 2.0), 4.0
        )
        tone = (19.8 - lean) * np.float32(-0.07 * portrait.light_x * side)
        tone = tone - smoothstep(-1.6, 0.0, tail) * 0.35
        tone = tone + bell(lean - 19.8, y - start - 8.0, 3.0, 4.0) * portrait.sheen * 0.5
        patch.fill(tail, ramp(tone.astype(np.float32), deep, portrait.hair, bright), p.HAIR)


def shade_under_hair(hair: Hair, portrait: Portrait) -> None:
    """The soft shadow the front hair throws on forehead, temples and ears."""
    skin = ((hair.patch.ids == p.FACE) | (hair.patch.ids == p.EAR)).astype(np.float32)
    depth = 0.2 if portrait.hair_style == "buzz" else 0.5
    dark = scale(portrait.skin, 0.55, 0.40, 0.40)
    near = np.exp(np.minimum(hair.front, 0.0) - np.maximum(hair.front, 0.0) / np.float32(1.7))
    hair.patch.tint(near * skin * np.float32(depth), dark)


def paint_front_hair(hair: Hair, portrait: Portrait) -> None:
    """Cap, fringe and the locks beside the face."""
    patch = hair.patch
    tones = _tones(patch.x, patch.y, portrait, hair.cut)
    edge = 1.0 - smoothstep(-1.6, 0.2, hair.front) * np.float32(0.22)
    scalp = 0.2 if portrait.hair_style == "buzz" else 0.0
    for plane, skin in zip(tones, portrait.skin, strict=True):
        # Cropped hair lets the scalp shine through.
        plane *= np.float32(1.0 - scalp)
        plane += np.float32(scalp * 0.8 * skin)
        plane *= edge
    patch.fill(hair.front, tones, p.HAIR)
