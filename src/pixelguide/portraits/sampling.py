"""Drawing the parameters of a random portrait."""

from __future__ import annotations

from typing import get_args

import numpy as np

from pixelguide.portraits.colors import Rgb, luminance, mix, oklch, scale, skin_tone
from pixelguide.portraits.portrait import Clothing, Glasses, HairStyle, Portrait

_NATURAL_HAIR: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.10, 0.085, 0.09), (0.17, 0.13, 0.12)),
    ((0.22, 0.14, 0.10), (0.31, 0.19, 0.13)),
    ((0.38, 0.23, 0.14), (0.50, 0.32, 0.19)),
    ((0.80, 0.60, 0.33), (0.93, 0.77, 0.50)),
    ((0.60, 0.42, 0.24), (0.70, 0.50, 0.28)),
    ((0.56, 0.22, 0.11), (0.76, 0.36, 0.16)),
    ((0.50, 0.49, 0.49), (0.66, 0.65, 0.65)),
    ((0.83, 0.82, 0.80), (0.92, 0.91, 0.89)),
)
_NATURAL_WEIGHT = (0.20, 0.20, 0.16, 0.13, 0.09, 0.12, 0.05, 0.05)
_DYED_HUES = (350.0, 20.0, 195.0, 255.0, 300.0, 330.0)

_IRIS: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.24, 0.13, 0.08), (0.36, 0.20, 0.11)),
    ((0.46, 0.28, 0.13), (0.58, 0.38, 0.18)),
    ((0.32, 0.46, 0.26), (0.45, 0.58, 0.34)),
    ((0.22, 0.45, 0.68), (0.40, 0.62, 0.82)),
    ((0.42, 0.50, 0.56), (0.55, 0.62, 0.66)),
)
_FRAMES: tuple[Rgb, ...] = (
    (0.10, 0.10, 0.12),
    (0.36, 0.18, 0.10),
    (0.72, 0.12, 0.16),
    (0.12, 0.26, 0.52),
    (0.78, 0.60, 0.22),
    (0.08, 0.40, 0.38),
    (0.95, 0.93, 0.90),
)
_HAIR_WEIGHT: dict[HairStyle, float] = {"bald": 0.5, "buzz": 0.8, "pigtails": 0.7}


def random_portrait(rng: np.random.Generator) -> Portrait:
    """A portrait drawn from the training distribution; all randomness comes from `rng`."""

    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def normal(sigma: float, limit: float) -> float:
        return float(np.clip(rng.normal(0.0, sigma), -limit, limit))

    depth = uniform(0.0, 1.0)
    skin = skin_tone(depth, uniform(-1.0, 1.0))
    natural = _hair_colour(rng, depth)
    hair = _dyed(rng) if rng.random() < 0.1 else natural
    left, right = _openness(rng)
    iris_weights = np.array((0.45, 0.2, 0.12, 0.15, 0.08)) * (
        (1.0, 1.0, 1.0, 1.0, 1.0) if depth < 0.55 else (1.0, 0.5, 0.2, 0.12, 0.1)
    )
    iris = _IRIS[int(rng.choice(len(_IRIS), p=iris_weights / iris_weights.sum()))]
    styles: tuple[HairStyle, ...] = get_args(HairStyle)
    weights = np.array([_HAIR_WEIGHT.get(s, 1.0) for s in styles])
    style = styles[int(rng.choice(len(styles), p=weights / weights.sum()))]
    shapes: tuple[Glasses, ...] = get_args(Glasses)
    glasses = shapes[1 + int(rng.integers(len(shapes) - 1))] if rng.random() < 0.3 else "none"
    clothing: tuple[Clothing, ...] = get_args(Clothing)
    cloth, accent = _cloth_colours(rng)
    sky, ground = _background_colours(rng)
    return Portrait(
        shift_x=normal(0.5, 1.2),
        shift_y=normal(0.4, 1.0),
        tilt=normal(1.2, 3.0),
        scale=uniform(0.96, 1.03),
        skin=skin,
        face_width=uniform(16.4, 18.6),
        chin=uniform(22.2, 23.8),
        jaw=uniform(1.95, 2.6),
        taper=uniform(0.0, 1.0),
        ear_size=uniform(0.85, 1.15),
        blush=uniform(0.2, 1.0),
        left_eye_open=left,
        right_eye_open=right,
        eye_width=uniform(5.0, 5.7),
        eye_height=uniform(0.88, 1.12),
        eye_slant=uniform(-0.10, 0.14),
        eye_spacing=uniform(7.9, 8.6),
        iris=mix(iris[0], iris[1], uniform(0.0, 1.0)),
        gaze_x=normal(0.9, 2.1),
        gaze_y=normal(0.4, 0.9),
        lid=_lid_colour(rng, skin),
        brow_height=uniform(-0.3, 1.7),
        brow_thickness=uniform(1.9, 2.9),
        brow_angle=uniform(-0.18, 0.07),
        brow_arch=uniform(0.2, 1.0),
        brow=_brow_colour(natural, skin),
        nose_width=uniform(3.3, 4.6),
        nose_length=uniform(8.2, 9.5),
        mouth_open=0.0 if rng.random() < 0.5 else uniform(0.4, 1.0),
        mouth_width=uniform(7.1, 8.8),
        lip_fullness=uniform(0.0, 1.0),
        smile=uniform(0.2, 1.0),
        lip=_lip_colour(rng, skin),
        hair_style=style,
        hair=hair,
        hair_volume=uniform(0.0, 1.0),
        hair_length=uniform(0.0, 1.0),
        hairline=uniform(-1.0, 1.0),
        part=uniform(0.4, 1.0) * (1.0 if rng.random() < 0.5 else -1.0),
        sheen=uniform(0.35, 1.0),
        glasses=glasses,
        frame=_frame_colour(rng, skin),
        lens_size=uniform(0.93, 1.07),
        clothing=clothing[int(rng.integers(len(clothing)))],
        cloth=cloth,
        accent=accent,
        sky=sky,
        ground=ground,
        slope=uniform(-1.0, 1.0),
        disc=uniform(0.0, 1.0),
        disc_x=uniform(18.0, 46.0),
        disc_y=uniform(14.0, 34.0),
        light_x=uniform(0.35, 1.0) * (1.0 if rng.random() < 0.5 else -1.0),
        warmth=uniform(-1.0, 1.0),
    )


