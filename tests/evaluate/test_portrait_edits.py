from __future__ import annotations

import numpy as np
import pytest

from pixelguide.evaluate.portrait_edits import (
    HELD_OUT_SEED,
    EditCase,
    held_out_portraits,
    portrait_edits,
)
from pixelguide.guidance.region import region_of_interest
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.portraits import EDITS, LABELS, portrait_at, render


@pytest.fixture(scope="module")
def cases() -> list[EditCase]:
    return list(portrait_edits(16))


def test_all_kinds_take_turns_on_portraits_of_their_own(cases: list[EditCase]) -> None:
    assert [case.edit.name for case in cases] == list(EDITS) * 2
    assert len({case.index for case in cases}) == 16
    for case in cases:
        portrait = portrait_at(HELD_OUT_SEED, case.index)
        assert case.edit.applies(portrait)
        assert np.array_equal(case.before.image, render(portrait).image)


def test_cases_do_not_depend_on_how_many_are_asked_for(cases: list[EditCase]) -> None:
    for one, other in zip(portrait_edits(3), cases[:3], strict=True):
        assert one.index == other.index
        assert np.array_equal(one.after.image, other.after.image)


def test_repainting_the_true_map_gives_the_true_result(cases: list[EditCase]) -> None:
    for case in cases:
        source = LabelMap(case.before.label_ids, LABELS)
        target, classes = case.repaint(source)
        assert np.array_equal(target.ids, case.after.label_ids)
        assert classes
        assert set(classes) <= set(case.edit.classes)
        assert region_of_interest(source, target, classes).any()
        assert np.array_equal(source.ids, case.before.label_ids), "the source is left alone"


def test_repainting_a_wrong_map_touches_only_what_the_edit_changes(cases: list[EditCase]) -> None:
    for case in cases:
        source = LabelMap(np.full((64, 64), LABELS.id("face"), np.uint8), LABELS)
        target, _ = case.repaint(source)
        changed = case.before.label_ids != case.after.label_ids
        assert (target.ids[~changed] == LABELS.id("face")).all()
        assert (target.ids[changed] == case.after.label_ids[changed]).all()


def test_repainting_leaves_no_stray_pixel_of_an_edited_class(cases: list[EditCase]) -> None:
    for case in cases:
        source = LabelMap(case.before.label_ids.copy(), LABELS)
        source.ids[:4, :4] = LABELS.id(case.edit.classes[0])  # read by mistake
        target, _ = case.repaint(source)
        assert np.array_equal(target.ids, case.after.label_ids)


def test_classes_that_occur_in_neither_map_are_left_out() -> None:
    case = next(c for c in portrait_edits(8) if c.edit.name == "close_mouth")
    _, classes = case.repaint(LabelMap(case.after.label_ids, LABELS))
    assert "teeth" not in classes
    assert "lips" in classes


def test_held_out_portraits_are_the_first_of_their_seed() -> None:
    images, maps = held_out_portraits(3, size=32)
    assert images.shape == (3, 32, 32, 3)
    for k in range(3):
        rendering = render(portrait_at(HELD_OUT_SEED, k), 32)
        assert np.array_equal(images[k], rendering.image)
        assert np.array_equal(maps[k], rendering.label_ids)
    assert (maps != IGNORE).all()


def test_a_series_can_be_shared() -> None:
    whole = [(case.edit.name, case.index) for case in portrait_edits(6)]
    parts = [*portrait_edits(2), *portrait_edits(4, first=2)]
    assert [(case.edit.name, case.index) for case in parts] == whole
    assert len({index for _, index in whole}) == len(whole)
