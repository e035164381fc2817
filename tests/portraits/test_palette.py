"""The portrait classes: their ids are a file format and may not move."""

from __future__ import annotations

import numpy as np

from pixelguide.portraits import LABELS, palette

ORDER = (
    "background, clothing, neck, ear, face, hair, eyebrow, eye white, iris, closed eyelid, nose, "
    "lips, mouth interior, teeth, glasses"
)


def test_ids_are_the_published_ones() -> None:
    assert ", ".join(LABELS.names) == ORDER


def test_constants_agree_with_the_label_set() -> None:
    for name in LABELS.names:
        assert getattr(palette, name.upper().replace(" ", "_")) == LABELS.id(name)


def test_colours_can_be_told_apart() -> None:
    colours = np.array(LABELS.palette, float)
    gaps = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    assert gaps[~np.eye(len(colours), dtype=bool)].min() > 40
