"""Colour conversions against known values and orderings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.portraits.colors import luminance, oklch, skin_light, skin_shadow, skin_tone


@pytest.mark.parametrize(
    ("lightness", "chroma", "hue", "expected"),
    [
        (1.0, 0.0, 0.0, (1.0, 1.0, 1.0)),
        (0.0, 0.0, 0.0, (0.0, 0.0, 0.0)),
        # The sRGB primaries in OKLCh, as in CSS Color 4.
        (0.62796, 0.25768, 29.234, (1.0, 0.0, 0.0)),
        (0.86644, 0.29483, 142.495, (0.0, 1.0, 0.0)),
        (0.45201, 0.31321, 264.052, (0.0, 0.0, 1.0)),
    ],
)
def test_oklch_of_known_colours(
    lightness: float, chroma: float, hue: float, expected: tuple[float, float, float]
) -> None:
    # The encoding is steep near 0, so that the rounding of the table shows there.
    assert oklch(lightness, chroma, hue) == pytest.approx(expected, abs=0.02)


@given(st.floats(0, 0.98), st.floats(-1, 1))
def test_skin_darkens_with_depth_and_is_shaded_around_its_tone(depth: float, under: float) -> None:
    tone = skin_tone(depth, under)
    assert luminance(skin_tone(depth + 0.02, under)) < luminance(tone)
    assert luminance(skin_shadow(tone)) < luminance(tone) < luminance(skin_light(tone))
    assert tone[0] > tone[1] > tone[2]
