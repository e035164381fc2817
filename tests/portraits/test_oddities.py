"""Oddities: visible, local, and honest about the labels they hide."""

from __future__ import annotations

import numpy as np
import pytest

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE
from pixelguide.portraits import ODDITIES, Portrait, Rendering, add_oddity

Gallery = list[tuple[Portrait, Rendering]]


def test_names() -> None:
    assert list(ODDITIES) == ["face_paint", "microphone", "hand", "sticker"]


@pytest.mark.parametrize("name", ["face_paint", "microphone", "hand", "sticker"])
def test_oddity_is_visible_but_leaves_most_of_the_picture(gallery: Gallery, name: str) -> None:
    for k, (portrait, before) in enumerate(gallery[:20]):
        after = add_oddity(before, portrait, name, np.random.default_rng(k))
        difference = np.abs(before.image.astype(int) - after.image).max(-1)
        assert (difference > 25).sum() >= 20
        assert (difference == 0).mean() > 0.6


@pytest.mark.parametrize("name", ["face_paint", "sticker"])
def test_labels_stay_under_paint(gallery: Gallery, name: str) -> None:
    portrait, before = gallery[0]
    after = add_oddity(before, portrait, name, np.random.default_rng(0))
    assert np.array_equal(after.label_ids, before.label_ids)


@pytest.mark.parametrize("name", ["microphone", "hand"])
def test_hidden_pixels_lose_their_label_and_no_others(gallery: Gallery, name: str) -> None:
    for k, (portrait, before) in enumerate(gallery[:20]):
        after = add_oddity(before, portrait, name, np.random.default_rng(k))
        hidden = after.label_ids == IGNORE
        assert 60 < hidden.sum() < 1000
        assert np.array_equal(after.label_ids[~hidden], before.label_ids[~hidden])
        changed = (before.image != after.image).any(-1)
        assert changed[hidden].mean() > 0.98


def test_the_original_rendering_is_untouched(gallery: Gallery) -> None:
    portrait, before = gallery[1]
    image, ids = before.image.copy(), before.label_ids.copy()
    add_oddity(before, portrait, "hand", np.random.default_rng(0))
    assert np.array_equal(image, before.image)
    assert np.array_equal(ids, before.label_ids)


def test_same_generator_state_same_oddity(gallery: Gallery) -> None:
    portrait, before = gallery[2]
    pair = [add_oddity(before, portrait, "sticker", np.random.default_rng(9)) for _ in range(2)]
    assert np.array_equal(pair[0].image, pair[1].image)


def test_unknown_oddity(gallery: Gallery) -> None:
    portrait, before = gallery[0]
    with pytest.raises(InputError, match="microphone"):
        add_oddity(before, portrait, "hat", np.random.default_rng(0))
