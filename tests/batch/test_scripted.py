from __future__ import annotations

import numpy as np
import pytest

from pixelguide.batch.scripted import SCRIPTED, repainted, scripted_edit
from pixelguide.errors import InputError
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.portraits import EDITS, LABELS, portrait_at, render


def portrait(name: str) -> LabelMap:
    """The first held-out portrait that a true edit of that name applies to."""
    found = next(p for k in range(99) if EDITS[name].applies(p := portrait_at(1000, k)))
    return LabelMap(render(found, 64).label_ids, LABELS)


def pixels(face: LabelMap, *names: str) -> int:
    return int(np.isin(face.ids, face.labels.ids(names)).sum())


def test_the_mouth_opens_and_closes() -> None:
    closed = portrait("open_mouth")
    opened, classes = repainted(closed, "mouth_open")
    assert pixels(opened, "mouth interior") > 0
    assert pixels(opened, "teeth") > 0
    assert set(classes) == {"lips", "mouth interior", "teeth"}
    again, _ = repainted(opened, "close_mouth")
    assert pixels(again, "mouth interior", "teeth") == 0
    assert pixels(again, "lips") > 0
    with pytest.raises(InputError, match="the mouth is closed"):
        repainted(closed, "close_mouth")


def test_eyes_close_and_grow() -> None:
    face = portrait("close_eye")
    shut, _ = repainted(face, "close_eyes")
    assert pixels(shut, "eye white", "iris") == 0
    assert pixels(shut, "closed eyelid") > 0
    larger, _ = repainted(face, "bigger_eyes")
    assert 1.2 < pixels(larger, "eye white", "iris") / pixels(face, "eye white", "iris") < 2.2


def test_brows_move_up() -> None:
    face = portrait("edit_eyebrow")
    raised, classes = repainted(face, "raise_brows")
    before, after = (np.nonzero(f.ids == LABELS.id("eyebrow"))[0].mean() for f in (face, raised))
    assert after == pytest.approx(before - 3, abs=0.6)
    assert classes == ("eyebrow",)


def test_glasses_go() -> None:
    face = portrait("remove_glasses")
    bare, _ = repainted(face, "remove_glasses")
    assert pixels(face, "glasses") > 0
    assert pixels(bare, "glasses") == 0
    elsewhere = face.ids != LABELS.id("glasses")
    assert np.array_equal(bare.ids[elsewhere], face.ids[elsewhere])


@pytest.mark.parametrize("name", sorted(SCRIPTED))
def test_only_the_edits_own_part_changes(name: str) -> None:
    for index in range(12):
        face = LabelMap(render(portrait_at(1000, index), 64).label_ids, LABELS)
        before = face.ids.copy()
        try:
            target, classes = repainted(face, name)
        except InputError:
            continue
        assert np.array_equal(face.ids, before)
        changed = target.ids != face.ids
        edited = LABELS.ids(classes)
        assert (np.isin(target.ids, edited) | np.isin(face.ids, edited))[changed].all()


def test_categories_of_other_names() -> None:
    labels = LabelSet(
        ("background", "skin", "eyes", "mouth"), ((0,) * 3, (1,) * 3, (2,) * 3, (3,) * 3)
    )
    ids = np.ones((40, 40), np.uint8)
    ids[28:30, 14:26] = 3
    ids[10:14, 8:14] = 2
    opened, classes = repainted(LabelMap(ids, labels), "open_mouth")
    assert classes == ("mouth",)
    assert pixels(opened, "mouth") > 24
    with pytest.raises(InputError, match="without eyebrow"):
        repainted(LabelMap(ids, labels), "raise_brows")
    ids[ids == 3] = 1
    with pytest.raises(InputError, match="nothing to edit"):
        repainted(LabelMap(ids, labels), "open_mouth")


def test_names_in_any_order_of_words() -> None:
    names = LABELS.names
    for name in ("mouth_open", "open_mouth", "open-mouth"):
        assert scripted_edit(name, names).name == "open_mouth"
    for name in ("close_eye", "raise_eyebrows"):
        assert scripted_edit(name, names).name in ("close_eyes", "raise_brows")
    with pytest.raises(InputError, match=r"unknown edit 'smile'.*Known: open_mouth"):
        scripted_edit("smile", names)
