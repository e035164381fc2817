"""Searching a photograph for the square that a category knows best."""

from __future__ import annotations

import math

import pytest

from pixelguide.edit.part_search import (
    MOST_SQUARES,
    ROUNDS,
    STARTS,
    STRANGE,
    Strangeness,
    search_part,
)
from pixelguide.photo.framing import Frame


def known_at(
    target: Frame, seen: list[Frame], most: float = 0.1, least: float = 1.0
) -> Strangeness:
    """A category that knows `target` alone, and what is near it a little."""

    def strangeness(frame: Frame) -> float:
        seen.append(frame)
        x, y = (
            (one + frame.size / 2 - other - target.size / 2) / target.size
            for one, other in ((frame.x, target.x), (frame.y, target.y))
        )
        off = math.hypot(x, y, math.log2(frame.size / target.size))
        return most + (1 - most) * min(1, off)

    return strangeness


@pytest.mark.parametrize(
    "target", [Frame(30, 40, 220), Frame(10, 5, 290), Frame(250, 160, 130), Frame(0, 0, 300)]
)
def test_the_part_is_found_to_a_few_pixels(target: Frame) -> None:
    seen: list[Frame] = []
    found = search_part((400, 300), 64, known_at(target, seen))
    assert found is not None
    assert abs(found.size / target.size - 1) < 0.1
    assert max(abs(found.x - target.x), abs(found.y - target.y)) < 0.08 * target.size


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (3000, 200), (1, 1), (20, 900), (64, 64)])
def test_the_squares_are_bounded_and_lie_inside(size: tuple[int, int]) -> None:
    seen: list[Frame] = []
    search_part(size, 64, known_at(Frame(0, 0, 100), seen))
    assert len(seen) <= MOST_SQUARES + 6 * ROUNDS * STARTS
    assert bool(seen) == (min(size) >= 16), "a quarter of the model's side is the least there is"
    for frame in seen:
        assert frame.size >= 16
        assert frame.x >= 0
        assert frame.y >= 0
        assert frame.x + frame.size <= size[0] + 0.02
        assert frame.y + frame.size <= size[1] + 0.02


def test_where_nothing_is_known_well_there_is_no_part() -> None:
    target = Frame(30, 40, 220)
    assert search_part((400, 300), 64, known_at(target, [], most=STRANGE + 0.01)) is None
    assert search_part((400, 300), 64, lambda frame: 0.9) is None
