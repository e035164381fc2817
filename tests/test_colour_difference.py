from __future__ import annotations

import numpy as np
import pytest

from pixelguide.colour_difference import delta_e, delta_e_lab, lab

# Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula: implementation notes,
# supplementary test data, and mathematical observations", table 1: pairs 1, 4, 7, 10, 14, 17, 20,
# 25, 30, 34.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0010), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "apart"), PAIRS)
def test_published_pairs(one: tuple[float, ...], other: tuple[float, ...], apart: float) -> None:
    assert delta_e_lab(one, other) == pytest.approx(apart, abs=1e-4)
    assert delta_e_lab(other, one) == pytest.approx(apart, abs=1e-4)


def test_white_black_and_red_are_where_srgb_has_them() -> None:
    assert lab([255, 255, 255]) == pytest.approx([100, 0, 0], abs=1e-3)
    assert lab([0, 0, 0]) == pytest.approx([0, 0, 0], abs=1e-9)
    assert lab([255, 0, 0]) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)  # D65 to four digits


def test_whole_pictures_at_once() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3))
    apart = delta_e(*pictures)
    assert apart.shape == (4, 5)
    # vectors and scalars may round differently in the last bit
    assert apart[1, 2] == pytest.approx(delta_e(pictures[0, 1, 2], pictures[1, 1, 2]))
    assert (delta_e(pictures[0], pictures[0]) == 0).all()
