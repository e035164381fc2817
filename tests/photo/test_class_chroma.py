"""A repainted pixel takes the colours of the class that was painted there."""

from __future__ import annotations

import numpy as np

from pixelguide.photo.class_chroma import LUMA, chroma_of, class_chroma

SKIN, LIPS, HAIR, HAT = range(4)
COLOURS = np.array([[220, 170, 140], [190, 60, 70], [60, 40, 30], [0, 0, 0]], np.uint8)


def _ids() -> np.ndarray:
    ids = np.full((32, 32), SKIN, np.uint8)
    ids[20:24, 10:22] = LIPS
    ids[:6] = HAIR
    return ids


def test_skin_painted_over_lips_takes_the_colour_of_skin_nearby() -> None:
    source, target = _ids(), _ids()
    target[20:24] = SKIN
    picture = COLOURS[source]
    picture[26:] = (200, 200, 140)  # skin of another colour, farther away
    found = class_chroma(picture, source, target)
    painted = (found.colours[20:24, 12:20]).reshape(-1, 3)
    near, far = (
        chroma_of(np.array([colour], np.uint8)) for colour in ((220, 170, 140), (200, 200, 140))
    )
    assert np.abs(painted - near).max(1).mean() < np.abs(painted - far).max(1).mean()
    assert found.share[21, 15] > 0.95
    assert found.share[12, 15] == 0
    assert np.allclose(found.colours @ LUMA, 0, atol=1e-3)


def test_lips_painted_larger_take_the_colour_of_the_lips() -> None:
    source, target = _ids(), _ids()
    target[24:28, 10:22] = LIPS
    found = class_chroma(COLOURS[source], source, target)
    lips = chroma_of(COLOURS[LIPS])
    assert np.abs(found.colours[24:28, 10:22] - lips).max() < 1


def test_a_class_that_the_picture_does_not_show_changes_no_colour() -> None:
    source, target = _ids(), _ids()
    target[6:10] = HAT
    found = class_chroma(COLOURS[source], source, target)
    assert not found.share.any()


def test_a_class_that_moved_away_still_lends_its_colour() -> None:
    source, target = _ids(), _ids()
    target[20:24, 10:22] = SKIN
    target[26:30, 10:22] = LIPS
    found = class_chroma(COLOURS[source], source, target)
    assert np.abs(found.colours[26:30, 10:22] - chroma_of(COLOURS[LIPS])).max() < 1
