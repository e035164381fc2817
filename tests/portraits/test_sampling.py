"""The distribution of random portraits."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from pixelguide.portraits import Portrait, portrait_at, random_portrait
from pixelguide.portraits.portrait import Clothing, Glasses, HairStyle


@pytest.fixture(scope="module")
def many() -> list[Portrait]:
    return [portrait_at(3, k) for k in range(1200)]


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_same_generator_state_same_portrait() -> None:
    assert random_portrait(np.random.default_rng(5)) == random_portrait(np.random.default_rng(5))
    assert random_portrait(np.random.default_rng(5)) != random_portrait(np.random.default_rng(6))


def test_frequencies(many: list[Portrait]) -> None:
    assert _share([q.mouth_open == 0 for q in many]) == pytest.approx(0.5, abs=0.05)
    assert _share([q.glasses != "none" for q in many]) == pytest.approx(0.3, abs=0.05)
    closed = [q.left_eye_open == 0 and q.right_eye_open == 0 for q in many]
    assert _share(closed) == pytest.approx(0.2, abs=0.03)
    winking = [(q.left_eye_open == 0) != (q.right_eye_open == 0) for q in many]
    assert 0.03 < _share(winking) < 0.09


def test_eyes_are_clearly_open_or_closed(many: list[Portrait]) -> None:
    for q in many:
        for opened in (q.left_eye_open, q.right_eye_open):
            assert opened == 0 or opened >= 0.6


def test_every_kind_occurs(many: list[Portrait]) -> None:
    assert {q.hair_style for q in many} == set(get_args(HairStyle))
    assert {q.glasses for q in many} == set(get_args(Glasses))
    assert {q.clothing for q in many} == set(get_args(Clothing))


def test_colours_are_colours(many: list[Portrait]) -> None:
    for q in many:
        for name in ("skin", "iris", "lid", "brow", "lip", "hair", "frame", "cloth", "sky"):
            assert all(0.0 <= v <= 1.0 for v in getattr(q, name))
