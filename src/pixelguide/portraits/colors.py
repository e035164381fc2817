"""Colours as sRGB triples in 0..1: OKLCh conversion and the tone ramps of skin and hair."""

from __future__ import annotations

import math

Rgb = tuple[float, float, float]
"""An sRGB colour, each channel in 0..1."""

_SKIN_ANCHORS: tuple[Rgb, ...] = (
    (1.00, 0.885, 0.815),
    (0.975, 0.815, 0.710),
    (0.930, 0.725, 0.595),
    (0.835, 0.600, 0.455),
    (0.690, 0.460, 0.325),
    (0.540, 0.335, 0.235),
    (0.400, 0.245, 0.180),
    (0.300, 0.190, 0.150),
)


def mix(a: Rgb, b: Rgb, t: float) -> Rgb:
    """The colour `t` (0..1) of the way from `a` to `b`."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def scale(a: Rgb, r: float, g: float, b: float) -> Rgb:
    """`a` with each channel multiplied, clipped to 0..1."""
    return (_clip(a[0] * r), _clip(a[1] * g), _clip(a[2] * b))


def oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """sRGB of an OKLCh colour: lightness 0..1, chroma 0..0.35, hue in degrees."""
    h = math.radians(hue)
    a, b = chroma * math.cos(h), chroma * math.sin(h)
    l3 = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m3 = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s3 = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encode(4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3),
        _encode(-1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3),
        _encode(-0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3),
    )


def skin_tone(depth: float, undertone: float) -> Rgb:
    """Skin from very light (`depth` 0) to very dark (1); `undertone` -1 cool .. 1 warm."""
    position = _clip(depth) * (len(_SKIN_ANCHORS) - 1)
    k = min(int(position), len(_SKIN_ANCHORS) - 2)
    base = mix(_SKIN_ANCHORS[k], _SKIN_ANCHORS[k + 1], position - k)
    return scale(base, 1.0 + 0.012 * undertone, 1.0 + 0.012 * undertone, 1.0 - 0.07 * undertone)


def skin_shadow(skin: Rgb) -> Rgb:
    """The shaded side of `skin`: darker and redder, as light scattered inside skin is."""
    return scale(skin, 0.80, 0.66, 0.64)


def skin_light(skin: Rgb) -> Rgb:
    """The lit side of `skin`."""
    return mix(skin, (1.0, 0.95, 0.86), 0.34)


def luminance(a: Rgb) -> float:
    """Rough perceived lightness of `a`, 0..1."""
    return 0.3 * a[0] + 0.59 * a[1] + 0.11 * a[2]


def _clip(v: float) -> float:
    return min(1.0, max(0.0, v))


def _encode(v: float) -> float:
    v = _clip(v)
    return 12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055