def _hair_colour(rng: np.random.Generator, depth: float) -> Rgb:
    weights = np.array(_NATURAL_WEIGHT)
    if depth > 0.55:
        # Dark skin mostly goes with dark hair, but the other colours stay possible.
        weights *= (2.6, 1.8, 0.6, 0.25, 0.3, 0.35, 1.0, 0.6)
    low, high = _NATURAL_HAIR[int(rng.choice(len(weights), p=weights / weights.sum()))]
    return mix(low, high, float(rng.uniform(0.0, 1.0)))


def _dyed(rng: np.random.Generator) -> Rgb:
    hue = _DYED_HUES[int(rng.integers(len(_DYED_HUES)))]
    return oklch(float(rng.uniform(0.5, 0.72)), float(rng.uniform(0.10, 0.16)), hue)


def _openness(rng: np.random.Generator) -> tuple[float, float]:
    """How far each eye is open: both closed in a fifth, one closed in a few of a hundred."""
    opened = float(rng.uniform(0.68, 1.0))
    kind = float(rng.random())
    if kind < 0.2:
        return 0.0, 0.0
    if kind < 0.23:
        return 0.0, opened
    if kind < 0.26:
        return opened, 0.0
    return opened, opened


def _lid_colour(rng: np.random.Generator, skin: Rgb) -> Rgb:
    base = scale(skin, 0.84, 0.68, 0.70)
    hue = (0.0, 340.0, 300.0, 45.0)[int(rng.integers(4))]
    return mix(base, oklch(0.35 + 0.3 * luminance(skin), 0.09, hue), float(rng.uniform(0.2, 0.55)))


def _brow_colour(hair: Rgb, skin: Rgb) -> Rgb:
    dark = scale(hair, 0.72, 0.68, 0.66)
    # A brow as light as the skin would vanish, so it is pulled well below the skin's lightness.
    limit = 0.52 * luminance(skin)
    excess = luminance(dark) / max(limit, 1e-3)
    return dark if excess <= 1 else scale(dark, 1 / excess, 1 / excess, 1 / excess)


def _lip_colour(rng: np.random.Generator, skin: Rgb) -> Rgb:
    natural = mix(scale(skin, 0.92, 0.60, 0.62), (0.74, 0.24, 0.27), 0.38)
    if rng.random() < 0.45:
        hue = float(rng.uniform(-12.0, 28.0))
        lipstick = oklch(float(rng.uniform(0.42, 0.58)), float(rng.uniform(0.13, 0.19)), hue)
        return mix(natural, lipstick, float(rng.uniform(0.5, 0.9)))
    return natural


def _frame_colour(rng: np.random.Generator, skin: Rgb) -> Rgb:
    # Frames of about the skin's lightness would be hard to see.
    clear = [f for f in _FRAMES if abs(luminance(f) - luminance(skin)) > 0.14]
    return clear[int(rng.integers(len(clear)))]


def _cloth_colours(rng: np.random.Generator) -> tuple[Rgb, Rgb]:
    hue = float(rng.uniform(0.0, 360.0))
    if rng.random() < 0.25:
        cloth = oklch(float(rng.uniform(0.28, 0.93)), 0.015, hue)
    else:
        cloth = oklch(float(rng.uniform(0.38, 0.76)), float(rng.uniform(0.06, 0.13)), hue)
    turn = (30.0, -30.0, 180.0)[int(rng.integers(3))]
    light = 0.9 if luminance(cloth) < 0.55 else 0.42
    return cloth, oklch(light, 0.05, hue + turn)


def _background_colours(rng: np.random.Generator) -> tuple[Rgb, Rgb]:
    hue = float(rng.uniform(0.0, 360.0))
    lightness = float(rng.uniform(0.50, 0.90))
    chroma = float(rng.uniform(0.025, 0.085))
    turn = float(rng.uniform(-50.0, 50.0))
    drop = float(rng.uniform(0.06, 0.18))
    return oklch(lightness, chroma, hue), oklch(lightness - drop, chroma * 1.1, hue + turn)
