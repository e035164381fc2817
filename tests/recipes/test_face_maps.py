from __future__ import annotations

import numpy as np
import pytest

from pixelguide.labels import LabelMap, LabelSet
from recipes.face_maps import EDITS, eyebrows, pieces

NAMES = ("background", "skin", "hair", "eyes", "nose", "mouth")
LABELS = LabelSet(NAMES, tuple((k, 10 * k, 200) for k in range(6)))


@pytest.fixture
def face() -> LabelMap:
    """Hair above, two brows, two eyes, a mouth."""
    ids = np.zeros((40, 40), np.uint8)
    ids[4:38, 6:34] = 1
    ids[0:8, 4:36] = 2
    ids[12:14, 10:17] = ids[12:14, 23:30] = 2
    ids[16:19, 11:16] = ids[16:19, 24:29] = 3
    ids[18:26, 19:21] = 4
    ids[30:33, 15:25] = 5
    return LabelMap(ids, LABELS)


def _area(face: LabelMap, name: str) -> int:
    return int((face.ids == face.labels.id(name)).sum())


def test_pieces_touch_by_corners_and_specks_are_left_out() -> None:
    mask = np.zeros((6, 6), bool)
    mask[0, 0] = mask[1, 1] = mask[2, 0] = mask[3, 1] = mask[5, 5] = True
    (piece,) = pieces(mask)
    assert piece.sum() == 4


def test_brows_are_not_the_hair_of_the_head(face: LabelMap) -> None:
    brows = eyebrows(face)
    assert brows.sum() == 2 * 2 * 7
    assert not brows[:12].any()


@pytest.mark.parametrize(
    ("edit", "name", "ratio"),
    [
        ("open mouth", "mouth", 2.2),
        ("narrow mouth", "mouth", 0.65),
        ("bigger eyes", "eyes", 1.7),
        ("narrow eyes", "eyes", 0.4),
        ("raise brows", "hair", 1.0),
    ],
)
def test_an_edit_changes_its_part_and_skin_alone(
    face: LabelMap, edit: str, name: str, ratio: float
) -> None:
    before = face.ids.copy()
    target = EDITS[edit](face)
    assert np.array_equal(face.ids, before)
    changed = target.ids != before
    assert changed.any()
    own = {face.labels.id(name), face.labels.id("skin")}
    assert set(np.unique(before[changed])) | set(np.unique(target.ids[changed])) == own
    assert _area(target, name) == pytest.approx(ratio * _area(face, name), rel=0.25)


def test_what_is_not_there_is_not_edited(face: LabelMap) -> None:
    face.paint("skin", np.isin(face.ids, (3, 5)))
    for edit in EDITS.values():
        assert np.array_equal(edit(face).ids, face.ids)
