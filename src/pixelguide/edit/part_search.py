"""The part of a photograph that looks most like a category's pictures, by its own models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from pixelguide.photo.framing import SMALLEST_SHARE, Frame

SHARES = (1.0, 0.8, 0.64, 0.5, 0.4)
"""Sides of the squares that are looked at, of the shorter side of the photograph."""
STEP = 0.25
"""From one square to the next, of its side: categories are that sensitive to shifts."""
MOST_SQUARES = 200
"""Looked at coarsely; smaller ones that would be more are left out."""
STARTS = 3
"""How many of the best are looked around."""
ROUNDS = 4
"""Of looking around each of them, a finer step each."""
STRANGE = 0.35
"""Above it a square is none of the category's pictures. Portraits lie below 0.3, what is smooth or
busy without being one above 0.37 (`benchmarks.find_parts`)."""

Strangeness = Callable[[Frame], float]
"""How little the category knows a square, see `Subject.strangeness`."""


def search_part(size: tuple[int, int], side: int, strangeness: Strangeness) -> Frame | None:
    """The square of a photograph of `size` (width, height) that is least strange to a category of
    `side`² pixels; None if all are strange.

    At most `MOST_SQUARES` + 6 · `ROUNDS` · `STARTS` are looked at.
    """
    looked = sorted(((strangeness(frame), frame) for frame in _coarse(size, side)), key=_first)
    found = [_refined(start, size, side, strangeness) for start in looked[:STARTS]]
    least, best = min(found, key=_first, default=(math.inf, None))
    return best if least <= STRANGE else None


def _first(measured: tuple[float, Frame]) -> float:
    return measured[0]


def _refined(
    start: tuple[float, Frame], size: tuple[int, int], side: int, strangeness: Strangeness
) -> tuple[float, Frame]:
    """The best square near `start`, and its measure."""
    best, step = start, STEP / 2
    for _ in range(ROUNDS):
        around = [(strangeness(frame), frame) for frame in _around(best[1], step, size, side)]
        best = min(best, *around, key=_first)
        step *= 0.6
    return best


def _coarse(size: tuple[int, int], side: int) -> Iterator[Frame]:
    """Squares all over the photograph, large ones first."""
    left_over = MOST_SQUARES
    for share in SHARES:
        square = math.floor(share * min(size))
        columns, rows = (_places(length, square) for length in size)
        left_over -= len(columns) * len(rows)
        if left_over < 0 or square < max(1, SMALLEST_SHARE * side):
            return
        for y in rows:
            for x in columns:
                yield Frame(x, y, square)


def _places(length: int, square: int) -> list[int]:
    """Where squares begin along a side: at most `STEP` apart, the last at its end."""
    count = math.ceil((length - square) / (STEP * square)) if square else 0
    return [round(k * (length - square) / count) for k in range(count + 1)] if count else [0]


def _around(frame: Frame, step: float, size: tuple[int, int], side: int) -> Iterator[Frame]:
    """Its neighbours, within the photograph: shifted, smaller, larger."""
    shift = step * frame.size
    for x, y, growth in (
        (-shift, 0, 0), (shift, 0, 0), (0, -shift, 0), (0, shift, 0),
        (shift / 2, shift / 2, -shift), (-shift / 2, -shift / 2, shift),
    ):  # fmt: skip
        square = min(max(frame.size + growth, SMALLEST_SHARE * side), *size)
        column = min(max(frame.x + x, 0), size[0] - square)
        row = min(max(frame.y + y, 0), size[1] - square)
        yield Frame(round(column, 2), round(row, 2), round(square, 2))
