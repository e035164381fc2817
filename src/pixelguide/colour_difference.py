"""How far apart two colours look: CIELAB and CIEDE2000.

Some forty lines instead of scikit-image, which brings four more packages and 56 MB for them; the
tests hold them to the published pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""From linear sRGB (IEC 61966-2-1)."""
_WHITE = _XYZ.sum(1)
"""D65, as sRGB's own white gives it."""


def lab(colours: ArrayLike) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB colours of 255: float64 …×3; L* in [0, 100]."""
    encoded = np.asarray(colours, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def delta_e(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """CIEDE2000 between sRGB colours of 255 (…×3): float64 …; 1 is about what one sees, 2 what one
    notices side by side."""
    return delta_e_lab(lab(one), lab(other))


def delta_e_lab(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """CIEDE2000 between colours in CIELAB (…×3): float64 … (Sharma, Wu and Dalal 2005, eq. 2-22,
    with all three weights 1)."""
    l1, a1, b1 = np.moveaxis(np.asarray(one, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, np.float64), -1, 0)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7))) / 2
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    coloured = c1 * c2 != 0
    turn = np.where(coloured, (h2 - h1 + 180) % 360 - 180, 0)
    turn = np.where(coloured & (turn == -180) & (h2 > h1), 180, turn)
    # of the two means of hues the one between them; of a grey and a colour the colour's own
    h = np.where(coloured, (h1 + turn / 2) % 360, h1 + h2)
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(h - 30))
        + 0.24 * np.cos(np.radians(2 * h))
        + 0.32 * np.cos(np.radians(3 * h + 6))
        - 0.20 * np.cos(np.radians(4 * h - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    rotation = -2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    rotation = rotation * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    l_part, c_part, h_part = dl / s_l, dc / s_c, dh / s_h
    total: NDArray[np.float64] = np.sqrt(
        l_part**2 + c_part**2 + h_part**2 + rotation * c_part * h_part
    )
    return total
