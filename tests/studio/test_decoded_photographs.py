"""Decoded photographs are kept within bounds, and never decoded twice for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from photographs import random_pixels
from pixelguide.photo.photograph import Photograph
from pixelguide.studio.decoded_photographs import DecodedPhotographs


def test_the_last_used_stay_and_the_last_one_always() -> None:
    one, two, large = (Photograph(random_pixels(k, *size)) for k, size in
                       enumerate(((10, 10), (10, 10), (100, 100))))  # fmt: skip
    known = DecodedPhotographs(room=700)
    made: list[str] = []

    def get(name: str, photograph: Photograph) -> None:
        assert known.get(name, lambda: made.append(name) or photograph) is photograph  # type: ignore[func-returns-value]

    for name, photograph in (("one", one), ("two", two), ("one", one), ("two", two)):
        get(name, photograph)
    assert made == ["one", "two"]
    get("large", large)
    get("large", large)
    assert made == ["one", "two", "large"], "larger than the room, and kept"
    get("one", one)
    assert made[-1] == "one"


def test_what_is_shared_cannot_be_written_to() -> None:
    known = DecodedPhotographs()
    found = known.get("one", lambda: Photograph(random_pixels(0)))
    with pytest.raises(ValueError, match="read-only"):
        found.pixels[0, 0] = 0
    assert found.pixels.dtype == np.uint8
