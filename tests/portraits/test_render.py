"""Pixels and label maps of portraits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelguide.portraits import LABELS, Portrait, Rendering, palette, portrait_at, render
from pixelguide.portraits.render import majority

Gallery = list[tuple[Portrait, Rendering]]


def _count(rendering: Rendering, *ids: int) -> int:
    return int(np.isin(rendering.label_ids, ids).sum())


def test_shapes_and_types(gallery: Gallery) -> None:
    for _, r in gallery:
        assert r.image.shape == (64, 64, 3)
        assert r.label_ids.shape == (64, 64)
        assert r.image.dtype == r.label_ids.dtype == np.uint8
        assert r.label_ids.max() < len(LABELS.names)


def test_same_parameters_same_bytes(gallery: Gallery) -> None:
    for portrait, first in gallery[:10]:
        again = render(portrait)
        assert again.image.tobytes() == first.image.tobytes()
        assert again.label_ids.tobytes() == first.label_ids.tobytes()


def test_different_portraits_look_different(gallery: Gallery) -> None:
    assert len({r.image.tobytes() for _, r in gallery}) == len(gallery)


def test_every_class_occurs_often(gallery: Gallery) -> None:
    for k, name in enumerate(LABELS.names):
        share = np.mean([_count(r, k) >= 3 for _, r in gallery])
        assert share > 0.12, name


def test_labels_follow_the_parameters(gallery: Gallery) -> None:
    for q, r in gallery:
        opened = (q.left_eye_open > 0) + (q.right_eye_open > 0)
        assert (_count(r, palette.IRIS) > 0) == (opened > 0)
        assert (_count(r, palette.CLOSED_EYELID) > 0) == (opened < 2)
        assert (_count(r, palette.MOUTH_INTERIOR) > 0) == (q.mouth_open > 0)
        assert (_count(r, palette.TEETH) > 0) == (q.mouth_open > 0)
        assert (_count(r, palette.GLASSES) > 0) == (q.glasses != "none")
        assert (_count(r, palette.HAIR) > 0) == (q.hair_style != "bald")


def test_parts_are_large_enough_to_edit(gallery: Gallery) -> None:
    for q, r in gallery:
        assert _count(r, palette.LIPS, palette.MOUTH_INTERIOR, palette.TEETH) > 35
        if q.left_eye_open > 0 and q.right_eye_open > 0:
            assert _count(r, palette.EYE_WHITE, palette.IRIS) > 45


def test_heads_are_aligned(gallery: Gallery) -> None:
    for _, r in gallery:
        rows, columns = np.nonzero(
            np.isin(r.label_ids, (palette.EYE_WHITE, palette.IRIS, palette.CLOSED_EYELID))
        )
        assert 29.5 < rows.mean() < 35.5
        assert 28.0 < columns.mean() < 36.0


def test_label_is_where_the_colour_is() -> None:
    # With clothes of a colour found nowhere else, colour and label must tell the same story.
    portrait = portrait_at(2, 0).replace(
        cloth=(0.0, 0.9, 0.1), accent=(0.0, 0.9, 0.1), clothing="crew", hair_style="short"
    )
    r = render(portrait.replace(sky=(0.2, 0.2, 0.8), ground=(0.2, 0.2, 0.8)))
    green = r.image[..., 1].astype(int) - r.image[..., [0, 2]].max(-1)
    assert np.mean((green > 0) == (r.label_ids == palette.CLOTHING)) > 0.97


def test_coarse_label_is_the_majority_of_the_fine_ones() -> None:
    for k in range(5):
        portrait = portrait_at(4, k)
        fine = render(portrait, size=256, supersample=1).label_ids
        blocks = fine.reshape(64, 4, 64, 4).transpose(0, 2, 1, 3).reshape(64, 64, 16)
        votes = (blocks[..., None] == np.arange(len(LABELS.names))).sum(axis=2)
        coarse = render(portrait, size=64, supersample=4).label_ids
        chosen = np.take_along_axis(votes, coarse[..., None].astype(int), axis=-1)[..., 0]
        assert np.array_equal(chosen, votes.max(-1))


@given(st.lists(st.integers(0, 14), min_size=1, max_size=16))
def test_majority_of_one_block(ids: list[int]) -> None:
    winner = int(majority(np.array([ids], np.uint8))[0])
    assert ids.count(winner) == max(ids.count(k) for k in ids)


@pytest.mark.parametrize("size", [32, 96, 128])
def test_other_sizes_show_the_same_person(size: int) -> None:
    portrait = portrait_at(5, 1)
    other = render(portrait, size=size)
    assert other.image.shape == (size, size, 3)
    large = other.image.repeat(384 // size, 0).repeat(384 // size, 1).astype(float)
    known = render(portrait).image.repeat(6, 0).repeat(6, 1).astype(float)
    assert np.abs(large - known).mean() < 12
