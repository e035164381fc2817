"""True edits: large enough to see, and nothing changes far from what they change."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.portraits import EDITS, LABELS, Portrait, Rendering, render

Gallery = list[tuple[Portrait, Rendering]]
Cases = dict[str, list[tuple[Rendering, Rendering]]]

NAMES = [
    "open_mouth",
    "close_mouth",
    "move_eye",
    "close_eye",
    "open_eye",
    "edit_eyebrow",
    "change_hairstyle",
    "remove_glasses",
]
CASES = 12
REACH = dict.fromkeys(NAMES, 5) | {"remove_glasses": 6}
"""How many pixels around its classes an edit may touch: shadows, creases, the lenses' glint."""


def _pairs(gallery: Gallery, name: str) -> list[tuple[Portrait, Portrait]]:
    """Portraits to which an edit applies, before and after it."""
    edit = EDITS[name]
    found = [q for q, _ in gallery if edit.applies(q)]
    assert len(found) > CASES
    return [(q, edit.apply(q, np.random.default_rng([6, k]))) for k, q in enumerate(found)]


@pytest.fixture(scope="module")
def cases(gallery: Gallery) -> Cases:
    """Some pairs of every edit, rendered."""
    known = dict(gallery)
    return {
        name: [(known[q], render(edited)) for q, edited in _pairs(gallery, name)[:CASES]]
        for name in NAMES
    }


def _grown(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    grown = mask.copy()
    for dy, dx in itertools.product(range(-radius, radius + 1), repeat=2):
        padded = np.pad(mask, radius)
        grown |= padded[radius + dy : radius + dy + 64, radius + dx : radius + dx + 64]
    return grown


def test_names_and_classes() -> None:
    assert list(EDITS) == NAMES
    for name, edit in EDITS.items():
        assert edit.name == name
        assert set(edit.classes) <= set(LABELS.names)


@pytest.mark.parametrize("name", NAMES)
def test_edit_is_seen_in_labels_and_pixels(cases: Cases, name: str) -> None:
    for before, after in cases[name]:
        changed = before.label_ids != after.label_ids
        assert changed.sum() >= 12
        difference = np.abs(before.image.astype(int) - after.image).max(-1)
        assert (difference[changed] > 8).mean() > 0.5


@pytest.mark.parametrize("name", [n for n in NAMES if n != "change_hairstyle"])
def test_edit_changes_only_the_neighbourhood_of_its_classes(cases: Cases, name: str) -> None:
    ids = [LABELS.id(c) for c in EDITS[name].classes]
    for before, after in cases[name]:
        part = np.isin(before.label_ids, ids) | np.isin(after.label_ids, ids)
        far = ~_grown(part | (before.label_ids != after.label_ids), REACH[name])
        assert far.sum() > 2000
        assert np.array_equal(before.image[far], after.image[far])
        assert np.array_equal(before.label_ids[far], after.label_ids[far])


def test_hairstyle_keeps_features_and_colours(gallery: Gallery) -> None:
    for portrait, edited in _pairs(gallery, "change_hairstyle"):
        assert edited.hair_style != portrait.hair_style
        assert edited.replace(hair_style=portrait.hair_style) == portrait


def test_gaze_moves_by_at_least_a_pixel_and_a_half(gallery: Gallery) -> None:
    for portrait, edited in _pairs(gallery, "move_eye"):
        assert abs(edited.gaze_x - portrait.gaze_x) >= 1.5
        assert abs(edited.gaze_x) <= 2.2


@pytest.mark.parametrize(
    ("name", "inverse"), [("open_mouth", "close_mouth"), ("close_eye", "open_eye")]
)
def test_opposite_edits_apply_after_each_other(gallery: Gallery, name: str, inverse: str) -> None:
    for _, edited in _pairs(gallery, name):
        assert EDITS[inverse].applies(edited)
        assert not EDITS[name].applies(edited)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("open_mouth", {"mouth_open"}),
        ("close_mouth", {"mouth_open"}),
        ("move_eye", {"gaze_x"}),
        ("close_eye", {"left_eye_open", "right_eye_open"}),
        ("open_eye", {"left_eye_open", "right_eye_open"}),
        ("edit_eyebrow", {"brow_height", "brow_thickness", "brow_angle"}),
        ("remove_glasses", {"glasses"}),
    ],
)
def test_edit_changes_only_its_parameters(gallery: Gallery, name: str, fields: set[str]) -> None:
    for portrait, edited in _pairs(gallery, name):
        changed = {
            f.name
            for f in dataclasses.fields(Portrait)
            if getattr(portrait, f.name) != getattr(edited, f.name)
        }
        assert changed
        assert changed <= fields
